{{- define "protobanana.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "protobanana.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "protobanana.select" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "protobanana.image" -}}
{{- $repository := required "image.repository: where is the image that deploy/Dockerfile builds?" .Values.image.repository -}}
{{- if .Values.image.digest }}{{ $repository }}@{{ .Values.image.digest }}{{ else }}{{ $repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "protobanana.secret" -}}
{{ .Values.secrets.existing | default (include "protobanana.name" .) }}
{{- end }}

{{- /* The addresses of all ComfyUIs: those elsewhere, then those of the StatefulSet, by their own names. */ -}}
{{- define "protobanana.servers" -}}
{{- $servers := .Values.comfyui.servers -}}
{{- $name := printf "%s-comfyui" (include "protobanana.name" .) -}}
{{- range $number := until (int .Values.comfyui.replicas) -}}
{{- $servers = append $servers (printf "http://%s-%d.%s.%s.svc:8188" $name $number $name $.Release.Namespace) -}}
{{- end -}}
{{- if not (or $servers .Values.preview) }}{{ fail "comfyui: name its servers, or replicas in this cluster; or set preview=true for the preview engine." }}{{ end -}}
{{- join "," $servers -}}
{{- end }}

{{- define "protobanana.several" -}}
{{- if or .Values.gateway.autoscaling.enabled (gt (int .Values.gateway.replicas) 1) }}yes{{ end -}}
{{- end }}

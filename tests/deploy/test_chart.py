"""The Helm chart, rendered by Helm's own library and judged by the API's own schemas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import helm_python
import kubernetes_validate
import pytest
import yaml

from protobanana.settings import load_settings

Manifest = dict[str, Any]
SECRETS = {"masterKey": "sk-1", "pictureSecret": "s3cret"}
LEAST: dict[str, Any] = {"image": {"repository": "registry.test/gateway"}, "secrets": SECRETS}
TWO = LEAST | {"comfyui": {"servers": ["http://a:8188", "http://b:8188"]}}
IN_CLUSTER = LEAST | {"comfyui": {"replicas": 2, "image": "registry.test/comfyui:1", "servers": ["http://a:8188"]}}
EVERYTHING: dict[str, Any] = IN_CLUSTER | {
    "imagePullSecrets": [{"name": "pull"}],
    "image": {"repository": "registry.test/gateway", "digest": "sha256:" + "0" * 64},
    "gateway": {
        "autoscaling": {"enabled": True},
        "env": {"PROTOBANANA_AGENT_BASE": "http://vllm:8000/v1", "COMFYUI_TIMEOUT": 900},
        "podAnnotations": {"a.test/b": "c"},
        "nodeSelector": {"kind": "cpu"},
        "tolerations": [{"key": "a", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
    },
    "config": {"model_list": [{"model_name": "one", "litellm_params": {"model": "protobanana/chat"}}]},
    "workflows": {"my_flow": '{"1": {"class_type": "SaveImage", "inputs": {"text": "{{ not ours }}"}}}'},
    "secrets": SECRETS | {"extra": {"REDIS_PASSWORD": "p: #w"}},
    "redis": {"host": "redis.test"},
    "store": {"bucket": "s3://pictures/gateway"},
    "ingress": {"enabled": True, "className": "nginx", "host": "pictures.test", "tlsSecret": "tls"},
    "networkPolicy": {"gatewayFrom": [{"podSelector": {"matchLabels": {"app": "webui"}}}]},
}
CASES = {
    "preview": LEAST | {"preview": True},
    "elsewhere": TWO,
    "in the cluster": IN_CLUSTER,
    "everything": EVERYTHING,
    "shared volume": TWO | {"gateway": {"replicas": 3}, "store": {"accessModes": ["ReadWriteMany"]}},
    "what is there": TWO
    | {"secrets": {"existing": "mine"}, "store": {"existingClaim": "mine"}, "existingWorkflows": "mine"},
}


@pytest.fixture(scope="module")
def chart(deploy: Path) -> helm_python.Chart:
    """The chart, as Helm reads it."""
    return helm_python.Chart.load(deploy / "chart")


def render(chart: helm_python.Chart, values: dict[str, Any]) -> list[Manifest]:
    """What `helm template images --namespace studio` makes."""
    texts = chart.render(values, name="images", namespace="studio")
    documents = [one for path, text in texts.items() if path.endswith(".yaml") for one in yaml.safe_load_all(text)]
    return [one for one in documents if one]


def only(manifests: list[Manifest], kind: str, name: str | None = None) -> Manifest:
    """The single manifest of a kind."""
    (found,) = [one for one in manifests if one["kind"] == kind and name in (None, one["metadata"]["name"])]
    return found


def pod(manifest: Manifest) -> dict[str, Any]:
    """The specification of a workload's pods."""
    return dict(manifest["spec"]["template"]["spec"])


def environment(manifests: list[Manifest]) -> dict[str, str]:
    """Of the gateway."""
    return {one["name"]: one["value"] for one in pod(only(manifests, "Deployment"))["containers"][0]["env"]}


@pytest.mark.parametrize("case", CASES)
def test_kubernetes_would_take_it(chart: helm_python.Chart, deploy: Path, case: str) -> None:
    """Every manifest fits the schema of its kind, from the oldest version meant to the newest; lint has no remark."""
    for manifest in render(chart, CASES[case]):
        for version in ("1.27", kubernetes_validate.latest_version()):
            kubernetes_validate.validate(manifest, version, strict=True)
    report = helm_python.lint(deploy / "chart", CASES[case], strict=True)

    assert [message for message in report["messages"] if message["severity"] > 1] == []


@pytest.mark.parametrize("case", CASES)
def test_names_meet(chart: helm_python.Chart, case: str) -> None:
    """Selectors select the pods they mean, and every volume, claim, Secret and ConfigMap that is named exists."""
    manifests = render(chart, CASES[case])
    names = {(one["kind"], one["metadata"]["name"]) for one in manifests}
    workloads = [one for one in manifests if one["kind"] in ("Deployment", "StatefulSet")]
    for workload in workloads:
        labels = workload["spec"]["template"]["metadata"]["labels"]

        assert workload["spec"]["selector"]["matchLabels"].items() <= labels.items()
        for container in pod(workload)["containers"]:
            claims = {one["metadata"]["name"] for one in workload["spec"].get("volumeClaimTemplates", ())}
            volumes = {volume["name"] for volume in pod(workload)["volumes"]}

            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes | claims
            for source in container.get("envFrom", ()):
                assert source["secretRef"]["name"] == "mine" or ("Secret", source["secretRef"]["name"]) in names
        for volume in pod(workload)["volumes"]:
            if "configMap" in volume:
                assert volume["configMap"]["name"] == "mine" or ("ConfigMap", volume["configMap"]["name"]) in names
            if claim := volume.get("persistentVolumeClaim", {}).get("claimName"):
                assert claim == "mine" or ("PersistentVolumeClaim", claim) in names
    for manifest in manifests:
        wanted = manifest["spec"].get("selector") if manifest["kind"] == "Service" else None
        wanted = manifest["spec"]["podSelector"]["matchLabels"] if manifest["kind"] == "NetworkPolicy" else wanted
        if wanted:
            hits = [one for one in workloads if wanted.items() <= one["spec"]["template"]["metadata"]["labels"].items()]
            assert len(hits) == 1


@pytest.mark.parametrize("case", CASES)
def test_nothing_runs_as_root(chart: helm_python.Chart, case: str) -> None:
    """Every pod keeps to the restricted Pod Security Standard, and the gateway's root is read-only."""
    for manifest in render(chart, CASES[case]):
        if manifest["kind"] not in ("Deployment", "StatefulSet"):
            continue
        (container,) = pod(manifest)["containers"]
        whole, own = pod(manifest)["securityContext"], container["securityContext"]

        assert whole["runAsNonRoot"] is True
        assert whole["runAsUser"] > 0
        assert whole["seccompProfile"] == {"type": "RuntimeDefault"}
        assert own["allowPrivilegeEscalation"] is False
        assert own["capabilities"] == {"drop": ["ALL"]}
        assert own["readOnlyRootFilesystem"] is True or manifest["kind"] == "StatefulSet"
        assert pod(manifest)["automountServiceAccountToken"] is False
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys()
        assert container["resources"]["requests"]


def test_only_the_gateway_reaches_comfyui(chart: helm_python.Chart) -> None:
    """The policy of ComfyUI's pods lets in the gateway's, on one port; without the policy there is none."""
    manifests = render(chart, IN_CLUSTER)
    (rule,) = only(manifests, "NetworkPolicy", "images-protobanana-comfyui")["spec"]["ingress"]
    (peer,) = rule["from"]
    gateway = only(manifests, "Deployment")["spec"]["template"]["metadata"]["labels"]
    comfyui = only(manifests, "StatefulSet")["spec"]["template"]["metadata"]["labels"]

    assert peer["podSelector"]["matchLabels"].items() <= gateway.items()
    assert not peer["podSelector"]["matchLabels"].items() <= comfyui.items()
    assert "NetworkPolicy" not in {
        one["kind"] for one in render(chart, IN_CLUSTER | {"networkPolicy": {"enabled": False}})
    }


def test_every_comfyui_has_its_address(chart: helm_python.Chart) -> None:
    """The gateway is given those elsewhere and one name for each replica, as its settings understand them."""
    given = environment(render(chart, IN_CLUSTER))["COMFYUI_BASE_URL"]
    inside = "http://images-protobanana-comfyui-{}.images-protobanana-comfyui.studio.svc:8188"

    assert load_settings(comfyui_base_url=given).comfyui_base_url.split(",") == [
        "http://a:8188", inside.format(0), inside.format(1)
    ]  # fmt: skip
    assert environment(render(chart, CASES["preview"]))["COMFYUI_BASE_URL"] == ""


def test_values_arrive(chart: helm_python.Chart) -> None:
    """Configuration, workflows, secrets, bucket, Redis and further settings arrive as they were written."""
    manifests = render(chart, EVERYTHING)
    container = pod(only(manifests, "Deployment"))["containers"][0]

    assert (
        yaml.safe_load(only(manifests, "ConfigMap", "images-protobanana-config")["data"]["config.yaml"])
        == (EVERYTHING["config"])
    )
    assert only(manifests, "ConfigMap", "images-protobanana-workflows")["data"] == {
        "my_flow.json": EVERYTHING["workflows"]["my_flow"]
    }
    assert only(manifests, "Secret")["stringData"] == {
        "LITELLM_MASTER_KEY": "sk-1", "PROTOBANANA_SECRET": "s3cret", "REDIS_PASSWORD": "p: #w"
    }  # fmt: skip
    assert environment(manifests).items() >= {
        ("PROTOBANANA_STORE", "s3://pictures/gateway"), ("REDIS_HOST", "redis.test"), ("COMFYUI_TIMEOUT", "900")
    }  # fmt: skip
    assert container["args"][-2:] == ["--config", "/etc/protobanana/config.yaml"]
    assert container["image"] == "registry.test/gateway@sha256:" + "0" * 64
    assert only(manifests, "Ingress")["spec"]["rules"][0]["host"] == "pictures.test"
    assert "replicas" not in only(manifests, "Deployment")["spec"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "image.repository"),
        (LEAST, "name its servers"),
        (TWO | {"image": {"repository": ""}}, "image.repository"),
        (TWO | {"secrets": {}}, "secrets.masterKey"),
        (TWO | {"secrets": {"masterKey": "sk-1"}}, "secrets.pictureSecret"),
        (LEAST | {"comfyui": {"replicas": 1}}, "comfyui.image"),
        (TWO | {"gateway": {"replicas": 2}}, "store.bucket"),
        (TWO | {"gateway": {"autoscaling": {"enabled": True}}}, "store.bucket"),
        (TWO | {"ingress": {"enabled": True}}, "ingress.host"),
    ],
)
def test_what_is_missing_is_said(chart: helm_python.Chart, values: dict[str, Any], said: str) -> None:
    """Without what only the operator knows nothing is rendered, and the message names the value."""
    with pytest.raises(helm_python.HelmRenderError, match=said):
        render(chart, ({"preview": True} if not values else {}) | values)

"""The model files that an engine pretends to have: ComfyUI's folders, and which loader input reads which folder."""

from __future__ import annotations

from collections.abc import Collection, Mapping

# The keys of `GET /models` of ComfyUI 0.12.1, in its order.
FOLDERS = (
    "checkpoints",
    "configs",
    "loras",
    "vae",
    "text_encoders",
    "diffusion_models",
    "clip_vision",
    "style_models",
    "embeddings",
    "diffusers",
    "vae_approx",
    "controlnet",
    "gligen",
    "upscale_models",
    "latent_upscale_models",
    "custom_nodes",
    "hypernetworks",
    "photomaker",
    "classifiers",
    "model_patches",
    "audio_encoders",
)

SUFFIXES = (".safetensors", ".sft", ".gguf", ".ckpt", ".pt", ".pt2", ".pth", ".bin", ".pkl", ".onnx")

_FOLDER_OF_INPUT = {
    "ckpt_name": "checkpoints",
    "lora_name": "loras",
    "existing_lora": "loras",
    "vae_name": "vae",
    "unet_name": "diffusion_models",
    "clip_name": "text_encoders",
    "clip_name1": "text_encoders",
    "clip_name2": "text_encoders",
    "clip_name3": "text_encoders",
    "clip_name4": "text_encoders",
    "text_encoder": "text_encoders",
    "control_net_name": "controlnet",
    "style_model_name": "style_models",
    "gligen_name": "gligen",
    "hypernetwork_name": "hypernetworks",
    "photomaker_model_name": "photomaker",
    "audio_encoder_name": "audio_encoders",
    "model_path": "diffusers",
}
_FOLDER_OF_CLASS_INPUT = {
    ("CLIPVisionLoader", "clip_name"): "clip_vision",
    ("UpscaleModelLoader", "model_name"): "upscale_models",
    ("LatentUpscaleModelLoader", "model_name"): "latent_upscale_models",
    ("ModelPatchLoader", "name"): "model_patches",
}

# File names that ComfyUI's own templates ask for; shown in lists, so that an editor has something to choose.
USUAL: Mapping[str, tuple[str, ...]] = {
    "checkpoints": ("sd_xl_base_1.0.safetensors", "v1-5-pruned-emaonly-fp16.safetensors"),
    "controlnet": (
        "Qwen-Image-InstantX-ControlNet-Inpainting.safetensors",
        "Qwen-Image-InstantX-ControlNet-Union.safetensors",
    ),
    "diffusion_models": (
        "flux-2-klein-4b-fp8.safetensors",
        "flux-2-klein-base-4b-fp8.safetensors",
        "flux2_dev_fp8mixed.safetensors",
        "qwen_image_2512_bf16.safetensors",
        "qwen_image_2512_fp8_e4m3fn.safetensors",
        "qwen_image_edit_2509_fp8_e4m3fn.safetensors",
        "qwen_image_edit_2511_bf16.safetensors",
        "qwen_image_edit_2511_fp8mixed.safetensors",
        "qwen_image_fp8_e4m3fn.safetensors",
        "qwen_image_layered_bf16.safetensors",
        "z_image_turbo_bf16.safetensors",
    ),
    "loras": (
        "Qwen-Image-2512-Lightning-4steps-V1.0-bf16.safetensors",
        "Qwen-Image-Edit-2509-Lightning-4steps-V1.0-bf16.safetensors",
        "Qwen-Image-Edit-2511-Lightning-4steps-V1.0-bf16.safetensors",
        "Qwen-Image-Lightning-4steps-V1.0.safetensors",
    ),
    "model_patches": ("qwen_image_canny_diffsynth_controlnet.safetensors",),
    "text_encoders": (
        "mistral_3_small_flux2_fp8.safetensors",
        "qwen_2.5_vl_7b.safetensors",
        "qwen_2.5_vl_7b_fp8_scaled.safetensors",
        "qwen_3_4b.safetensors",
    ),
    "upscale_models": ("4x-UltraSharp.pth", "RealESRGAN_x4plus.pth"),
    "vae": (
        "ae.safetensors",
        "flux2-vae.safetensors",
        "qwen_image_layered_vae.safetensors",
        "qwen_image_vae.safetensors",
    ),
}


def folder_of(class_name: str, input_name: str) -> str | None:
    """The model folder whose files are the choices of this input; None: the choices are fixed."""
    return _FOLDER_OF_CLASS_INPUT.get((class_name, input_name)) or _FOLDER_OF_INPUT.get(input_name)


def names_in(folder: str, installed: Mapping[str, Collection[str]] | None) -> list[str]:
    """The file names of one folder, sorted; `installed` as in `EngineSettings.models`."""
    return sorted((USUAL if installed is None else installed).get(folder, ()))


def is_plausible(name: object, folder: str) -> bool:
    """Whether a name looks like a model file (a folder name, for `diffusers`)."""
    return isinstance(name, str) and bool(name) and (name.lower().endswith(SUFFIXES) or folder == "diffusers")


__all__ = ["FOLDERS", "SUFFIXES", "USUAL", "folder_of", "is_plausible", "names_in"]

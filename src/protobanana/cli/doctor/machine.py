"""The machine that a ComfyUI runs on: its version, its memory, the flags it was started with."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from protobanana.cli.doctor.finding import Finding, gigabytes, ok, problem, warning
from protobanana.cli.doctor.probe import Probe, numbers
from protobanana.settings import get_settings
from protobanana.workflows.document import Workflow

MEASURED = "0.12.1"
"""The ComfyUI that our knowledge of its protocol was measured on."""
CACHE_FLAG = "--cache-lru"
CACHE_NODES = 64
"""Node results that `--cache-lru` should keep: a bundled workflow has 8 to 20 nodes, so four or five of them fit."""
_OTHER_CACHES = ("--cache-none", "--cache-ram")
_MB = 1024 * 1024


def check_version(probe: Probe) -> Iterator[Finding]:
    """Whether it is a ComfyUI of an age that we know."""
    if probe.preview_engine:
        yield warning("version", "This is the embedded preview engine: pictures are marked previews, no model draws.")
        return
    if not probe.version:
        yield warning("version", f"It does not say which version it is; {MEASURED} or newer is needed.")
    elif numbers(probe.version) < numbers(MEASURED):
        yield warning(
            "version",
            f"ComfyUI {probe.version} is older than {MEASURED}, the oldest that protoBanana was measured with.",
            f"cd {probe.folder} && git pull && python -m pip install -r requirements.txt",
        )
    else:
        yield ok("version", f"ComfyUI {probe.version}")


def check_memory(probe: Probe, workflows: Collection[Workflow]) -> Iterator[Finding]:
    """What it computes on, and whether the largest weights fit there."""
    devices = [device for device in probe.devices if device.get("type") != "cpu"]
    if probe.preview_engine:
        return
    if not devices:
        yield problem("memory", "ComfyUI found no GPU and computes on the CPU: a picture takes many minutes.")
        return
    total = max(_bytes(device.get("vram_total")) for device in devices)
    free = max(_bytes(device.get("vram_free")) for device in devices)
    names = ", ".join(str(device.get("name")) for device in devices)
    yield ok("memory", f"{names}: {gigabytes(total)} of GPU memory, {gigabytes(free)} free")
    for workflow in workflows:
        largest = max(workflow.models(), key=lambda model: model.size or 0, default=None)
        if largest and total and (largest.size or 0) > total:
            message = (
                f"{workflow.name}: {largest.name} has {gigabytes(largest.size or 0)}, the GPU {gigabytes(total)}. "
                "ComfyUI will keep parts of it in main memory, which is several times slower."
            )
            yield warning("memory", message)
    weights = sum({model.name: model.size or 0 for workflow in workflows for model in workflow.models()}.values())
    memory = _bytes(probe.system.get("ram_total"))
    if memory and weights > memory + total:
        yield warning(
            "memory",
            f"The workflows' weights have {gigabytes(weights)} together, main memory and GPU "
            f"{gigabytes(memory + total)}: changing from one workflow to another reads files again.",
        )


def check_flags(probe: Probe, workflows: Collection[Workflow]) -> Iterator[Finding]:
    """Flags worth having. A server that does not tell its command line is not judged."""
    given = {argument.partition("=")[0] for argument in probe.argv}
    if probe.argv and not probe.preview_engine:
        if len(workflows) > 1 and not given & {CACHE_FLAG, *_OTHER_CACHES}:
            message = (
                "Started without a larger cache: every change of workflow evicts the loaders of the one before, "
                "and its models are loaded again."
            )
            yield warning("flags", message, _with_cache())
        if "--preview-method" not in given and numbers(probe.version) < numbers(MEASURED):
            yield warning(
                "flags",
                "This ComfyUI may not take the preview method from a job: partial images need the flag.",
                "start ComfyUI with --preview-method auto",
            )
        if "--cache-none" in given:
            yield warning("flags", "--cache-none loads the models again for every picture.", _with_cache())
    yield from _check_upload(probe)


def _with_cache() -> str:
    return f"start ComfyUI with {CACHE_FLAG} {CACHE_NODES}"


def _check_upload(probe: Probe) -> Iterator[Finding]:
    limit = probe.features.get("max_upload_size")
    wanted = get_settings().max_image_mb
    if isinstance(limit, int | float) and not isinstance(limit, bool) and 0 < limit < wanted * _MB:
        yield warning(
            "flags",
            f"It takes uploads up to {limit / _MB:g} MB, protoBanana accepts pictures up to {wanted:g} MB.",
            f"start ComfyUI with --max-upload-size {max(100, round(wanted * 2))}",
        )


def _bytes(value: object) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


__all__ = ["CACHE_FLAG", "CACHE_NODES", "MEASURED", "check_flags", "check_memory", "check_version"]

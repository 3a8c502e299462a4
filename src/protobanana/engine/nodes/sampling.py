"""Samplers: they hand the conditioning, the latent and the seed to the painter and report one step at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from protobanana.engine import raster
from protobanana.engine.nodes.base import Context, Outputs, node
from protobanana.engine.painter import Job, paint
from protobanana.engine.values import Conditioning, Guider, Latent, Model, Noise, Picture, Sampler, Sigmas

_PREVIEW_SIDE = 512


@dataclass(frozen=True)
class Run:
    """One sampling run. `share` is the denoise strength in 0..1: how much of the latent is painted over."""

    guider: Guider
    latent: Latent
    seed: int | None
    steps: int
    share: float = 1.0


def sample(ctx: Context, run: Run) -> Latent:
    """Paint every picture of the latent, then walk the steps, showing the picture come out of the noise."""
    if run.steps == 0 or run.share <= 0:
        return run.latent
    first, *more = run.latent.indices or range(run.latent.batch)
    pictures = paint(_job(run, 0, first))
    for step in range(1, run.steps):
        ctx.progress(step, run.steps, _preview(ctx, pictures[0], run, step))
    for place, index in enumerate(more, start=1):
        pictures += paint(_job(run, place, index))
    ctx.progress(run.steps, run.steps, _preview(ctx, pictures[0], run, run.steps))
    return replace(run.latent, pixels=np.stack(pictures), empty=False)


def _job(run: Run, place: int, index: int) -> Job:
    positive, negative, model = run.guider.positive, run.guider.negative, run.guider.model
    latent = run.latent
    references = (positive.references or positive.seen) if model.reads_references else ()
    mask = latent.noise_mask
    if mask is not None:
        one = raster.repeat_to(mask, latent.batch)[place : place + 1]
        mask = raster.resize_mask(one, latent.width, latent.height)[0]
    return Job(
        text=positive.text,
        # At guidance 1 a sampler never evaluates the negative conditioning.
        negative=negative.text if run.guider.cfg > 1 else "",
        seed=run.seed,
        index=index,
        width=latent.width,
        height=latent.height,
        references=references,
        start=None if latent.empty else latent.pixels[place, ..., :3],
        mask=mask,
        share=run.share,
        controls=model.controls + positive.controls,
        layers=max(0, latent.frames - 1),
    )


def _preview(ctx: Context, picture: Picture, run: Run, step: int) -> bytes | None:
    """A JPEG of at most 512 px: the picture emerging from noise."""
    if not ctx.wants_preview():
        return None
    height, width = picture.shape[:2]
    scale = _PREVIEW_SIDE / max(width, height)
    small = raster.resize(picture[None, ..., :3], max(1, round(width * scale)), max(1, round(height * scale)), "area")
    noise = np.random.default_rng(run.seed or 0).random(small[0].shape, dtype=np.float32)
    left = np.float32(1 - step / run.steps) ** 1.5
    return raster.jpeg(small[0] * (1 - left) + noise * left)


@node("KSampler")
def k_sampler(
    ctx: Context,
    *,
    model: Model,
    seed: int,
    steps: int,
    cfg: float,
    sampler_name: str,
    scheduler: str,
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    denoise: float,
) -> Outputs:
    """The usual sampler."""
    guider = Guider(model, positive, negative, cfg)
    return (sample(ctx, Run(guider, latent_image, seed, steps, denoise)),)


@node("LanPaint_KSampler")
def lanpaint_k_sampler(
    ctx: Context,
    *,
    model: Model,
    seed: int,
    steps: int,
    cfg: float,
    sampler_name: str,
    scheduler: str,
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    denoise: float,
    LanPaint_NumSteps: int,  # noqa: N803 - the input's name
    LanPaint_PromptMode: str,  # noqa: N803 - the input's name
    LanPaint_Info: str,  # noqa: N803 - the input's name
    Inpainting_mode: str,  # noqa: N803 - the input's name
) -> Outputs:
    """The inpainting sampler of LanPaint: here the noise mask already keeps the surroundings."""
    guider = Guider(model, positive, negative, cfg)
    return (sample(ctx, Run(guider, latent_image, seed, steps, denoise)),)


@node("KSamplerAdvanced")
def k_sampler_advanced(
    ctx: Context,
    *,
    model: Model,
    add_noise: str,
    noise_seed: int,
    steps: int,
    cfg: float,
    sampler_name: str,
    scheduler: str,
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    start_at_step: int,
    end_at_step: int,
    return_with_leftover_noise: str,
) -> Outputs:
    """A stretch of the schedule; starting late keeps that much of the latent."""
    return (
        _stretch(
            ctx,
            Guider(model, positive, negative, cfg),
            latent_image,
            seed=noise_seed,
            steps=steps,
            start=start_at_step,
            end=end_at_step,
        ),
    )


@node("LanPaint_KSamplerAdvanced")
def lanpaint_k_sampler_advanced(
    ctx: Context,
    *,
    model: Model,
    add_noise: str,
    noise_seed: int,
    steps: int,
    cfg: float,
    sampler_name: str,
    scheduler: str,
    positive: Conditioning,
    negative: Conditioning,
    latent_image: Latent,
    start_at_step: int,
    end_at_step: int,
    return_with_leftover_noise: str,
    LanPaint_NumSteps: int,  # noqa: N803 - the input's name
    LanPaint_Lambda: float,  # noqa: N803 - the input's name
    LanPaint_StepSize: float,  # noqa: N803 - the input's name
    LanPaint_PromptMode: str,  # noqa: N803 - the input's name
    LanPaint_Info: str,  # noqa: N803 - the input's name
    Inpainting_mode: str,  # noqa: N803 - the input's name
) -> Outputs:
    """A stretch of LanPaint's schedule."""
    return (
        _stretch(
            ctx,
            Guider(model, positive, negative, cfg),
            latent_image,
            seed=noise_seed,
            steps=steps,
            start=start_at_step,
            end=end_at_step,
        ),
    )


def _stretch(ctx: Context, guider: Guider, latent: Latent, *, seed: int, steps: int, start: int, end: int) -> Latent:
    stop = min(end, steps)
    share = 1.0 if start == 0 else 1 - start / steps
    return sample(ctx, Run(guider, latent, seed, max(0, stop - start), share))


@node("SamplerCustom")
def sampler_custom(
    ctx: Context,
    *,
    model: Model,
    add_noise: bool,
    noise_seed: int,
    cfg: float,
    positive: Conditioning,
    negative: Conditioning,
    sampler: Sampler,
    sigmas: Sigmas,
    latent_image: Latent,
) -> Outputs:
    """A sampler with its own schedule; both outputs are the finished latent."""
    guider = Guider(model, positive, negative, cfg)
    return _custom(ctx, guider, Noise(noise_seed if add_noise else None), sigmas, latent_image)


@node("LanPaint_SamplerCustom")
def lanpaint_sampler_custom(
    ctx: Context,
    *,
    model: Model,
    add_noise: bool,
    noise_seed: int,
    cfg: float,
    positive: Conditioning,
    negative: Conditioning,
    sampler: Sampler,
    sigmas: Sigmas,
    latent_image: Latent,
    LanPaint_NumSteps: int,  # noqa: N803 - the input's name
    LanPaint_PromptMode: str,  # noqa: N803 - the input's name
    LanPaint_Info: str,  # noqa: N803 - the input's name
) -> Outputs:
    """LanPaint with its own schedule."""
    guider = Guider(model, positive, negative, cfg)
    return _custom(ctx, guider, Noise(noise_seed if add_noise else None), sigmas, latent_image)


@node("SamplerCustomAdvanced")
def sampler_custom_advanced(
    ctx: Context, *, noise: Noise, guider: Guider, sampler: Sampler, sigmas: Sigmas, latent_image: Latent
) -> Outputs:
    """Noise, guider, method and schedule from four nodes; both outputs are the finished latent."""
    return _custom(ctx, guider, noise, sigmas, latent_image)


@node("LanPaint_SamplerCustomAdvanced")
def lanpaint_sampler_custom_advanced(
    ctx: Context,
    *,
    noise: Noise,
    guider: Guider,
    sampler: Sampler,
    sigmas: Sigmas,
    latent_image: Latent,
    LanPaint_NumSteps: int,  # noqa: N803 - the input's name
    LanPaint_Lambda: float,  # noqa: N803 - the input's name
    LanPaint_StepSize: float,  # noqa: N803 - the input's name
    LanPaint_PromptMode: str,  # noqa: N803 - the input's name
    LanPaint_Info: str,  # noqa: N803 - the input's name
) -> Outputs:
    """LanPaint with noise, guider, method and schedule from four nodes."""
    return _custom(ctx, guider, noise, sigmas, latent_image)


def _custom(ctx: Context, guider: Guider, noise: Noise, sigmas: Sigmas, latent: Latent) -> Outputs:
    done = sample(ctx, Run(guider, latent, noise.seed, sigmas.steps, sigmas.share))
    return done, done

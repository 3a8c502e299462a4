"""What custom sampling is put together from: method, noise, guider and sigmas."""

from __future__ import annotations

import math
from dataclasses import replace

from protobanana.engine.nodes.base import Context, Outputs, node
from protobanana.engine.values import Conditioning, Guider, Model, Noise, Sampler, Sigmas
from protobanana.errors import InvalidRequestError


@node("KSamplerSelect")
def k_sampler_select(_ctx: Context, *, sampler_name: str) -> Outputs:
    """A sampling method by name."""
    return (Sampler(sampler_name),)


@node("RandomNoise")
def random_noise(_ctx: Context, *, noise_seed: int) -> Outputs:
    """Noise from a seed."""
    return (Noise(noise_seed),)


@node("DisableNoise")
def disable_noise(_ctx: Context) -> Outputs:
    """No noise at all."""
    return (Noise(None),)


@node("CFGGuider")
def cfg_guider(_ctx: Context, *, model: Model, positive: Conditioning, negative: Conditioning, cfg: float) -> Outputs:
    """Classifier-free guidance."""
    return (Guider(model, positive, negative, cfg),)


@node("BasicGuider")
def basic_guider(_ctx: Context, *, model: Model, conditioning: Conditioning) -> Outputs:
    """One conditioning, no negative."""
    return (Guider(model, conditioning),)


@node("DualCFGGuider")
def dual_cfg_guider(
    _ctx: Context,
    *,
    model: Model,
    cond1: Conditioning,
    cond2: Conditioning,
    negative: Conditioning,
    cfg_conds: float,
    cfg_cond2_negative: float,
    style: str,
) -> Outputs:
    """Two positives: both texts are painted, references in order."""
    text = ". ".join(part for part in (cond1.text, cond2.text) if part)
    both = replace(cond1, text=text, references=cond1.references or cond2.references)
    return (Guider(model, both, negative, cfg_conds),)


def _flow(steps: int, shift: float, start: float = 1.0) -> tuple[float, ...]:
    """Flow-matching sigmas from `start` to 0, moved towards noise by `shift`."""
    times = [start * (1 - step / steps) for step in range(steps + 1)]
    return tuple(shift * t / (1 + (shift - 1) * t) for t in times)


@node("BasicScheduler")
def basic_scheduler(_ctx: Context, *, model: Model, scheduler: str, steps: int, denoise: float) -> Outputs:
    """`steps` sigmas; below denoise 1 the schedule starts that much later."""
    if denoise <= 0:
        return (Sigmas(()),)
    return (Sigmas(_flow(steps, 1.0, denoise)),)


@node("Flux2Scheduler")
def flux2_scheduler(_ctx: Context, *, steps: int, width: int, height: int) -> Outputs:
    """Sigmas whose shift grows with the number of latent cells (16 x 16 pixels each)."""
    return (Sigmas(_flow(steps, math.exp(min(3.0, 0.5 + width * height / 256 / 4096)))),)


@node("KarrasScheduler")
def karras_scheduler(_ctx: Context, *, steps: int, sigma_max: float, sigma_min: float, rho: float) -> Outputs:
    """Karras et al. (2022), equation 5: sigmas spaced evenly in their `rho`-th root."""
    if rho <= 0:
        raise InvalidRequestError("rho must be above 0", param="rho")
    high, low = sigma_max ** (1 / rho), sigma_min ** (1 / rho)
    values = [(high + step / max(1, steps - 1) * (low - high)) ** rho for step in range(steps)]
    return (Sigmas((*values, 0.0), sigma_max or 1.0),)


@node("ManualSigmas")
def manual_sigmas(_ctx: Context, *, sigmas: str) -> Outputs:
    """Sigmas written out, separated by commas."""
    values = tuple(float(part) for part in sigmas.replace(",", " ").split())
    return (Sigmas(values, max(1.0, *values) if values else 1.0),)


@node("SplitSigmas")
def split_sigmas(_ctx: Context, *, sigmas: Sigmas, step: int) -> Outputs:
    """The first `step` steps, and the rest."""
    return replace(sigmas, values=sigmas.values[: step + 1]), replace(sigmas, values=sigmas.values[step:])


@node("SplitSigmasDenoise")
def split_sigmas_denoise(_ctx: Context, *, sigmas: Sigmas, denoise: float) -> Outputs:
    """Split so that the second part is the last `denoise` of the steps."""
    keep = round(sigmas.steps * denoise)
    cut = sigmas.steps - keep
    return replace(sigmas, values=sigmas.values[: cut + 1]), replace(sigmas, values=sigmas.values[cut:])


@node("FlipSigmas")
def flip_sigmas(_ctx: Context, *, sigmas: Sigmas) -> Outputs:
    """The schedule backwards."""
    return (replace(sigmas, values=sigmas.values[::-1]),)


@node("SetFirstSigma")
def set_first_sigma(_ctx: Context, *, sigmas: Sigmas, sigma: float) -> Outputs:
    """The schedule starting from another sigma."""
    return (replace(sigmas, values=(sigma, *sigmas.values[1:]), top=max(sigmas.top, sigma)),)

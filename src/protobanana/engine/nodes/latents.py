"""Latents: made empty, encoded, decoded, cut, repeated, masked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from protobanana.engine import raster
from protobanana.engine.nodes.base import Context, Outputs, node
from protobanana.engine.values import Array, Image, Latent, Mask, Vae

_GREY = np.float32(0.5)


def empty(width: int, height: int, batch_size: int, frames: int = 1, multiple: int = 8) -> Latent:
    """A latent that stands for nothing yet; sides are cut down to `multiple`."""
    sides = [max(multiple, side // multiple * multiple) for side in (height, width)]
    return Latent(np.broadcast_to(_GREY, (batch_size, *sides, 3)), empty=True, frames=frames)


def encode(pixels: Image, vae: Vae) -> Latent:
    """Pictures as latents. Sides that are no multiple of the factor lose their margin evenly, as in ComfyUI."""
    factor = vae.factor
    height, width = (side // factor * factor for side in pixels.shape[1:3])
    top, left = (pixels.shape[1] - height) // 2, (pixels.shape[2] - width) // 2
    return Latent(pixels[:, top : top + height, left : left + width, :3])


def decode(latent: Latent) -> Image:
    """The pictures of a latent, changed as little and as surely as by a real autoencoder.

    Every level moves by 1 or 2 (of 255): contrast shrinks by 0.4 %, one-pixel detail is softened and a fixed fine
    grain is added, so that pixels which should have come from the original are told from decoded ones.
    """
    pixels = latent.pixels
    colour = pixels[..., :3]
    soft = colour.copy()
    soft[:, :, 1:-1] = 0.88 * colour[:, :, 1:-1] + 0.06 * (colour[:, :, :-2] + colour[:, :, 2:])
    soft[:, 1:-1] = 0.88 * soft[:, 1:-1] + 0.06 * (soft[:, :-2] + soft[:, 2:])
    rows, columns = np.ogrid[: pixels.shape[1], : pixels.shape[2]]
    grain = np.where((rows // 2 + columns // 2) % 2 == 0, np.float32(1.2 / 255), np.float32(-1.2 / 255))
    soft = np.clip(0.5 + (soft - 0.5) * 0.992 + grain[None, :, :, None], 0, 1).astype(np.float32)
    return soft if pixels.shape[-1] == 3 else np.concatenate([soft, pixels[..., 3:]], axis=-1)


def masked_for_inpaint(mask: Mask) -> Mask:
    """A mask as `[B, H, W]`, whatever way it was given."""
    return mask.reshape((-1, *mask.shape[-2:]))


@node("EmptyLatentImage")
@node("EmptyHunyuanImageLatent")
def empty_latent_image(_ctx: Context, *, width: int, height: int, batch_size: int) -> Outputs:
    """An empty latent, sides in multiples of 8."""
    return (empty(width, height, batch_size),)


@node("EmptySD3LatentImage")
def empty_sd3_latent_image(_ctx: Context, *, width: int, height: int, batch_size: int) -> Outputs:
    """An empty 16-channel latent, sides in multiples of 8."""
    return (empty(width, height, batch_size),)


@node("EmptyFlux2LatentImage")
def empty_flux2_latent_image(_ctx: Context, *, width: int, height: int, batch_size: int) -> Outputs:
    """An empty FLUX.2 latent, sides in multiples of 16."""
    return (empty(width, height, batch_size, multiple=16),)


@node("EmptyQwenImageLayeredLatentImage")
def empty_layered_latent(_ctx: Context, *, width: int, height: int, layers: int, batch_size: int) -> Outputs:
    """An empty latent with one frame for the whole picture and one per layer."""
    return (empty(width, height, batch_size, frames=layers + 1),)


@node("VAEEncode")
def vae_encode(_ctx: Context, *, pixels: Image, vae: Vae) -> Outputs:
    """Pictures as latents (alpha is dropped)."""
    return (encode(pixels, vae),)


@node("VAEEncodeTiled")
def vae_encode_tiled(
    _ctx: Context,
    *,
    pixels: Image,
    vae: Vae,
    tile_size: int,
    overlap: int,
    temporal_size: int,
    temporal_overlap: int,
) -> Outputs:
    """Encoding in tiles gives the same latent."""
    return (encode(pixels, vae),)


@node("VAEEncodeForInpaint")
def vae_encode_for_inpaint(_ctx: Context, *, pixels: Image, vae: Vae, mask: Mask, grow_mask_by: int) -> Outputs:
    """Pictures whose masked part is grey, with the mask, grown, as noise mask."""
    latent = encode(pixels, vae)
    scaled = raster.resize_mask(masked_for_inpaint(mask), pixels.shape[2], pixels.shape[1])
    height, width = latent.height, latent.width
    top, left = (pixels.shape[1] - height) // 2, (pixels.shape[2] - width) // 2
    scaled = scaled[:, top : top + height, left : left + width]
    hole = np.round(scaled)[..., None]
    grown = np.round(_grown(scaled, grow_mask_by))
    return (replace(latent, pixels=latent.pixels * (1 - hole) + _GREY * hole, noise_mask=grown),)


def _grown(mask: Mask, by: int) -> Mask:
    """The mask widened by `by` pixels to all sides, corners square."""
    result = mask
    for axis in (1, 2):
        padded = np.pad(result, [(by, by) if index == axis else (0, 0) for index in range(3)])
        size = result.shape[axis]
        windows = (np.take(padded, np.arange(shift, shift + size), axis=axis) for shift in range(2 * by + 1))
        result = np.maximum.reduce(list(windows)) if by else result
    return result


@node("VAEDecode")
def vae_decode(_ctx: Context, *, samples: Latent, vae: Vae) -> Outputs:
    """The pictures of a latent; never byte for byte what was encoded."""
    return (decode(samples),)


@node("VAEDecodeTiled")
def vae_decode_tiled(
    _ctx: Context,
    *,
    samples: Latent,
    vae: Vae,
    tile_size: int,
    overlap: int,
    temporal_size: int,
    temporal_overlap: int,
) -> Outputs:
    """Decoding in tiles gives the same pictures."""
    return (decode(samples),)


@node("SetLatentNoiseMask")
def set_latent_noise_mask(_ctx: Context, *, samples: Latent, mask: Mask) -> Outputs:
    """Only where the mask is 1 will a sampler paint."""
    return (replace(samples, noise_mask=masked_for_inpaint(mask)),)


@node("RepeatLatentBatch")
def repeat_latent_batch(_ctx: Context, *, samples: Latent, amount: int) -> Outputs:
    """The batch `amount` times; each copy is painted differently."""
    mask = samples.noise_mask
    if mask is not None and len(mask) > 1:
        mask = np.concatenate([raster.repeat_to(mask, samples.batch)] * amount)
    return (replace(samples, pixels=_tiled(samples.pixels, amount), noise_mask=mask, indices=None),)


def _tiled(pixels: Image, amount: int) -> Image:
    if len(pixels) == 1:
        return np.broadcast_to(pixels, (amount, *pixels.shape[1:]))
    return np.concatenate([pixels] * amount)


@node("LatentFromBatch")
def latent_from_batch(_ctx: Context, *, samples: Latent, batch_index: int, length: int) -> Outputs:
    """A slice of the batch; its items keep their noise."""
    start = min(samples.batch - 1, batch_index)
    stop = start + min(samples.batch - start, length)
    mask = samples.noise_mask
    if mask is not None and len(mask) > 1:
        mask = raster.repeat_to(mask, samples.batch)[start:stop]
    indices = (samples.indices or tuple(range(samples.batch)))[start:stop]
    return (replace(samples, pixels=samples.pixels[start:stop], noise_mask=mask, indices=indices),)


@node("LatentBatch")
def latent_batch(_ctx: Context, *, samples1: Latent, samples2: Latent) -> Outputs:
    """Two batches as one; the second takes the size of the first."""
    return (_batched([samples1, samples2]),)


@node("BatchLatentsNode")
def batch_latents(_ctx: Context, *, latents: dict[str, Latent]) -> Outputs:
    """Any number of batches as one; all take the size of the first."""
    return (_batched(list(latents.values())),)


def _batched(latents: list[Latent]) -> Latent:
    first = latents[0]
    sized = [raster.resize(one.pixels[..., :3], first.width, first.height) for one in latents]
    return Latent(np.concatenate(sized), empty=all(one.empty for one in latents))


def _scaled(latent: Latent, width: int, height: int, method: str, crop: str = "disabled") -> Latent:
    pixels = np.clip(raster.resize(latent.pixels, width, height, method, crop), 0, 1)
    return replace(latent, pixels=pixels)


@node("LatentUpscale")
def latent_upscale(
    _ctx: Context, *, samples: Latent, upscale_method: str, width: int, height: int, crop: str
) -> Outputs:
    """The latent at another size, in multiples of 8; 0 keeps the proportions."""
    if width == 0 and height == 0:
        return (samples,)
    wide = width or round(samples.width * height / samples.height)
    high = height or round(samples.height * width / samples.width)
    wide, high = max(64, wide) // 8 * 8, max(64, high) // 8 * 8
    return (_scaled(samples, wide, high, upscale_method, crop),)


@node("LatentUpscaleBy")
def latent_upscale_by(_ctx: Context, *, samples: Latent, upscale_method: str, scale_by: float) -> Outputs:
    """The latent scaled by a factor, in whole cells of 8 pixels."""
    wide, high = (max(1, round(side / 8 * scale_by)) * 8 for side in (samples.width, samples.height))
    return (_scaled(samples, wide, high, upscale_method),)


@node("LatentFlip")
def latent_flip(_ctx: Context, *, samples: Latent, flip_method: str) -> Outputs:
    """Mirrored: `x-axis` top to bottom, `y-axis` left to right."""
    axis = 1 if flip_method.startswith("x") else 2
    return (replace(samples, pixels=np.flip(samples.pixels, axis)),)


@node("LatentCutToBatch")
def latent_cut_to_batch(_ctx: Context, *, samples: Latent, dim: str, slice_size: int) -> Outputs:
    """Slices along a dimension as a batch; along `t` a layered latent falls into its layers."""
    if dim == "t":
        return (replace(samples, frames=1),)
    axis = {"y": 1, "x": 2}[dim]
    step = slice_size * 8
    count = samples.pixels.shape[axis] // step
    parts: list[Array] = [np.take(samples.pixels, range(i * step, (i + 1) * step), axis=axis) for i in range(count)]
    return (replace(samples, pixels=np.concatenate(parts) if parts else samples.pixels, indices=None),)

"""Latents and the autoencoder."""

from __future__ import annotations

from typing import Any

import numpy as np

from protobanana.engine.values import Vae

VAE = Vae("qwen_image_vae.safetensors")


def test_empty_latents_have_whole_cells(bench: Any) -> None:
    """Sides are cut to multiples of 8, of 16 for FLUX.2; the batch is as long as asked."""
    latent = bench.call("EmptySD3LatentImage", width=1001, height=515, batch_size=3)
    flux = bench.call("EmptyFlux2LatentImage", width=1001, height=515, batch_size=1)

    assert (latent.width, latent.height, latent.batch, latent.empty) == (1000, 512, 3, True)
    assert (flux.width, flux.height) == (992, 512)


def test_round_trip_is_close_but_never_exact(bench: Any) -> None:
    """Black, white, greys and noise all change by a level or two, and by little more at edges."""
    for image in (np.zeros, np.ones):
        pixels = image((1, 64, 64, 3), np.float32)
        decoded = bench.call("VAEDecode", samples=bench.call("VAEEncode", pixels=pixels, vae=VAE), vae=VAE)
        assert 0 < np.abs(decoded - pixels).max() < 3 / 255
    noise = np.random.default_rng(1).random((1, 64, 64, 3), dtype=np.float32)
    decoded = bench.call("VAEDecode", samples=bench.call("VAEEncode", pixels=noise, vae=VAE), vae=VAE)

    assert (np.round(decoded * 255) != np.round(noise * 255)).mean() > 0.8
    assert np.abs(decoded - noise).mean() < 0.1


def test_encoding_cuts_uneven_margins(bench: Any) -> None:
    """A 70 x 67 picture loses its margin evenly, down to 64 x 64."""
    pixels = np.zeros((1, 67, 70, 3), np.float32)
    pixels[:, 1:65, 3:67] = 1
    latent = bench.call("VAEEncode", pixels=pixels, vae=VAE)

    assert latent.pixels.shape == (1, 64, 64, 3)
    assert latent.pixels.min() == 1


def test_inpaint_encoding_hides_what_is_masked(bench: Any) -> None:
    """The masked part is grey, the noise mask is grown by 6 pixels."""
    mask = np.zeros((1, 64, 64), np.float32)
    mask[:, 24:40, 24:40] = 1
    latent = bench.call(
        "VAEEncodeForInpaint", pixels=np.ones((1, 64, 64, 3), np.float32), vae=VAE, mask=mask, grow_mask_by=6
    )

    assert (latent.pixels[0, 24:40, 24:40] == 0.5).all()
    assert latent.pixels[0, 0, 0, 0] == 1
    assert latent.noise_mask.sum() == 28 * 28


def test_batches_and_slices_keep_their_noise(bench: Any) -> None:
    """Repeating makes new items, slicing remembers which ones were taken."""
    latent = bench.call("EmptySD3LatentImage", width=64, height=64, batch_size=2)
    four = bench.call("RepeatLatentBatch", samples=latent, amount=2)
    third = bench.call("LatentFromBatch", samples=four, batch_index=2, length=1)

    assert four.batch == 4
    assert third.batch == 1
    assert third.indices == (2,)


def test_mask_size_and_scale(bench: Any) -> None:
    """The noise mask is kept as given; latents scale in whole cells; flips mirror."""
    latent = bench.call("VAEEncode", pixels=np.random.default_rng(0).random((1, 64, 128, 3), dtype=np.float32), vae=VAE)
    masked = bench.call("SetLatentNoiseMask", samples=latent, mask=np.ones((20, 40), np.float32))
    larger = bench.call("LatentUpscaleBy", samples=latent, upscale_method="bilinear", scale_by=1.5)
    sized = bench.call("LatentUpscale", samples=latent, upscale_method="area", width=70, height=0, crop="disabled")

    assert masked.noise_mask.shape == (1, 20, 40)
    assert (larger.width, larger.height) == (192, 96)
    assert sized.width % 8 == sized.height % 8 == 0
    assert np.array_equal(
        bench.call("LatentFlip", samples=latent, flip_method="y-axis: horizontally").pixels, latent.pixels[:, :, ::-1]
    )

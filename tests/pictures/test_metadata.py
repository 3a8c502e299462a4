"""What ComfyUI and its nodes write into pictures is gone, in every format; the pixels are what they were."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageCms
import PIL.PngImagePlugin
import pytest

from protobanana.pictures.image import Image
from protobanana.pictures.metadata import STRIP

SECRET = "a prompt that is nobody's business"
PIXELS = PIL.Image.effect_noise((64, 48), 60).convert("RGB")


def written(format_: str, picture: PIL.Image.Image = PIXELS, *, orientation: int = 1) -> bytes:
    """A picture with the secret in all places that the format has for it."""
    exif = PIL.Image.Exif()
    exif[0x010E] = exif[0x010F] = SECRET
    exif[0x0112] = orientation
    text = PIL.PngImagePlugin.PngInfo()
    text.add_text("prompt", SECRET)
    text.add_text("workflow", SECRET, zip=True)
    text.add_itxt("note", SECRET)
    profile = PIL.ImageCms.ImageCmsProfile(PIL.ImageCms.createProfile("sRGB")).tobytes()
    options: dict[str, dict[str, Any]] = {
        "PNG": {"pnginfo": text, "exif": exif, "icc_profile": profile},
        "JPEG": {"exif": exif, "comment": SECRET, "xmp": SECRET.encode(), "icc_profile": profile, "quality": 90},
        "WEBP": {"exif": exif, "xmp": SECRET.encode(), "icc_profile": profile, "lossless": True},
        "TIFF": {"exif": exif},
        "GIF": {"comment": SECRET},
    }
    out = io.BytesIO()
    picture.save(out, format_, **options[format_])
    return out.getvalue()


def shown(data: bytes) -> Any:
    return np.asarray(Image.from_bytes(data).decoded())


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP", "TIFF", "GIF"])
def test_nothing_but_pixels(format_: str) -> None:
    """No trace of the secret, and every pixel as before."""
    data = written(format_)
    bare = Image.from_bytes(data).without_metadata()
    info = PIL.Image.open(io.BytesIO(bare.data)).info

    assert SECRET.encode() in data
    assert SECRET.encode() not in bare.data
    assert not {"exif", "xmp", "comment", "prompt", "workflow", "note"} & set(info)
    assert (shown(bare.data) == shown(data)).all()


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
def test_colours_stay(format_: str) -> None:
    """The profile that says how to show the colours stays where it is."""
    bare = Image.from_bytes(written(format_)).without_metadata()

    assert PIL.Image.open(io.BytesIO(bare.data)).info["icc_profile"]


@pytest.mark.parametrize("format_", ["JPEG", "WEBP", "PNG"])
def test_a_picture_that_exif_turns(format_: str) -> None:
    """It is turned for good: without its EXIF it looks as it did with it."""
    sideways = Image.from_bytes(written(format_, orientation=6))
    bare = sideways.without_metadata()

    assert (bare.width, bare.height) == (sideways.width, sideways.height)
    assert np.abs(shown(bare.data).astype(int) - shown(sideways.data)).mean() < 4
    assert SECRET.encode() not in bare.data


@pytest.mark.parametrize("format_", ["PNG", "JPEG"])
def test_what_is_appended(format_: str) -> None:
    """Bytes behind the end of a picture are no part of it."""
    bare = Image.from_bytes(written(format_) + SECRET.encode()).without_metadata()

    assert SECRET.encode() not in bare.data


def test_transparency_stays() -> None:
    """The alpha of a WebP survives."""
    clear = PIL.Image.new("RGBA", (20, 20), (255, 0, 0, 90))
    bare = Image.from_bytes(written("WEBP", clear)).without_metadata()

    assert bare.has_alpha
    assert (shown(bare.data) == np.asarray(clear)).all()


@pytest.mark.parametrize("format_", ["PNG", "WEBP"])
def test_animations_keep_their_pictures(format_: str) -> None:
    """Frames and their times are no metadata."""
    frames = [PIL.Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
    out = io.BytesIO()
    exif = PIL.Image.Exif()
    exif[0x010E] = SECRET
    frames[0].save(out, format_, save_all=True, append_images=frames[1:], duration=100, lossless=True, exif=exif)
    bare = b"".join(STRIP[format_.lower()](out.getvalue()))

    assert SECRET.encode() in out.getvalue()
    assert SECRET.encode() not in bare
    assert getattr(PIL.Image.open(io.BytesIO(bare)), "n_frames", 1) == 3

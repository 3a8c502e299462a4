"""Pictures: sniffing, limits before decoding, formats and metadata."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import PIL.Image
import PIL.PngImagePlugin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protobanana.errors import ImageTooLargeError, InvalidImageError
from protobanana.pictures.image import Image, Limits
from support.pictures import png


def noise(mode: str = "RGB", size: tuple[int, int] = (40, 30)) -> PIL.Image.Image:
    channels = {"RGB": 3, "RGBA": 4, "L": 1}[mode]
    pixels = np.random.default_rng(1).integers(0, 256, (size[1], size[0], channels), dtype=np.uint8)
    return PIL.Image.fromarray(pixels.squeeze(), mode)


@pytest.mark.parametrize(
    ("name", "format_"), [("PNG", "png"), ("JPEG", "jpeg"), ("WEBP", "webp"), ("GIF", "gif"), ("BMP", "bmp")]
)
def test_the_format_is_sniffed(name: str, format_: str) -> None:
    """Format, size and media type come from the bytes, not from anybody's claim."""
    image = Image.from_bytes(png(noise(), name))

    assert (image.format, image.width, image.height) == (format_, 40, 30)
    assert image.mime == f"image/{format_}"


def test_exif_orientation_counts() -> None:
    """A sideways JPEG has the size it is displayed with, and decodes upright."""
    exif = PIL.Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    picture = PIL.Image.new("RGB", (40, 20), "red")
    picture.paste("blue", (0, 0, 10, 20))
    picture.save(out, "JPEG", exif=exif, quality=95)
    image = Image.from_bytes(out.getvalue())

    assert (image.width, image.height) == (20, 40)
    assert image.decoded().size == (20, 40)
    assert image.decoded().getpixel((10, 3))[2] > 200  # type: ignore[index]


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "I;16", "LA", "RGBA"])
def test_every_mode_decodes(mode: str) -> None:
    """Odd modes become RGB, or RGBA where there is alpha."""
    name = "TIFF" if mode == "CMYK" else "PNG"
    image = Image.from_bytes(png(PIL.Image.new(mode, (5, 4)), name))

    assert image.decoded().mode == ("RGBA" if mode in ("LA", "RGBA") else "RGB")
    assert image.has_alpha is (mode in ("LA", "RGBA"))


def test_limits_come_before_decoding() -> None:
    """Bytes and declared pixels are checked by the header."""
    with pytest.raises(ImageTooLargeError, match="mask"):
        Image.from_bytes(png(noise()), limits=Limits(max_bytes=100), name="mask")
    with pytest.raises(ImageTooLargeError, match="40x30"):
        Image.from_bytes(png(noise()), limits=Limits(max_pixels=1000))


def test_a_damaged_body_is_refused() -> None:
    """A good header with a cut body is an error of the caller."""
    data = png(noise(size=(200, 200)))

    with pytest.raises(InvalidImageError, match="damaged"):
        Image.from_bytes(data[: len(data) // 2]).decoded()


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_picture_or_an_error(data: bytes) -> None:
    """Nothing but our own errors comes out of sniffing."""
    for prefix in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\x00\x00\x00\x00WEBP", b"GIF89a"):
        with contextlib.suppress(InvalidImageError, ImageTooLargeError):
            Image.from_bytes(prefix + data).decoded()


def test_metadata_is_dropped_without_touching_pixels() -> None:
    """Text chunks go; the remaining bytes decode to the same pixels."""
    info = PIL.PngImagePlugin.PngInfo()
    info.add_text("prompt", '{"secret": 1}')
    info.add_itxt("workflow", "x" * 500)
    out = io.BytesIO()
    noise("RGBA").save(out, "PNG", pnginfo=info)
    image = Image.from_bytes(out.getvalue())
    clean = image.without_metadata()

    assert b"secret" not in clean.data
    assert not PIL.Image.open(io.BytesIO(clean.data)).info
    assert np.array_equal(np.asarray(clean.decoded()), np.asarray(image.decoded()))


@pytest.mark.parametrize("format_", ["png", "jpeg", "webp"])
def test_encoding(format_: str) -> None:
    """A picture can be written in each output format; jpeg flattens alpha on white."""
    clear = Image.from_pil(PIL.Image.new("RGBA", (8, 8), (255, 0, 0, 0)))
    written = clear.encoded(format_)  # type: ignore[arg-type]

    assert Image.from_bytes(written.data).format == format_
    assert written.has_alpha is (format_ != "jpeg")
    if format_ == "jpeg":
        assert min(written.decoded().getpixel((4, 4))) > 250  # type: ignore[arg-type,type-var]


def test_data_url_and_identity() -> None:
    """The data URL carries the media type by content; equal bytes have one identity."""
    data = png(noise())

    assert Image.from_bytes(data).data_url().startswith("data:image/png;base64,")
    assert Image.from_bytes(data).sha256 == Image.from_bytes(data).sha256


def test_sixteen_bits_are_scaled() -> None:
    """A sixteen-bit grey keeps its brightness, and is marked as no ordinary picture."""
    image = Image.from_bytes(png(PIL.Image.new("I;16", (4, 4), 32_896)))

    assert not image.ordinary
    assert image.decoded().getpixel((1, 1)) == (128, 128, 128)


@pytest.mark.parametrize(
    ("mode", "name", "ordinary"), [("RGB", "PNG", True), ("CMYK", "JPEG", False), ("RGB", "GIF", False)]
)
def test_what_is_ordinary(mode: str, name: str, ordinary: bool) -> None:
    """Only what every program reads alike is passed on as it came."""
    assert Image.from_bytes(png(PIL.Image.new(mode, (4, 4)), name)).ordinary is ordinary

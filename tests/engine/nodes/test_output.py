"""Files in, files out."""

from __future__ import annotations

import hashlib
import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pil
from PIL import UnidentifiedImageError

from protobanana.engine.nodes import load_all

NODES = load_all()


def levels(channels: int) -> Any:
    """All 256 levels in every channel."""
    column = np.arange(256, dtype=np.uint8).reshape(16, 16)
    return np.stack([np.roll(column, shift * 37) for shift in range(channels)], axis=-1)


def test_eight_bit_colour_survives_exactly(bench: Any) -> None:
    """All 256 levels of RGB come back from LoadImage -> SaveImage."""
    image, _ = bench.call("LoadImage", image=bench.write("in.png", levels(3)))
    result = NODES["SaveImage"].run(bench, images=image, filename_prefix="out")
    saved = np.asarray(Pil.open(bench.folder / result.ui["images"][0]["filename"]))

    assert np.array_equal(saved, levels(3))


def test_alpha_becomes_the_mask_and_loses_a_level_on_the_way_back(bench: Any) -> None:
    """RGB keeps its values under alpha; mask is 1 - alpha; 95 of 256 alpha levels lose one when joined again."""
    image, mask = bench.call("LoadImage", image=bench.write("in.png", levels(4)))
    joined = bench.call("JoinImageWithAlpha", image=image, alpha=mask)
    result = NODES["SaveImage"].run(bench, images=joined, filename_prefix="out")
    saved = np.asarray(Pil.open(bench.folder / result.ui["images"][0]["filename"]))
    lost = levels(4)[..., 3].astype(int) - saved[..., 3]

    assert np.array_equal(saved[..., :3], levels(4)[..., :3])
    assert set(np.unique(lost)) <= {0, 1}
    assert (lost == 1).sum() == 95


def test_picture_without_alpha_has_an_empty_small_mask(bench: Any) -> None:
    """64 x 64 zeros."""
    _, mask = bench.call("LoadImage", image=bench.write("in.png", levels(3)))

    assert mask.shape == (1, 64, 64)
    assert not mask.any()


def test_exif_rotation_is_applied(bench: Any) -> None:
    """A JPEG marked as turned comes in upright."""
    picture = Pil.new("RGB", (20, 10), "white")
    exif = Pil.Exif()
    exif[0x0112] = 6
    picture.save(bench.folder / "turned.jpg", exif=exif)
    image, _ = bench.call("LoadImage", image="turned.jpg")

    assert image.shape == (1, 20, 10, 3)


def test_animation_is_a_batch(bench: Any) -> None:
    """Each frame of a GIF is one picture."""
    frames = [Pil.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    frames[0].save(bench.folder / "a.gif", save_all=True, append_images=frames[1:])
    image, _ = bench.call("LoadImage", image="a.gif")

    assert image.shape == (3, 8, 8, 3)


def test_mask_channels(bench: Any) -> None:
    """`red` is taken as it is, `alpha` inverted, a picture without alpha is opaque."""
    name = bench.write("in.png", levels(4))
    red = bench.call("LoadImageMask", image=name, channel="red")
    alpha = bench.call("LoadImageMask", image=name, channel="alpha")

    assert np.allclose(red[0], levels(4)[..., 0] / 255)
    assert np.allclose(alpha[0], 1 - levels(4)[..., 3] / 255)
    assert not bench.call("LoadImageMask", image=bench.write("rgb.png", levels(3)), channel="alpha").any()


def test_missing_file_is_named(bench: Any) -> None:
    """Validation says which file; the cache key is the file's digest."""
    name = bench.write("in.png", levels(3))
    node = NODES["LoadImage"]

    assert node.validate is not None
    assert node.changed is not None
    assert node.validate(bench, image="nope.png") == "Invalid image file: nope.png"
    assert node.validate(bench, image=name) is None
    assert node.changed(bench, image=name) == hashlib.sha256((bench.folder / name).read_bytes()).hexdigest()


def test_text_file_fails_when_run(bench: Any) -> None:
    """A file that is no picture passes validation and raises Pillow's own error, as in ComfyUI."""
    (bench.folder / "in.png").write_text("no picture")

    with pytest.raises(UnidentifiedImageError):
        bench.call("LoadImage", image="in.png")


def test_saved_png_carries_graph_and_extras(bench: Any) -> None:
    """The `prompt` chunk and one chunk per extra key; one entry per picture of the batch, in order."""
    bench.prompt = {"1": {"class_type": "EmptyImage", "inputs": {}}}
    bench.extra_pnginfo = {"workflow": {"id": "wf-123"}, "my_job": {"a": 1}}
    result = NODES["SaveImage"].run(bench, images=np.zeros((2, 8, 8, 3), np.float32), filename_prefix="b%batch_num%")
    first = Pil.open(bench.folder / result.ui["images"][0]["filename"])

    assert [entry["filename"] for entry in result.ui["images"]] == ["b0_00001_.png", "b1_00002_.png"]
    assert json.loads(first.text["prompt"]) == bench.prompt
    assert json.loads(first.text["workflow"]) == {"id": "wf-123"}
    assert json.loads(first.text["my_job"]) == {"a": 1}


def test_websocket_output_is_plain_png(bench: Any) -> None:
    """Full size, alpha kept, no metadata, nothing on disk; it runs again every time."""
    bench.prompt = {"secret": 1}
    node = NODES["SaveImageWebsocket"]
    result = node.run(bench, images=np.full((2, 8, 12, 4), 0.5, np.float32))
    picture = Pil.open(io.BytesIO(bench.pushed[0]))

    assert len(bench.pushed) == 2
    assert picture.size == (12, 8)
    assert picture.mode == "RGBA"
    assert picture.info == {}
    assert result.ui is None
    assert node.changed is not None
    assert node.changed(bench, images=None) != node.changed(bench, images=None)


def test_previews_go_to_temp(bench: Any) -> None:
    """PreviewImage and MaskPreview name files of type temp."""
    shown = NODES["PreviewImage"].run(bench, images=np.zeros((1, 8, 8, 3), np.float32))
    masked = NODES["MaskPreview"].run(bench, mask=np.zeros((1, 8, 8), np.float32))

    assert shown.ui["images"][0]["type"] == masked.ui["images"][0]["type"] == "temp"
    assert shown.ui["images"][0]["filename"].startswith("ComfyUI_temp_")


def test_size_and_any(bench: Any) -> None:
    """GetImageSize answers and sends text; PreviewAny shows any value."""
    assert bench.call("GetImageSize", image=np.zeros((1, 48, 64, 3), np.float32)) == (64, 48, 1)
    assert bench.texts == ["width: 64, height: 48\n batch size: 1"]
    assert NODES["PreviewAny"].run(bench, source=64).ui == {"text": ("64",)}
    assert NODES["PreviewAny"].run(bench, source={"a": 1}).ui == {"text": ('{\n  "a": 1\n}',)}

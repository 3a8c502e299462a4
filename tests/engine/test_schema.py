"""Recorded schemas."""

from __future__ import annotations

import pytest

from protobanana.engine.models import FOLDERS, folder_of
from protobanana.engine.schema import records, schema_of, types_match


def test_every_record_is_readable() -> None:
    """All recorded classes make a schema; as many list flags as outputs."""
    for name in records():
        schema = schema_of(name)
        assert len(schema.output_is_list) == len(schema.outputs)
        assert len({declared.name for declared in schema.inputs_for({})}) >= 0


def test_dynamic_combo() -> None:
    """The chosen option adds its own inputs; an unknown one adds none."""
    schema = schema_of("ResizeImageMaskNode")
    names = [each.name for each in schema.inputs_for({"resize_type": "scale dimensions"})]
    unknown = [each.name for each in schema.inputs_for({"resize_type": "nope"})]

    assert names[:5] == ["input", "resize_type", "resize_type.width", "resize_type.height", "resize_type.crop"]
    assert not [name for name in unknown if "." in name]


def test_autogrow() -> None:
    """The first `min` inputs are required, the rest optional; the container itself is no input."""
    inputs = list(schema_of("BatchImagesNode").inputs_for({}))

    assert [each.name for each in inputs[:3]] == ["images.image0", "images.image1", "images.image2"]
    assert [each.required for each in inputs[:3]] == [True, True, False]
    assert len(inputs) == 50


@pytest.mark.parametrize(
    ("received", "wanted", "fits"),
    [
        ("IMAGE", "IMAGE", True),
        ("LATENT", "IMAGE", False),
        ("MASK", "IMAGE,MASK", True),
        ("IMAGE,MASK", "MASK", True),
        ("*", "IMAGE", True),
        ("IMAGE", "*", True),
        ("INT", "FLOAT", False),
        ("IMAGE", "COMFY_MATCHTYPE_V3", True),
        ("COMFY_MATCHTYPE_V3", "MASK", True),
        ("COMBO", ["a"], True),
        ("STRING", ["a"], False),
    ],
)
def test_types_match(received: object, wanted: object, fits: bool) -> None:
    """Equal types, wildcards and overlapping unions may be linked."""
    assert types_match(received, wanted) is fits


def test_empty_combos_have_a_folder() -> None:
    """Every legacy loader whose list was empty when it was recorded reads a known model folder."""
    for name in records():
        for declared in schema_of(name).inputs:
            if declared.type == [] and not declared.names_upload and declared.name != "latent":
                assert folder_of(name, declared.name) in FOLDERS, (name, declared.name)


def test_model_loaders() -> None:
    """Loading takes time for nodes that make a model out of file names, and for no other."""
    loading = {name for name in records() if schema_of(name).loads_model}

    assert {"UNETLoader", "CheckpointLoaderSimple"} <= loading
    assert not {"LoraLoader", "KSampler", "VAELoader", "ModelSamplingAuraFlow"} & loading

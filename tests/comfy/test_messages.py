"""Sentences made from what ComfyUI says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protobanana.comfy.messages import clean, failed, rejected


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cannot identify image file '/srv/comfyui/input/broken.png'\n", "cannot identify image file 'broken.png'"),
        ("No such file: /home/me/My.Models/x.safetensors, sorry", "No such file: x.safetensors, sorry"),
        (r"[WinError 2] 'C:\Users\Jo Doe\ComfyUI\models\x.pt'", "[WinError 2] 'x.pt'"),
        (r"open \\nas\share\x.pt failed", "open x.pt failed"),
        ("bad (~/secret/dir/file.py:12)", "bad (file.py:12)"),
        ("file:///srv/a/b.png is broken", "b.png is broken"),
        ("value 3/4 of 64x48 and/or 1 / 2", "value 3/4 of 64x48 and/or 1 / 2"),
        ("see https://huggingface.co/a/b", "see https://huggingface.co/a/b"),
        ("unet_name: 'sub/x.safetensors' not in []", "unet_name: 'sub/x.safetensors' not in []"),
        ("line one\nTraceback: /srv/x", "line one"),
        ("bell\a and \x1b[31mred", "bell and [31mred"),
        ("", ""),
    ],
)
def test_clean(text, shown):
    """The first line remains, with absolute paths cut to their last part."""
    assert clean(text) == shown


@given(st.text(max_size=2000))
def test_clean_is_one_short_line(text):
    """Whatever comes in, one line of bounded length comes out."""
    assert len(clean(text)) <= 300
    assert "\n" not in clean(text)


def test_failure_without_message():
    """An exception without a message is named by its type, and a node that is not in the graph by its class."""
    detail = {"node_id": "7:1", "node_type": "KSampler", "exception_message": "", "exception_type": "RuntimeError"}

    assert str(failed(detail, {})) == "Node 'KSampler' failed: RuntimeError."


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"error": "plain text"}, "plain text"),
        ({}, "no reason given"),
        ({"node_errors": {"9": {}}}, "Node '9' (id 9) is not valid"),
        ({"node_errors": []}, "no reason given"),
        ({"error": {"message": "Bad."}}, "Bad"),
    ],
)
def test_refusals_of_another_shape(document, reason):
    """Answers of another shape than 0.12.1's still make a sentence."""
    assert str(rejected(document, {})) == f"ComfyUI refused the workflow: {reason}."

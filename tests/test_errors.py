"""What an error says to whom."""

from __future__ import annotations

import pytest

from protobanana.errors import ServerUnreachableError


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("No ComfyUI answers at http://10.0.0.5:8188 (no route).", "No ComfyUI answers (no route)."),
        ("ComfyUI at https://gpu.internal/comfy did not answer in time.", "ComfyUI did not answer in time."),
        ("ComfyUI at http://[fd00::1]:8188: a proxy answers.", "ComfyUI: a proxy answers."),
        ("What answers at http://gpu1:8188 is not ComfyUI.", "What answers is not ComfyUI."),
        ("ComfyUI at http://a:1 is stuck. So is one at ray://b, too.", "ComfyUI is stuck. So is one, too."),
        ("The queue is full.", "The queue is full."),
    ],
)  # fmt: skip
def test_callers_are_not_told_where_servers_are(message: str, told: str) -> None:
    """The sentence stays whole without the address, which the operator's own commands and log still have."""
    error = ServerUnreachableError(message)

    assert (error.message, error.told) == (message, told)

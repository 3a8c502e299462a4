"""Answers over HTTP."""

from __future__ import annotations

import math

import pytest

from protobanana.comfy.transport import Response
from protobanana.errors import ServerProtocolError


def test_nan_is_tolerated():
    """ComfyUI writes the bare token NaN where a graph held one."""
    document = Response(200, "application/json", b'{"cfg": NaN}').json()

    assert math.isnan(document["cfg"])


@pytest.mark.parametrize("body", [b"", b"<html>", b"null", b"[1]", b"\xff\xfe{", b'{"a":'])
def test_no_json_object(body):
    """Anything but a JSON object is not ComfyUI's."""
    with pytest.raises(ServerProtocolError, match="text/html"):
        Response(200, "text/html", body, "http://host").json()

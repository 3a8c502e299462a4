"""Requests as code that others can run."""

from __future__ import annotations

import ast
import shlex

import pytest

from protobanana.client.picture import src_of, token_of
from protobanana.errors import InvalidImageError, InvalidRequestError
from protobanana.ui.order import Order, as_curl, as_python, chat_as_python

URL = "http://gateway"
PICTURE = {"id": "img_" + "a" * 16, "src": "images/" + "b" * 36}


def test_curl_is_one_command() -> None:
    """Whatever is in the words, the shell reads one command with them as one argument."""
    words = 'it\'s "here" $(rm -rf /) `x` \\ \n日本'
    parts = shlex.split(as_curl(Order("m", words, {"n": 2}), URL).replace("\\\n", " "))

    assert parts[:2] == ["curl", f"{URL}/v1/images/generations"]
    assert '"n": 2' in parts[-1]
    assert "rm -rf" in parts[-1]


def test_curl_of_an_edit() -> None:
    """Pictures and the mask are files of a form."""
    code = as_curl(Order("m", "x", {}, [PICTURE, PICTURE], "data:image/png;base64,AAAA"), URL)

    assert code.count("image[]=@img_") == 2
    assert "mask=@mask.png" in code


def test_python_can_be_run() -> None:
    """The code is Python; what the SDK does not know goes into `extra_body`."""
    code = as_python(Order("m", 'say "hi"\n', {"seed": 7, "size": "1x1"}, [PICTURE]), URL)

    ast.parse(code)
    assert "client.images.edit(" in code
    assert "extra_body={'seed': 7}" in code
    ast.parse(chat_as_python({"model": "m", "messages": [], "stream": True}, URL))


def test_what_is_missing() -> None:
    """A missing picture, mask or model is said before anything is sent."""
    for order, mask in (
        (Order("m", ""), False),
        (Order("", "", {}, [PICTURE]), False),
        (Order("m", "", {}, [PICTURE]), True),
    ):
        with pytest.raises(InvalidRequestError):
            order.check(1, mask=mask)


@pytest.mark.parametrize(
    "src", ["http://10.0.0.1/x", "images/../admin", "file:///etc/passwd", "images/" + "b" * 35, ""]
)
def test_other_addresses_are_refused(src: str) -> None:
    """The page's server fetches nothing but pictures of the gateway, whatever a browser sends it."""
    with pytest.raises(InvalidImageError):
        token_of({"src": src})


def test_addresses_of_the_gateway_become_the_pages() -> None:
    """A short address is shown by way of the page; other addresses stay."""
    assert src_of(f"https://elsewhere/deep/images/{'b' * 36}") == f"images/{'b' * 36}"
    assert src_of("data:image/png;base64,AA") == "data:image/png;base64,AA"

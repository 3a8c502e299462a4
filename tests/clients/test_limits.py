"""What the documents say that a client leaves out, it leaves out: a newer one that does not makes a `yes` of a `-`."""

from __future__ import annotations

from typing import Any

import pytest

from clients.conftest import settings
from clients.programs import PROGRAMS
from support.gateways import Gateway
from support.pictures import opened

pytestmark = pytest.mark.clients


@pytest.fixture
def told(gateway: Gateway, pictures: dict[str, str]) -> dict[str, Any]:
    return settings(gateway, pictures)


def findings(name: str, step: str, told: dict[str, Any]) -> dict[str, Any]:
    (program,) = [one for one in PROGRAMS if one.name == name]
    return program.run(step, told)


def test_langchain_drops_what_is_beside_the_text(told: dict[str, Any]) -> None:
    """Of rough frames and of `message.images` nothing is left; the caption is."""
    whole = findings("LangChain", "frames", told)["all"]

    assert "generate: draw a red square" in whole
    assert len(whole) < 2000


def test_langchain_loses_the_mask_on_the_way_to_responses(told: dict[str, Any]) -> None:
    """The mask arrives as a second picture, so the first one is not kept to the byte outside of it."""
    (address,) = findings("LangChain, Responses API", "edit", told)["pictures"]
    made = opened(address).convert("RGB")

    assert made.crop((0, 0, made.width, made.height // 6)).getextrema() != ((255, 255),) * 3

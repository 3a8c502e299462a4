"""What a picture costs in the gateway's books."""

from __future__ import annotations

from typing import Any

import pytest

from protobanana.api.call import Call


@pytest.mark.parametrize(
    ("sources", "price"),
    [
        ({"optional_params": {"model_info": {"output_cost_per_image": 0.5}}}, 0.5),
        ({"litellm_params": {"model_info": {"output_cost_per_image": 2}}}, 2.0),
        ({"litellm_params": {"model_info": {"output_cost_per_image": "free"}}}, 0.0),
        ({"litellm_params": {"model_info": None}}, 0.0),
        ({}, 0.0),
    ],
)
def test_the_price_of_a_deployment(sources: dict[str, Any], price: float) -> None:
    """It is found wherever LiteLLM left the deployment's `model_info`; what is no number counts nothing."""
    call = Call("m", None, sources.get("optional_params", {}), sources.get("litellm_params", {}), None, None)

    assert call.price == price

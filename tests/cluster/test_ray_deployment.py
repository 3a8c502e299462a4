"""What Ray Serve is told, without a cluster: plans, and the way in for Serve's own configuration files."""

from __future__ import annotations

from typing import Any

import pytest

from protobanana.errors import SettingsError

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]
START = "python main.py --port {port}"


def test_configuration_file() -> None:
    """The `import_path` that a Serve configuration names makes an application of its `args`."""
    from ray.serve import Application
    from ray.serve._private.api import call_user_app_builder_with_args_if_necessary

    from protobanana.cluster.ray.deployment import application

    made = call_user_app_builder_with_args_if_necessary(application, {"command": START, "replicas": 2, "most": 4})

    assert isinstance(made, Application)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "one of the two"),
        ({"engines": ["http://a:8188"], "command": START}, "one of the two"),
        ({"engines": ["http://a:8188", "http://A:8188/"]}, "named twice"),
        ({"engines": ["ftp://a"]}, "http://host:8188"),
        ({"command": "python main.py"}, "{port}"),
        ({"command": START, "replicas": 3, "most": 2}, "--max-replicas"),
    ],
)
def test_impossible_plans(fields: dict[str, Any], said: str) -> None:
    """A plan that cannot be is refused with the reason, before anything is asked of Ray."""
    from protobanana.cluster.ray.deployment import application

    with pytest.raises(SettingsError, match=said.replace("{", r"\{")):
        application(fields)

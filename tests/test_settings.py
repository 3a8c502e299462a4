"""The environment: every variable, its default, its range, and the message of a bad one."""

from __future__ import annotations

from pathlib import Path

import pytest

from protobanana.errors import SettingsError
from protobanana.settings import Settings, load_settings, variable_of

DEFAULTS = {
    "COMFYUI_BASE_URL": "http://127.0.0.1:8188",
    "COMFYUI_TIMEOUT": 600.0,
    "COMFYUI_LOAD_TIMEOUT": 300.0,
    "COMFYUI_QUEUE_TIMEOUT": 3600.0,
    "PROTOBANANA_QUEUE_LIMIT": 256,
    "PROTOBANANA_KEY_LIMIT": 128,
    "PROTOBANANA_WORKFLOWS_DIR": None,
    "PROTOBANANA_OPEN_INPUTS": True,
    "PROTOBANANA_INTENT_MODE": "hybrid",
    "PROTOBANANA_AGENT_BASE": None,
    "PROTOBANANA_AGENT_KEY": None,
    "PROTOBANANA_AGENT_MODEL": "protolabs/fast",
    "PROTOBANANA_AGENT_MAX_ITERS": 3,
    "PROTOBANANA_AGENT_VISION": False,
    "PROTOBANANA_MAX_IMAGE_MB": 50.0,
    "PROTOBANANA_MAX_IMAGE_MEGAPIXELS": 64.0,
    "PROTOBANANA_MAX_BODY_MB": 512.0,
    "PROTOBANANA_KEEP_METADATA": False,
    "PROTOBANANA_FETCH_ALLOW": "",
    "PROTOBANANA_SECRET": None,
    "PROTOBANANA_STORE": None,
    "PROTOBANANA_STORE_MB": 2048.0,
    "PROTOBANANA_STORE_HOURS": 168.0,
    "PROTOBANANA_PUBLIC_URL": None,
    "OTEL_EXPORTER_OTLP_ENDPOINT": None,
    "LANGFUSE_PUBLIC_KEY": None,
    "PROMETHEUS_MULTIPROC_DIR": None,
    "LITELLM_MASTER_KEY": None,
    "GATEWAY_URL": "http://127.0.0.1:4000",
    "GATEWAY_API_KEY": None,
    "PROTOBANANA_DISABLE_TABS": "",
}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in DEFAULTS:
        monkeypatch.delenv(name, raising=False)


def test_every_variable_and_its_default() -> None:
    """The table above is complete: no variable is read that it does not name."""
    settings = load_settings()
    found = {variable_of(name): getattr(settings, name) for name in Settings.model_fields}

    assert found == DEFAULTS


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("COMFYUI_BASE_URL", "not an address"),
        ("COMFYUI_BASE_URL", "ftp://host"),
        ("COMFYUI_TIMEOUT", "soon"),
        ("COMFYUI_TIMEOUT", "0"),
        ("COMFYUI_LOAD_TIMEOUT", "-1"),
        ("PROTOBANANA_QUEUE_LIMIT", "0"),
        ("PROTOBANANA_KEY_LIMIT", "many"),
        ("PROTOBANANA_INTENT_MODE", "psychic"),
        ("PROTOBANANA_AGENT_BASE", "localhost"),
        ("PROTOBANANA_AGENT_MAX_ITERS", "0"),
        ("PROTOBANANA_AGENT_VISION", "blind"),
        ("PROTOBANANA_WORKFLOWS_DIR", "/nowhere/at/all"),
        ("PROTOBANANA_MAX_IMAGE_MB", "-1"),
        ("PROTOBANANA_STORE_MB", "much"),
        ("PROTOBANANA_STORE_HOURS", "0"),
        ("PROTOBANANA_PUBLIC_URL", "pictures.example"),
    ],
)
def test_a_bad_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A value that cannot be used is refused with the variable's name."""
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=name):
        load_settings()


def test_a_set_value_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Values come from the environment; a trailing slash of an address is dropped."""
    monkeypatch.setenv("COMFYUI_BASE_URL", "http://gpu:8188/")
    monkeypatch.setenv("PROTOBANANA_WORKFLOWS_DIR", str(tmp_path))
    settings = load_settings()

    assert settings.comfyui_base_url == "http://gpu:8188"
    assert settings.user_workflows == tmp_path


def test_an_empty_value_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose files pass empty strings for what nobody set."""
    monkeypatch.setenv("COMFYUI_TIMEOUT", "")

    assert load_settings().comfyui_timeout == 600.0


@pytest.mark.parametrize(
    ("value", "folder"),
    [("off", None), ("OFF", None), ("/data/pictures", "/data/pictures"), ("file:///data/p", "/data/p")],
)
def test_the_folder_of_the_store(monkeypatch: pytest.MonkeyPatch, value: str, folder: str | None) -> None:
    """A folder, a file URL, or none at all."""
    monkeypatch.setenv("PROTOBANANA_STORE", value)

    assert load_settings().store_folder == (Path(folder) if folder else None)


@pytest.mark.parametrize("value", ["", "s3://bucket/prefix"])
def test_the_folder_of_this_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str) -> None:
    """Unset, and for what must stay on this machine beside a bucket, it is the platform's folder for data of a user."""
    monkeypatch.setenv("PROTOBANANA_STORE", value)
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA", "HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    folder = load_settings().store_folder

    assert folder is not None
    assert folder.name == "protobanana"
    assert folder.is_relative_to(tmp_path)

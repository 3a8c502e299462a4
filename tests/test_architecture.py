"""The house rules that a machine can check: sizes, import direction, one reader of the environment, a cheap import."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parent.parent / "src" / "protobanana"
FILES = sorted(SRC.rglob("*.py"))
LAYERS = [
    {"errors", "settings", "telemetry", "events"},
    {"pictures", "workflows"},
    {"operations"},
    {"comfy"},
    {"cluster"},
    {"turn"},
    {"api"},
    {"gateway"},
    {"client"},
    {"mcp", "ui"},
    {"cli"},
]
RANK = {room: rank for rank, rooms in enumerate(LAYERS) for room in rooms}


def room_of(path: Path) -> str:
    """`comfy` for src/protobanana/comfy/client.py, `errors` for src/protobanana/errors.py."""
    return path.relative_to(SRC).parts[0].removesuffix(".py")


def imports_of(tree: ast.Module) -> Iterator[str]:
    """Rooms of our own package that a module imports while running; `if TYPE_CHECKING` is for the type checker only."""
    for node in walk_running(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("protobanana."):
            yield (node.module or "").split(".")[1]
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("protobanana."))


def walk_running(tree: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from walk_running(child)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SRC)))
def test_file_and_function_sizes(path: Path) -> None:
    """A file has at most 300 lines, a function at most 50."""
    text = path.read_text("utf-8")
    long = [
        f"{node.name} ({node.end_lineno - node.lineno + 1} lines)"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno
        and node.end_lineno - node.lineno + 1 > 50
    ]

    assert len(text.splitlines()) <= 300
    assert not long


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SRC)))
def test_imports_point_one_way(path: Path) -> None:
    """A room imports only rooms below it; the engine knows nothing of the bridge but its errors."""
    room = room_of(path)
    used = set(imports_of(ast.parse(path.read_text("utf-8"))))
    if room == "engine":
        assert used <= {"engine", "errors"}
    elif room in RANK:
        # Everything may raise our errors, the rest of the ground floor included.
        forbidden = {other for other in used - {"errors"} if other != room and RANK.get(other, -1) >= RANK[room]}
        allowed_engine = room in {"gateway", "cli"}

        assert not forbidden
        assert "engine" not in used or allowed_engine
    else:
        assert room in {"__init__", "__main__", "data", "testing"}


def test_the_environment_is_read_in_one_place() -> None:
    """`os.environ` and `os.getenv` appear in settings.py only."""
    readers = {
        path.name
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv"))
        or (isinstance(node, ast.ImportFrom) and {"environ", "getenv"} & {alias.name for alias in node.names})
    }

    assert readers == {"settings.py"}


def test_errors_raised_are_our_own() -> None:
    """`raise` names a ProtoBananaError, a re-raise, or a built-in misuse error; `except Exception` is nowhere."""
    broad = [
        str(path.relative_to(SRC))
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
    ]

    assert not broad


def test_no_node_class_in_the_bridge() -> None:
    """Names of node classes live in documents; Python outside engine and authoring does not spell them."""
    import json

    classes = set(json.loads((SRC / "data" / "object_info.json").read_text("utf-8")))
    ordinary = {"Preview", "Reroute", "Note", "Image", "String", "Float", "Int", "Boolean"}
    found = [
        f"{path.relative_to(SRC)}: {node.value}"
        for path in FILES
        if room_of(path) != "engine" and "authoring" not in path.parts
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in classes - ordinary
    ]

    assert not found


def test_importing_the_package_is_cheap() -> None:
    """`import protobanana` loads neither litellm, Pillow, numpy, pydantic, aiohttp nor gradio."""
    heavy = "{'litellm', 'PIL', 'numpy', 'pydantic', 'aiohttp', 'openai', 'gradio', 'typer'}"
    script = f"import sys, protobanana; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_public_names_are_locked() -> None:
    """The package offers exactly its handler, its hooks and its version."""
    import protobanana

    assert protobanana.__all__ == ["__version__", "handler", "hooks"]

"""Results found again."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from PIL import Image

from protobanana.engine.cache import NodeResult, ResultCache, node_keys
from protobanana.engine.catalogue import Catalogue
from protobanana.engine.files import FileStore
from protobanana.engine.nodes import load_all
from protobanana.engine.settings import EngineSettings


def picture(color: int, prefix: str = "a") -> dict[str, Any]:
    """A small graph."""
    return {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": color}},
        "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": prefix}},
    }


def keys(prompt: dict[str, Any], root: Path) -> dict[str, str]:
    """The keys of a graph on an engine without files."""
    load_all()
    files = FileStore(root)
    return node_keys(prompt, Catalogue(EngineSettings(), files), files)


def test_ids_do_not_matter(tmp_path: Path) -> None:
    """The same nodes under other ids have the same keys."""
    renamed = {
        "x": {"class_type": "EmptyImage", "inputs": {"color": 1, "width": 8, "height": 8, "batch_size": 1}},
        "y": {"class_type": "ImageInvert", "inputs": {"image": ["x", 0]}},
    }
    one, other = keys(picture(1), tmp_path), keys(renamed, tmp_path)

    assert (one["1"], one["2"]) == (other["x"], other["y"])


def test_ancestors_matter(tmp_path: Path) -> None:
    """A change reaches everything below it and nothing else."""
    one, other = keys(picture(1), tmp_path), keys(picture(2), tmp_path)

    assert not set(one.values()) & set(other.values())
    assert keys(picture(1, "b"), tmp_path)["2"] == one["2"]


def test_malformed_nodes_have_keys(tmp_path: Path) -> None:
    """Nodes that no output reaches may be anything, cycles included."""
    prompt = {**picture(1), "c": {"class_type": "ImageInvert", "inputs": {"image": ["c", 0]}}, "d": {}, "e": "text"}

    assert set(keys(prompt, tmp_path)) == set(prompt)


def test_long_chains_and_shared_sources(tmp_path: Path) -> None:
    """A chain of thousands of nodes has keys; so has a graph whose nodes share sources in every way."""
    chain: dict[str, Any] = {"n0": picture(1)["1"]}
    for index in range(1, 3000):
        links = {name: [f"n{max(index - back, 0)}", 0] for back, name in ((1, "image"), (2, "other"))}
        chain[f"n{index}"] = {"class_type": "ImageInvert", "inputs": links}
    forwards = keys(chain, tmp_path)

    assert len(set(forwards.values())) == 3000
    assert keys(dict(reversed(chain.items())), tmp_path) == forwards


def test_classic_cache_keeps_one_graph() -> None:
    """Without a size, a graph that does not have a key drops it."""
    cache, result = ResultCache(0), NodeResult((), None)
    cache.put("a", result)
    cache.put("b", result)
    cache.begin(["b", "c"])

    assert cache.get("a") is None
    assert cache.get("b") is result


def test_lru_keeps_the_last_used() -> None:
    """With a size, the least recently used result goes."""
    cache, result = ResultCache(2), NodeResult((), None)
    for key in ("a", "b"):
        cache.put(key, result)
    cache.begin([])
    cache.get("a")
    cache.put("c", result)

    assert [key for key in "abc" if cache.get(key)] == ["a", "c"]


async def cached(client: Any, prompt: dict[str, Any]) -> list[str]:
    """Run a graph; the nodes it found in the cache."""
    entry = await client.history(await client.submit(prompt))
    found = dict(entry["status"]["messages"])["execution_cached"]["nodes"]
    assert isinstance(found, list)
    return found


async def test_another_graph_evicts(start: Callable[..., Awaitable[Any]]) -> None:
    """By default A, B, A runs everything again; the recorded server did so too."""
    client = await start()

    assert await cached(client, picture(1)) == []
    assert await cached(client, picture(1, "b")) == ["1", "2"]
    assert await cached(client, picture(2)) == []
    assert await cached(client, picture(1)) == []


async def test_lru_server_keeps_both(start: Callable[..., Awaitable[Any]]) -> None:
    """With an LRU cache A, B, A finds A again."""
    client = await start(cache_size=50)
    for color in (1, 2):
        await cached(client, picture(color))

    assert await cached(client, picture(1)) == ["1", "2", "9"]


async def test_free_memory(start: Callable[..., Awaitable[Any]]) -> None:
    """POST /free with free_memory drops the cache, unload_models alone does not."""
    client = await start()
    await cached(client, picture(1))
    await client.post("/free", {"unload_models": True})

    assert await cached(client, picture(1)) == ["1", "2", "9"]

    assert await client.post("/free", {"free_memory": True}) == (200, b"")
    assert await cached(client, picture(1)) == []


async def test_replaced_file_runs_again(start: Callable[..., Awaitable[Any]]) -> None:
    """LoadImage is keyed by the bytes of its file."""
    client = await start()
    prompt = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}},
    }
    path = client.engine.files.folder("input") / "a.png"
    for color, expected in ((1, []), (1, ["1", "9"]), (2, [])):
        path.write_bytes(png(color))
        assert await cached(client, prompt) == expected


def png(color: int) -> bytes:
    """A small picture file."""
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), (color, color, color)).save(buffer, "PNG")
    return buffer.getvalue()

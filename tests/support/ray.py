"""A Ray cluster of one machine that ends with the tests."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

_HEAD = """
import json, sys, ray
ray.init(num_cpus=4, object_store_memory=100_000_000, include_dashboard=False, log_to_driver=False,
         _temp_dir=sys.argv[1])
print(json.dumps(ray.get_runtime_context().gcs_address), flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def ray_cluster() -> Iterator[dict[str, str]]:
    """What a process must have in its environment, before it imports Ray, to join it."""
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32), "RAY_USAGE_STATS_ENABLED": "0"}
    # Not pytest's folder: the path of a socket may have 107 characters.
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:
        head = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", _HEAD, folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env=os.environ | token | {"HOME": folder},
        )  # fmt: skip
        assert head.stdout is not None
        assert head.stdin is not None
        try:
            yield token | {"RAY_ADDRESS": json.loads(head.stdout.readline())}
        finally:
            head.stdin.close()
            head.wait(60)
            head.stdout.close()


@contextlib.contextmanager
def member(environment: dict[str, str]) -> Iterator[None]:
    """This process as a member of a cluster; it leaves at the end."""
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        yield
        import ray

        ray.shutdown()
    finally:
        os.environ.clear()
        os.environ.update(before)


def replicas(environment: dict[str, str], application: str) -> list[int]:
    """Process ids of an application's replicas on this machine."""
    mark = f"RAY_AUTH_TOKEN={environment['RAY_AUTH_TOKEN']}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            ours = (process / "cmdline").read_bytes().startswith(f"ray::ServeReplica:{application}:".encode())
            if ours and mark in (process / "environ").read_bytes():
                found.append(int(process.name))
    return found


def deploy(environment: dict[str, str], *words: str, **settings: str) -> str:
    """`protobanana cluster deploy WORDS`: what it says."""
    return _cluster(environment | settings, "deploy", *words)


def shutdown(environment: dict[str, str], name: str) -> str:
    """`protobanana cluster shutdown --name NAME`: what it says."""
    return _cluster(environment, "shutdown", "--name", name)


def _cluster(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "protobanana", "cluster", *words],
        capture_output=True, text=True, timeout=110, env=os.environ | environment,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout

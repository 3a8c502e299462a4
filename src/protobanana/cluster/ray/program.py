"""A ComfyUI that a replica starts for itself, and that never outlives it."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading

from protobanana.errors import ServerUnreachableError, SettingsError

PORT = "{port}"
"""Where the command line has the port."""
_GRACE = 10.0
"""Seconds that ComfyUI has to end by itself."""


class Program:
    """A running command line; `address` is where its ComfyUI listens."""

    def __init__(self, command: str) -> None:
        check(command)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        words = [word.replace(PORT, str(port)) for word in shlex.split(command)]
        # The keeper reads from a connection that breaks with this process, however that ends: a ComfyUI that is left
        # behind keeps its GPU memory, and the next one would not fit.
        self._keeper, its = socket.socketpair()
        with its:
            subprocess.run(  # noqa: S603 - the operator's own command line
                [sys.executable, "-m", __name__, *words],
                stdin=its.fileno(),
                stdout=its.fileno(),
                start_new_session=True,
                check=False,
            )
        self._end = ""

    def check(self) -> None:
        """Raises ServerUnreachableError when the program has ended."""
        with contextlib.suppress(BlockingIOError):
            self._hear(socket.MSG_DONTWAIT)
        if self._end:
            raise ServerUnreachableError(f"The program that was started as ComfyUI ended {self._end}.")

    def stop(self) -> None:
        """End it, and wait until it has ended."""
        if not self._end:
            self._keeper.shutdown(socket.SHUT_WR)
            self._hear()

    def _hear(self, flags: int = 0) -> None:
        """What the keeper says when it is over; nothing, where there was nothing to keep."""
        if not self._end:
            self._end = self._keeper.recv(64, flags).decode() or "before it began"
            self._keeper.close()


def check(command: str) -> None:
    """Raises SettingsError for a command line that cannot be started as ComfyUI."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise SettingsError(f"The command that starts ComfyUI cannot be read: {error}.") from None
    if not any(PORT in word for word in words):
        raise SettingsError(
            f"The command that starts ComfyUI must say where the port goes, as in 'python main.py --port {PORT}'."
        )


def keep(words: list[str]) -> None:
    """Run a command until it ends or standard input does, then say with which status on standard output.

    Not as a child of whoever asks: Ray kills the children of a replica before they could end what they started.
    """
    if os.fork():
        os._exit(0)
    child = subprocess.Popen(  # noqa: S603 - as above
        words, stdin=subprocess.DEVNULL, stdout=sys.stderr, start_new_session=True
    )
    threading.Thread(target=_end_with_input, args=(child,), daemon=True).start()
    status = child.wait()
    _signal(child, signal.SIGKILL)  # what a shell has left behind
    with contextlib.suppress(BrokenPipeError):  # nobody is left to hear it
        os.write(1, f"with status {status}".encode())


def _end_with_input(child: subprocess.Popen[bytes]) -> None:
    # Not through `sys.stdin`: a thread that waits there holds a lock that the interpreter needs to end.
    while os.read(0, 4096):
        pass
    _signal(child, signal.SIGTERM)
    try:
        child.wait(_GRACE)
    except subprocess.TimeoutExpired:
        _signal(child, signal.SIGKILL)


def _signal(child: subprocess.Popen[bytes], number: int) -> None:
    """To all processes of the command, for a shell would not pass it on."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, number)


if __name__ == "__main__":
    keep(sys.argv[1:])

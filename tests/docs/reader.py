"""Somebody who follows a page: types its commands, runs its programs, looks at what comes out."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import PIL.Image

from docs.blocks import Block

PICTURES = {".png", ".jpg", ".jpeg", ".webp"}
PATIENCE = 120
"""Seconds for one block: a bound for what hangs."""
GATEWAY = "http://127.0.0.1:4000"
SHELL = """
touch "$STATE"; . "$STATE"
trap 'export -p > "$STATE"; printf "cd %q\\n" "$PWD" >> "$STATE"' DEBUG EXIT
"""
"""What a block exports and where it goes to holds for the next ones, as in one terminal."""


@dataclass
class Reader:
    """In `folder` and with `environment`; what the documents call the left side of `said` is the right side here."""

    folder: Path
    environment: dict[str, str]
    said: dict[str, str]
    program: str = ""
    """A page's Python so far: its blocks go on from each other."""
    printed: str = ""
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def follow(self, block: Block) -> None:
        """Do what the block says. Fails the test unless it ends well, with whole pictures and no error in an answer."""
        if block.file:
            return self._write(block)
        if block.language == "output":
            return self._compare(block)
        if block.language == "console":
            return self._replay(block)
        if block.keeps_running:
            return self._leave_running(block)
        text, begun = self._meant(block.text), time.time_ns()
        if block.language == "python":
            self.program += text
            command = [str(self.folder / ".venv" / "bin" / "python"), "-c", self.program]
        else:
            command = ["bash", "-euo", "pipefail", "-c", SHELL + text]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        self._heard(done.stdout)

        assert done.returncode == 0, f"{block}\n{done.stdout[-2500:]}\n{done.stderr[-2500:]}"
        assert "does not provide the extra" not in done.stderr, f"{block}\n{done.stderr}"
        return self._look(block, begun)

    def leave(self) -> None:
        """End what was left running."""
        for process in self.running:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        for record in self.folder.rglob("demo/gateway.json"):
            subprocess.run(
                [sys.executable, "-m", "protobanana", "demo", "--stop", "-d", str(record.parent)], check=True
            )

    def _meant(self, text: str) -> str:
        for said, meant in self.said.items():
            text = text.replace(said, meant)
        # These ask the gateway at its usual port when no address is given.
        here = f" --url {self.said[GATEWAY]}"
        return re.sub(r"\bprotobanana cluster (?:status|drain|undrain)", lambda match: match[0] + here, text)

    def _look(self, block: Block, begun: int) -> None:
        """No error in what was printed or written since `begun`; pictures, there or by address, can be decoded."""
        answers = [self.printed]
        for path in self.folder.rglob("*"):
            if path.is_file() and ".venv" not in path.parts and path.stat().st_mtime_ns >= begun:
                if path.suffix in PICTURES:
                    PIL.Image.open(path).load()
                elif path.suffix == ".json":
                    json.loads(path.read_text("utf-8"))
                    answers.append(path.read_text("utf-8"))
        for answer in answers:
            assert '"error"' not in answer, f"{block}\n{answer[:1500]}"
        for address in re.findall(r"http://[^\s\"')/]+/images/[^\s\"')]+", "".join(answers)):
            PIL.Image.open(io.BytesIO(httpx.get(address).content)).load()

    def _write(self, block: Block) -> None:
        (self.folder / block.file).write_text(self._meant(block.text), "utf-8")

    def _leave_running(self, block: Block) -> None:
        log = self.folder / f".{block.line}.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", SHELL + self._meant(block.text)], cwd=self.folder,
                env=self.environment, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
                start_new_session=True,
            )  # fmt: skip
        self.running.append(process)
        deadline = time.monotonic() + PATIENCE
        while block.keeps_running not in self._heard(log.read_text("utf-8", errors="replace")):
            assert process.poll() is None, f"{block}\n{self.printed[-2500:]}"
            assert time.monotonic() < deadline, f"{block} says no {block.keeps_running!r}\n{self.printed[-2500:]}"
            time.sleep(0.1)

    def _heard(self, text: str) -> str:
        """Note what was printed; a gateway that says where it is, is the one that is meant from now on."""
        self.printed = text
        if where := re.search(r"(?:base URL:?|Uvicorn running on) (http://[^\s/]+)", text, re.IGNORECASE):
            self.said[GATEWAY] = where[1]
        return text

    def _replay(self, block: Block) -> None:
        """`$ command` and what it prints, as often as the block has it."""
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            self.follow(Block(block.page, block.line, "sh", command + "\n"))
            self._compare(Block(block.page, block.line, "output", shown))

    def _compare(self, block: Block) -> None:
        """Each line that the page shows was printed, in that order; `...` is anything, blanks do not count."""
        rest = " ".join(self.printed.split())
        for line in filter(None, (" ".join(line.split()) for line in block.text.splitlines())):
            pattern = ".*?".join(re.escape(self._meant(part)) for part in line.split("..."))
            found = re.search(pattern, rest)
            assert found, f"{block} shows what was not printed: {line}\n{self.printed}"
            rest = rest[found.end() :]

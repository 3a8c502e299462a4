"""Runs one queued prompt after the other, node by node, with the messages that ComfyUI sends."""

from __future__ import annotations

import time
import traceback
from collections.abc import Collection
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Protocol

from protobanana.engine.cache import NodeResult, ResultCache, node_keys
from protobanana.engine.call import call, gather, nested
from protobanana.engine.catalogue import Catalogue
from protobanana.engine.context import InterruptSwitch, NodeContext
from protobanana.engine.files import FileStore
from protobanana.engine.graph import Schedule, inputs_of, is_link
from protobanana.engine.progress import Progress, Sender
from protobanana.engine.prompt_queue import Job, Record
from protobanana.engine.schema import schema_of
from protobanana.engine.settings import EngineSettings
from protobanana.errors import JobInterruptedError


class Stage(Sender, Protocol):
    """Where a running prompt is seen: messages, and what runs now (for clients that reconnect)."""

    def running(self, client_id: str | None, node_id: str | None) -> None:
        """Which client's prompt runs, and which of its nodes."""


class Caught(AbstractContextManager["Caught"]):
    """The boundary to node code, which may raise anything: an error ends its prompt, never the worker."""

    error: Exception | None = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        """Keep the error, let KeyboardInterrupt and its like pass."""
        self.error = error if isinstance(error, Exception) else None
        return self.error is not None


class Executor:
    """Runs prompts against one cache."""

    def __init__(self, settings: EngineSettings, catalogue: Catalogue, files: FileStore, stage: Stage) -> None:
        self.settings = settings
        self.catalogue = catalogue
        self.files = files
        self.stage = stage
        self.cache = ResultCache(settings.cache_size)
        self.interrupt = InterruptSwitch()

    def run(self, job: Job) -> Record:
        """Run a prompt to its end, whatever that is."""
        return _Run(self, job).run()


class _Run:
    """One prompt on its way through the executor."""

    def __init__(self, executor: Executor, job: Job) -> None:
        self._executor = executor
        self._job = job
        self._client_id = job.client_id
        self._progress = Progress(executor.stage, job.prompt_id, self._client_id)
        self._keys: dict[str, str] = {}
        self._results: dict[str, NodeResult] = {}
        self._values: dict[str, list[Any]] = {}
        self._current: str | None = None
        self._executed: list[str] = []
        self._messages: list[tuple[str, dict[str, Any]]] = []
        self._outputs: dict[str, Any] = {}
        self._meta: dict[str, Any] = {}
        self._schedule = Schedule(job.prompt, self._is_cached, self._is_output, self._lazy_inputs)

    def run(self) -> Record:
        self._executor.stage.running(self._client_id, None)
        self._message("execution_start", {})
        with Caught() as caught:
            self._execute()
        if caught.error is None:
            self._message("execution_success", {})
        elif isinstance(caught.error, JobInterruptedError):
            self._message("execution_interrupted", self._where(), to_everybody=self._client_id is None)
        else:
            self._message("execution_error", {**self._where(), **self._failure(caught.error)})
        self._executor.stage.running(None, None)
        status = "error" if caught.error else "success"
        return Record(self._outputs, self._meta, status, self._messages)

    def _execute(self) -> None:
        executor, prompt = self._executor, self._job.prompt
        self._keys = node_keys(prompt, executor.catalogue, executor.files)
        executor.cache.begin(self._keys.values())
        cached = [node_id for node_id in prompt if self._is_cached(node_id)]
        self._message("execution_cached", {"nodes": cached})
        if executor.settings.instant_mb is not None:
            executor.interrupt.check(executor.settings.pace)
        for output in self._job.outputs:
            self._schedule.add(output)
        while (node_id := self._schedule.next()) is not None:
            self._step(node_id)

    def _is_cached(self, node_id: str) -> bool:
        if node_id not in self._results and node_id in self._keys:
            known = self._executor.cache.get(self._keys[node_id])
            if known is not None:
                self._results[node_id] = known
        return node_id in self._results

    def _is_output(self, node_id: str) -> bool:
        return schema_of(self._job.prompt[node_id]["class_type"]).output_node

    def _lazy_inputs(self, node_id: str) -> Collection[str]:
        name = self._job.prompt[node_id]["class_type"]
        if self._executor.catalogue.node_class(name).lazy is None:
            return ()
        declared = schema_of(name).inputs_for(inputs_of(self._job.prompt[node_id]))
        return {each.name for each in declared if each.options.get("lazy")}

    def _step(self, node_id: str) -> None:
        if self._is_cached(node_id):
            self._show(node_id, self._results[node_id], cached=True)
            self._progress.finish(node_id)
        elif self._needs_more(node_id):
            return
        else:
            self._results[node_id] = self._run_node(node_id)
            self._executor.cache.put(self._keys[node_id], self._results[node_id])
            self._executed.append(node_id)
        self._schedule.done(node_id)

    def _needs_more(self, node_id: str) -> bool:
        node = self._job.prompt[node_id]
        lazy = self._executor.catalogue.node_class(node["class_type"]).lazy
        if lazy is None:
            return False
        known = gather(schema_of(node["class_type"]), node, self._results)
        needed = lazy(**nested({name: items[0] for name, items in known.items()}))
        inputs = inputs_of(node)
        missing = [name for name in needed if name not in known and is_link(inputs.get(name))]
        for name in missing:
            self._schedule.need(node_id, inputs[name][0])
        return bool(missing)

    def _run_node(self, node_id: str) -> NodeResult:
        executor, node = self._executor, self._job.prompt[node_id]
        schema = schema_of(node["class_type"])
        node_class = executor.catalogue.node_class(node["class_type"])
        self._current = node_id
        self._values = {}
        self._progress.start(node_id)
        executor.stage.running(self._client_id, node_id)
        self._tell("executing", {"node": node_id, "display_node": node_id, "prompt_id": self._job.prompt_id})
        executor.interrupt.check(executor.settings.load_time if schema.loads_model else 0.0)
        self._values = gather(schema, node, self._results)
        context = NodeContext(
            node_id,
            self._job,
            self._client_id,
            self._progress,
            executor.stage,
            executor.files,
            executor.settings,
            executor.interrupt,
        )
        result = call(schema, lambda arguments: node_class.run(context, **arguments), self._values)
        self._show(node_id, result, cached=False)
        self._progress.finish(node_id)
        return result

    def _show(self, node_id: str, result: NodeResult, *, cached: bool) -> None:
        """Announce what a node shows. A cached one is shown to clients only, even in the history, as ComfyUI does."""
        if cached and self._client_id is None:
            return
        if result.ui is not None:
            self._outputs[node_id] = result.ui
            self._meta[node_id] = {
                "node_id": node_id,
                "display_node": node_id,
                "parent_node": None,
                "real_node_id": node_id,
            }
        if result.ui is not None or cached:
            data = {"node": node_id, "display_node": node_id, "output": result.ui, "prompt_id": self._job.prompt_id}
            self._tell("executed", data)

    def _tell(self, event: str, data: dict[str, Any]) -> None:
        if self._client_id is not None:
            self._executor.stage.send(event, data, self._client_id)

    def _message(self, event: str, data: dict[str, Any], *, to_everybody: bool = False) -> None:
        """A message of the prompt's whole course: sent, and kept in its history."""
        stamped = {"prompt_id": self._job.prompt_id, **data, "timestamp": int(time.time() * 1000)}
        self._messages.append((event, stamped))
        if self._client_id is not None or to_everybody:
            self._executor.stage.send(event, stamped, self._client_id)

    def _where(self) -> dict[str, Any]:
        node = self._job.prompt.get(self._current, {}) if self._current else {}
        return {"node_id": self._current, "node_type": node.get("class_type"), "executed": list(self._executed)}

    def _failure(self, error: Exception) -> dict[str, Any]:
        kind = type(error)
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        return {
            "exception_message": f"{error}\n",
            "exception_type": name,
            "traceback": traceback.format_tb(error.__traceback__),
            "current_inputs": {key: [_plain(item) for item in items] for key, items in self._values.items()},
            "current_outputs": list(self._job.prompt),
        }


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


__all__ = ["Caught", "Executor", "Stage"]

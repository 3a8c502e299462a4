"""What ComfyUI checks before it queues a graph, with its exact reports.

A graph is checked from each output node upwards. Values are converted in place (`"64"` becomes 64), as history shows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from protobanana.engine.catalogue import Catalogue
from protobanana.engine.files import FileStore
from protobanana.engine.schema import Input, NodeSchema, schema_of, types_match

Problem = dict[str, Any]

_CONVERSIONS: Mapping[str, Callable[[Any], Any]] = {"INT": int, "FLOAT": float, "STRING": str, "BOOLEAN": bool}

# What walking a malformed graph raises; their texts are part of ComfyUI's answer.
_MALFORMED = (LookupError, TypeError, ValueError, AttributeError, RecursionError)


@dataclass
class Verdict:
    """`error` is the body's `error`, None when `outputs` can run; `node_errors` may be filled in both cases."""

    error: Problem | None = None
    outputs: list[str] = field(default_factory=list)
    node_errors: dict[str, Any] = field(default_factory=dict)


def problem(kind: str, message: str, details: str = "", **extra_info: object) -> Problem:
    """One report, as ComfyUI shapes them everywhere."""
    return {"type": kind, "message": message, "details": details, "extra_info": extra_info}


def validate(prompt: Any, catalogue: Catalogue, files: FileStore, targets: Collection[str] | None) -> Verdict:
    """Check a graph; `targets` limits the output nodes. TypeError or AttributeError for what is no graph at all."""
    outputs = []
    for node_id in prompt:
        node = prompt[node_id]
        missing = _missing_class(node_id, node, catalogue)
        if missing:
            return Verdict(error=missing)
        schema = catalogue.schema(node["class_type"])
        if schema is not None and schema.output_node and (targets is None or node_id in targets):
            outputs.append(node_id)
    if not outputs:
        return Verdict(error=problem("prompt_no_outputs", "Prompt has no outputs"))
    return _Validation(prompt, catalogue, files).verdict(outputs)


def _missing_class(node_id: str, node: Any, catalogue: Catalogue) -> Problem | None:
    if "class_type" not in node:
        title = node.get("_meta", {}).get("title")
        message = "has no class_type. The workflow may be corrupted or a custom node is missing."
        name = title or f"ID #{node_id}"
        extra = {"node_id": node_id, "class_type": None, "node_title": title}
    elif catalogue.schema(node["class_type"]) is None:
        name = node.get("_meta", {}).get("title", node["class_type"])
        message = "not found. The custom node may not be installed."
        extra = {"node_id": node_id, "class_type": node["class_type"], "node_title": name}
    else:
        return None
    return problem("missing_node_type", f"Node '{name}' {message}", f"Node ID '#{node_id}'", **extra)


class _Validation:
    """One pass over one graph; each node is judged once."""

    def __init__(self, prompt: Mapping[str, Any], catalogue: Catalogue, files: FileStore) -> None:
        self._prompt = prompt
        self._catalogue = catalogue
        self._files = files
        self._valid: dict[str, bool] = {}
        self._problems: dict[str, list[Problem]] = {}

    def verdict(self, outputs: list[str]) -> Verdict:
        good: list[str] = []
        node_errors: dict[str, Any] = {}
        details: list[str] = []
        for output in outputs:
            if self._judge_output(output):
                good.append(output)
                continue
            details += [f"{found['message']}: {found['details']}" for found in self._problems.get(output, ())]
            for node_id, problems in self._problems.items():
                if problems:
                    class_type = self._prompt[node_id]["class_type"]
                    entry = {"errors": problems, "dependent_outputs": [], "class_type": class_type}
                    node_errors.setdefault(node_id, entry)["dependent_outputs"].append(output)
        if good:
            return Verdict(None, good, node_errors)
        message = "Prompt outputs failed validation"
        error = problem("prompt_outputs_failed_validation", message, "\n".join(details))
        return Verdict(error, [], node_errors)

    def _judge_output(self, node_id: str) -> bool:
        try:
            return self._judge(node_id)
        except _MALFORMED as error:
            extra = {"exception_type": type(error).__name__, "traceback": []}
            found = problem("exception_during_validation", "Exception when validating node", str(error), **extra)
            self._problems[node_id] = [found]
            return False

    def _judge(self, node_id: str) -> bool:
        """Whether a node and everything above it is valid. A node on a cycle meets itself here: invalid, no report."""
        if node_id in self._valid:
            return self._valid[node_id]
        self._valid[node_id] = False
        self._problems[node_id] = problems = []
        inputs = self._prompt[node_id]["inputs"]
        schema = schema_of(self._prompt[node_id]["class_type"])
        custom = self._catalogue.node_class(schema.name).validate
        sources_valid = True
        for declared in schema.inputs_for(inputs):
            if declared.name not in inputs:
                if declared.required:
                    extra = {"input_name": declared.name}
                    problems.append(
                        problem("required_input_missing", "Required input is missing", declared.label, **extra)
                    )
            elif isinstance(inputs[declared.name], list):
                found, valid = self._check_link(schema, declared, inputs[declared.name])
                problems += found
                sources_valid = sources_valid and valid
            else:
                problems += self._check_value(schema, declared, inputs)
                if custom is not None and declared.names_upload:
                    problems += self._check_upload(custom, declared, inputs)
        self._valid[node_id] = sources_valid and not problems
        return self._valid[node_id]

    def _check_link(self, schema: NodeSchema, declared: Input, link: list[Any]) -> tuple[list[Problem], bool]:
        """The reader's own problems, and whether the source is valid."""
        if len(link) != 2:
            message = "Bad linked input, must be a length-2 list of [node_id, slot_index]"
            extra = {**self._info(schema, declared), "received_value": link}
            return [problem("bad_linked_input", message, declared.name, **extra)], True
        source_id, slot = link
        received = schema_of(self._prompt[source_id]["class_type"]).outputs[slot]
        if not types_match(received, declared.type):
            details = f"{declared.name}, received_type({received}) mismatch input_type({declared.type})"
            message = "Return type mismatch between linked nodes"
            extra = {**self._info(schema, declared), "received_type": received, "linked_node": link}
            return [problem("return_type_mismatch", message, details, **extra)], True
        try:
            return [], self._judge(source_id)
        except _MALFORMED as error:
            raised = {"exception_message": str(error), "exception_type": type(error).__name__}
            extra = {**self._info(schema, declared), **raised, "traceback": [], "linked_node": link}
            message = "Exception when validating inner node"
            found = problem("exception_during_inner_validation", message, str(error), **extra)
            self._problems[source_id] = [found]
            return [], False

    def _check_value(self, schema: NodeSchema, declared: Input, inputs: dict[str, Any]) -> list[Problem]:
        name, value = declared.name, inputs[declared.name]
        try:
            if isinstance(value, dict) and "__value__" in value:
                value = inputs[name] = value["__value__"]
            if isinstance(declared.type, str) and declared.type in _CONVERSIONS:
                value = inputs[name] = _CONVERSIONS[declared.type](value)
        except (TypeError, ValueError, OverflowError) as error:
            message = f"Failed to convert an input value to a {declared.type} value"
            extra = {**self._info(schema, declared), "received_value": value, "exception_message": str(error)}
            return [problem("invalid_input_type", message, f"{name}, {value}, {error}", **extra)]
        if outside := _outside_range(declared, value):
            kind, message = outside
            return [problem(kind, message, name, **self._info(schema, declared), received_value=value)]
        return self._check_choice(schema, declared, value)

    def _check_choice(self, schema: NodeSchema, declared: Input, value: object) -> list[Problem]:
        if declared.names_upload and self._catalogue.node_class(schema.name).validate:
            return []
        choices = self._catalogue.choices(schema.name, declared)
        if choices is None or self._catalogue.accepts(schema.name, declared, value):
            return []
        listed, info = str(choices), self._info(schema, declared)
        if len(choices) > 20:
            listed = f"(list of length {len(choices)})"
            info = {**info, "input_config": None}
        details = f"{declared.name}: '{value}' not in {listed}"
        return [problem("value_not_in_list", "Value not in list", details, **info, received_value=value)]

    def _info(self, schema: NodeSchema, declared: Input) -> dict[str, Any]:
        """What every report on an input says of it; made only for reports, since the choices may be a folder's."""
        return {"input_name": declared.name, "input_config": self._catalogue.config(schema.name, declared)}

    def _check_upload(
        self, custom: Callable[..., str | None], declared: Input, inputs: Mapping[str, Any]
    ) -> list[Problem]:
        constants = {name: value for name, value in inputs.items() if not isinstance(value, list)}
        reason = custom(self._files, **constants)
        if reason is None:
            return []
        message = "Custom validation failed for node"
        details = f"{declared.name} - {reason}"
        return [problem("custom_validation_failed", message, details, input_name=declared.name)]


def _outside_range(declared: Input, value: Any) -> tuple[str, str] | None:
    """Kind and message of the report on a number outside its range."""
    least, most = declared.options.get("min"), declared.options.get("max")
    if least is not None and value < least:
        return "value_smaller_than_min", f"Value {value} smaller than min of {least}"
    if most is not None and value > most:
        return "value_bigger_than_max", f"Value {value} bigger than max of {most}"
    return None


__all__ = ["Verdict", "problem", "validate"]

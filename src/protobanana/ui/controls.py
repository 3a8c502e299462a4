"""What every tab has beside words and pictures: model, size, quality, number, seed, and what to keep out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from protobanana.errors import InvalidRequestError
from protobanana.ui import widgets
from protobanana.ui.tabs import Field

Form = Mapping[str, Any]
"""A workflow as `GET /protobanana/workflows` describes it."""
AUTOMATIC = "auto"
FORMATS = ("png", "webp", "jpeg")


@dataclass(frozen=True)
class Controls:
    """The components, in the order in which `wishes` reads them."""

    sizes: gr.HTML
    quality: gr.Radio
    count: gr.Slider
    format: gr.Radio
    seed: gr.Textbox
    lock: gr.Checkbox
    negative: gr.Textbox

    @property
    def inputs(self) -> list[Any]:
        """For an event's inputs."""
        return [self.sizes, self.quality, self.count, self.format, self.seed, self.lock, self.negative]

    def fitted(self, form: Form | None) -> list[Any]:
        """Updates of `inputs` for a workflow: only what it has a use for is shown."""
        fit = Fit.of(form)
        return [
            {"options": fit.sizes, "chosen": ""},
            gr.update(choices=fit.qualities, value=AUTOMATIC, visible=len(fit.qualities) > 1),
            gr.update(visible=fit.seeded),
            gr.update(),
            gr.update(visible=fit.seeded),
            gr.update(visible=fit.seeded),
            gr.update(visible=fit.negative),
        ]


@dataclass(frozen=True)
class Fit:
    """What a workflow has a use for."""

    sizes: list[str]
    """As WIDTHxHEIGHT."""
    qualities: list[str]
    seeded: bool
    """Whether chance has a part in it: without, all variants are alike."""
    negative: bool

    @classmethod
    def of(cls, form: Form | None) -> Fit:
        """None: a workflow that is not known."""
        slots = (form or {}).get("slots", {})
        sized = {"width", "height"} <= slots.keys()
        return cls(
            list((form or {}).get("sizes", ())) if sized else [],
            [AUTOMATIC, *(form or {}).get("qualities", ())],
            "seed" in slots,
            "negative_prompt" in slots,
        )


ANY = Fit([], [AUTOMATIC, "low", "medium", "high"], seeded=True, negative=True)
"""For a chat, which finds the workflow itself."""


def controls(name: str, fit: Fit = ANY, *, several: bool = True) -> Controls:
    """Draw the controls. `several`: whether more than one picture can be asked for, in a format."""
    sizes = widgets.sizes(name, fit.sizes)
    with gr.Row():
        quality = gr.Radio(
            fit.qualities, value=AUTOMATIC, label="Quality", visible=len(fit.qualities) > 1, scale=3, min_width=230,
            elem_classes="pb-pills",
        )  # fmt: skip
        output = gr.Radio(
            list(FORMATS), value=FORMATS[0], label="Format", visible=several, scale=2, min_width=180,
            elem_classes="pb-pills",
        )  # fmt: skip
    count = gr.Slider(1, 10, value=1, step=1, label="Variants", visible=several and fit.seeded, buttons=[])
    with gr.Row():
        # Text: a browser's numbers cannot hold every seed.
        seed = gr.Textbox("", label="Seed", placeholder="random", max_lines=1, visible=fit.seeded, min_width=180)
        lock = gr.Checkbox(label="Lock seed", visible=fit.seeded, min_width=120, elem_classes="pb-lock")
    negative = gr.Textbox("", label="Keep out of the picture", max_lines=3, visible=fit.negative)
    seed.input(lambda: True, outputs=lock, queue=False, show_progress="hidden")
    return Controls(sizes, quality, count, output, seed, lock, negative)


def wishes(  # noqa: PLR0917 - Gradio passes by position
    sizes: Mapping[str, Any] | None,
    quality: str | None,
    count: float,
    output: str,
    seed: str | None,
    lock: bool,
    negative: str | None,
) -> dict[str, Any]:
    """The fields of a request for what the controls say; what is not set is left out."""
    number = (seed or "").strip()
    if lock and number and not number.isdecimal():
        raise InvalidRequestError("The seed is a whole number, or empty for a random one.", param="seed")
    return {
        **({"size": sizes["chosen"]} if sizes and sizes.get("chosen") else {}),
        **({"quality": quality} if quality and quality != AUTOMATIC else {}),
        **({"n": int(count)} if count > 1 else {}),
        **({"output_format": output} if output != FORMATS[0] else {}),
        **({"seed": int(number)} if lock and number else {}),
        **({"negative_prompt": negative} if negative and negative.strip() else {}),
    }


def component(field: Field, tab: str) -> Any:
    """A Gradio component for a field of a tab's form."""
    label, info, name = field.label, field.help or None, f"field-{tab}-{field.name}"
    if field.kind == "choice":
        return gr.Dropdown(
            list(field.choices), value=field.default, label=label, info=info, elem_id=name, allow_custom_value=False
        )
    if field.kind == "boolean":
        return gr.Checkbox(value=bool(field.default), label=label, info=info, elem_id=name)
    if field.kind in ("integer", "number"):
        # Numbers that a browser cannot hold exactly are no limits for a form.
        low, high = (edge if edge is not None and abs(edge) < 2**53 else None for edge in (field.low, field.high))
        whole = 0 if field.kind == "integer" else None
        value = field.default if isinstance(field.default, int | float) else None
        return gr.Number(value=value, label=label, info=info, elem_id=name, minimum=low, maximum=high, precision=whole)
    return gr.Textbox(value=str(field.default or ""), label=label, info=info, elem_id=name, max_lines=6)


def filled(fields: Sequence[Field], values: Sequence[Any]) -> dict[str, Any]:
    """The values that differ from the defaults, by name."""
    pairs = zip(fields, values, strict=True)
    return {field.name: value for field, value in pairs if value not in (None, "") and value != field.default}

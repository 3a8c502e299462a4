"""The page's own widgets: Gradio's HTML component with a script each, for what Gradio has no component."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import gradio as gr

_STATIC = files("protobanana.ui").joinpath("static")
_SCRIPTS = ("studio.js", "brush.js", "frame.js", "pictures.js", "stage.js", "tree.js")


def head() -> str:
    """What goes into the page's head: all scripts, in one piece, so that nothing has to be fetched for them."""
    return "".join(f"<script>{_STATIC.joinpath(name).read_text('utf-8')}</script>" for name in _SCRIPTS)


def css() -> str:
    """The widgets' looks."""
    return _STATIC.joinpath("studio.css").read_text("utf-8")


def pictures(
    name: str,
    label: str,
    most: int,
    *,
    place: str,
    brush: bool = False,
    sides: Sequence[str] = (),
    side_most: int = 0,
    shelf: bool = False,
) -> gr.HTML:
    """Pictures to work on. Value: `pictures` (references), `mask` (a data URL or None), `sides` (pixels by name).

    `place` is the title of the tab, `shelf` shows the earlier pictures at once.
    """
    return _widget(
        "pictures",
        f'<section class="pb-pictures" aria-label="{label}"></section>',
        {"pictures": [], "mask": None},
        elem_id=f"pictures-{name}",
        label=label,
        most=most,
        hint=f"{label}: drop, paste or choose",
        brush=brush,
        sides=list(sides) or None,
        sideMost=side_most,
        place=place,
        open=shelf,
    )


def stage(name: str, hint: str, *, quiet: bool = False) -> gr.HTML:
    """Progress, results, errors. Value: `live` (words, share, frame), `pictures`, `before`, `words`, `error`, `files`;
    `hint` is shown while there is nothing of that. A quiet one keeps the pictures for the session, and shows none.
    """
    return _widget(
        "stage",
        '<section class="pb-stage" aria-label="Result"></section>',
        {},
        elem_id=f"stage-{name}",
        hint=hint,
        quiet=quiet,
    )


def heading() -> gr.HTML:
    """The page's name, with its mark."""
    mark = _STATIC.joinpath("icon.svg").read_text("utf-8").replace("<svg ", '<svg aria-hidden="true" ', 1)
    return gr.HTML(f"<h1>{mark}protoBanana studio</h1>", elem_id="pb-title", apply_default_css=False, padding=False)


def sizes(name: str, options: Sequence[str] = ()) -> gr.HTML:
    """A choice of sizes. Value: `options` and `chosen`, as WIDTHxHEIGHT; nothing chosen: the model's own."""
    return _widget(
        "sizes",
        '<fieldset class="pb-sizes"></fieldset>',
        {"options": list(options), "chosen": ""},
        elem_id=f"sizes-{name}",
    )


def lineage() -> gr.HTML:
    """The pictures of this browser as a tree; they never leave it."""
    return _widget("lineage", '<div class="pb-tree"></div>', None, elem_id="lineage")


def turns() -> gr.HTML:
    """The turns of a chat as a tree. Value: `nodes`, `path`, `leaf`, and `pick` when one was chosen."""
    return _widget("turns", '<div class="pb-tree"></div>', None, elem_id="turns")


def _widget(script: str, template: str, value: Any, **props: Any) -> gr.HTML:
    return gr.HTML(
        value,
        html_template=template,
        js_on_load=f"studio.{script}(element, props, watch, trigger);",
        apply_default_css=False,
        padding=False,
        **props,
    )


def theme() -> gr.themes.Base:
    """The colours and shapes of the page; no font is fetched."""
    return gr.themes.Default(
        primary_hue="amber",
        neutral_hue="stone",
        radius_size="lg",
        font=("system-ui", "sans-serif"),
        font_mono=("ui-monospace", "monospace"),
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        block_background_fill="white",
        block_background_fill_dark="*neutral_900",
        input_background_fill="white",
        input_background_fill_dark="*neutral_900",
        button_large_text_weight="600",
        button_small_text_weight="500",
        button_secondary_background_fill="white",
        button_secondary_background_fill_hover="*neutral_100",
        button_secondary_border_color="*neutral_300",
        button_border_width="1px",
        # Amber is too light for Gradio's white.
        button_primary_background_fill="*primary_400",
        button_primary_background_fill_hover="*primary_300",
        button_primary_background_fill_dark="*primary_400",
        button_primary_background_fill_hover_dark="*primary_300",
        button_primary_border_color="*primary_400",
        button_primary_border_color_dark="*primary_400",
        button_primary_text_color="*neutral_950",
        button_primary_text_color_dark="*neutral_950",
        # As are the greys of its small print.
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_300",
        block_label_text_color="*neutral_700",
        block_title_text_color="*neutral_700",
        input_placeholder_color="*neutral_500",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
    )

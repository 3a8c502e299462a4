"""Scores of the router on labelled turns."""

from __future__ import annotations

from protobanana.turn.evaluate import corpus, evaluate


def _turn(text: str, **expect: object) -> dict[str, object]:
    return {"text": text, "has_image": True, "expect": expect}


def test_scores() -> None:
    """Operations, sizes, pads and phrases are scored apart, and a miss is kept with its answer."""
    pads = {"left": 256, "top": 0, "right": 0, "bottom": 0}
    report = evaluate(
        [
            _turn("extend left 256px", operation="outpaint", pads=pads),
            _turn("make it 16:9", operation="outpaint", pads=pads),
            _turn("make the tie red", operation="region_edit", region="The tie", result="a red tie"),
            _turn("draw a dog, 16:9", operation="generate", width=1664, height=928),
            _turn("thanks", operation="edit"),
        ]
    )

    scores = {name: (score.right, score.total) for name, score in report.rows()}
    assert scores["outpaint"] == (2, 2)
    assert scores["pads"] == (1, 2)
    assert scores["splits"] == scores["sizes"] == (1, 1)
    assert scores["edit"] == (0, 1)
    assert report.macro == 0.75
    assert [turn["text"] for turn, _ in report.misses] == ["make it 16:9", "thanks"]


def test_the_corpus_has_parts() -> None:
    """A part is a file; without one all turns are given."""
    assert 0 < len(corpus("dev")) < len(corpus())
    assert corpus("nothing") == []

"""The drawings against the vocabulary."""

from __future__ import annotations

import numpy as np
import pytest

from protobanana.engine.painter import pictograms, vocabulary
from protobanana.engine.painter.lexicon import tokens


def test_every_noun_has_a_drawing_and_every_drawing_a_noun() -> None:
    """The word list and the registry agree (the card is for unknown words)."""
    nouns = {head for head, _ in vocabulary.rows("noun")}

    assert nouns == set(pictograms.REGISTRY) - {"card"}


@pytest.mark.parametrize("noun", sorted(pictograms.REGISTRY))
def test_drawing_shows_something_anti_aliased(noun: str) -> None:
    """Between 3 % and 100 % of the square is covered, colours are premultiplied, and there are soft edges."""
    tile = pictograms.draw(noun, 64, (0.5, 0.2, 0.8), label="word")

    assert 0.03 < tile.alpha.mean() <= 1
    assert (tile.rgb <= tile.alpha[..., None] + 1e-6).all()
    assert np.isfinite(tile.rgb).all()


@pytest.mark.parametrize("role", vocabulary.ROLES)
def test_first_english_word_means_what_its_row_says(role: str) -> None:
    """No row's own name is shadowed by another list."""
    if role == "count":
        return
    wrong = {head for head, _ in vocabulary.rows(role) if [token.role for token in tokens(head.split()[0])] != [role]}

    assert not wrong

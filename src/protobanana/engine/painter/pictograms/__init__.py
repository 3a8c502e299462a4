"""Small flat pictures of things, drawn with a few ovals and polygons each."""

from __future__ import annotations

from protobanana.engine.painter.pictograms import (  # noqa: F401 - imported for what they register
    animals,
    creatures,
    food,
    household,
    nature,
    people,
    places,
    shapes,
    travel,
)
from protobanana.engine.painter.pictograms.pen import (
    REGISTRY,
    Tile,
    draw,
    extent,
    is_drawable,
    natural_colour,
    silhouette,
)

__all__ = ["REGISTRY", "Tile", "draw", "extent", "is_drawable", "natural_colour", "silhouette"]

"""Edit instructions carried out on a picture, from its pixels alone."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np

from protobanana.engine import raster
from protobanana.engine.painter import colours, drawing, finding, moods, placing, reading, styles, surgery
from protobanana.engine.painter.layout import Spot
from protobanana.engine.painter.pictograms import extent, natural_colour
from protobanana.engine.painter.reading import Clause, Phrase
from protobanana.engine.painter.regions import View
from protobanana.engine.painter.scene import Scene, Thing, thing_of
from protobanana.engine.painter.vocabulary import ACCESSORIES
from protobanana.engine.values import Bits, Picture

_THINGS = {"noun", "unknown"}
_SURROUNDINGS = {"background", "scene"}


def edit(picture: Picture, text: str, dice: random.Random, within: Bits | None = None) -> Picture:
    """The picture after the instructions of `text`, one after the other.

    `within` is the area (of the small copy) that an inpainting mask allows: things are looked for and drawn there.
    """
    editor = _Editor(picture, dice, within)
    clauses = [clause for clause in reading.read(text) if clause.verb != "keep"]
    for clause in clauses:
        editor.follow(clause)
    return editor.finished(text)


class _Editor:
    """A picture under work. Each `_verb` method carries out the clauses of that verb."""

    def __init__(self, picture: Picture, dice: random.Random, within: Bits | None) -> None:
        self.before = picture
        self.view = View(picture)
        self.dice = dice
        self.within = within
        self.mentioned: Phrase | None = None
        self.moods: list[str] = []
        self.styles: list[str] = []

    def follow(self, clause: Clause) -> None:
        """Carry out one clause; moods and styles wait until the things are done."""
        work: Callable[[Clause], None] = getattr(self, f"_{clause.verb or 'describe'}")
        work(clause)
        self.moods += clause.moods
        self.styles += clause.styles
        spoken_of = [phrase for phrase in clause.phrases if phrase.kind in _THINGS]
        self.mentioned = spoken_of[0] if spoken_of else self.mentioned

    def finished(self, text: str) -> Picture:
        """The result. An instruction that came to nothing still shows: the picture is tinted by its words."""
        picture = moods.apply(self.view.picture, dict.fromkeys(self.moods), self.dice)
        picture = styles.apply(picture, dict.fromkeys(self.styles), self.dice)
        if text.strip() and float(np.abs(picture - self.before).mean()) < 0.0008 and self.within is None:
            light = np.array(colours.pastel(self.dice), np.float32)
            picture = raster.f32(picture * (0.82 + 0.18 * light) * 0.97)
        return np.clip(picture, 0, 1).astype(np.float32)

    def _set(self, picture: Picture) -> None:
        self.view = View(picture.astype(np.float32))

    # What is meant ---------------------------------------------------------------------------------------------------

    def _area(self, phrase: Phrase | None) -> Bits:
        """The area a phrase means; the main thing where there is no telling."""
        found = None
        if phrase is not None and phrase.kind != "it":
            found = finding.find(self.view, phrase)
        elif phrase is not None and self.mentioned is not None:
            found = finding.find(self.view, self.mentioned)
        if self.within is not None:
            return self._inside(found)
        return found if found is not None else finding.subject(self.view)

    def _inside(self, found: Bits | None) -> Bits:
        """The part of an area that the mask allows; without one, what stands out within the mask."""
        assert self.within is not None  # noqa: S101 - the caller has looked
        for area in (found, finding.foreground(self.view)):
            if area is not None and (area & self.within).sum() > 0.12 * self.within.sum():
                return area & self.within
        return self.within

    def _backdrop(self, phrase: Phrase | None, shades: list[str]) -> Picture:
        height, width = self.view.picture.shape[:2]
        named = [colours.named(shade) for shade in shades]
        if phrase is not None and phrase.kind == "scene":
            scene = Scene(backdrop=phrase.noun, tint=named[0] if named else None)
        elif named:
            scene = Scene(ground=named[0])
        elif phrase is not None and phrase.kind == "noun":
            scene = Scene(things=(Thing(phrase.noun, count=12, size=0.6),))
            return drawing.paint_scene(scene, width, height, self.dice)
        else:
            scene = Scene(ground=(0.99, 0.99, 0.98))
        return drawing.background(scene, width, height, self.dice)[0]

    def _behind_all(self, backdrop: Picture, front: Phrase | None = None) -> None:
        kept = None
        if front is not None and front.kind in _THINGS:
            kept = finding.find(self.view, front)
        area = kept if kept is not None else finding.foreground(self.view)
        self._set(surgery.new_background(self.view, area, backdrop))

    # The verbs -------------------------------------------------------------------------------------------------------

    def _change(self, clause: Clause) -> None:
        old = [phrase for phrase in clause.phrases if phrase.side == 0]
        new = [phrase for phrase in clause.phrases if phrase.side == 1 and not _mere_background(phrase)]
        shades = [colour for colour, _, side in clause.loose if side == 1]
        if not new and not shades and len(old) > 1:
            old, new = old[:1], old[1:]
        target = old[0] if old else None
        if target is not None and target.kind in _SURROUNDINGS:
            goal = new[0] if new else None
            shades = shades or (goal.colours + goal.becomes if goal else target.becomes)
            if goal or shades:
                self._behind_all(self._backdrop(goal, shades))
        elif new and new[0].kind in _SURROUNDINGS:
            self._behind_all(self._backdrop(new[0], new[0].colours), target)
        elif new and new[0].kind == "text":
            self._replace_text(target, new[0])
        elif new:
            self._replace(target, new)
        elif shades:
            self._recolour_named(clause, target, shades[0])
        else:
            self._become(old)

    def _make(self, clause: Clause) -> None:
        phrases = [phrase for phrase in clause.phrases if phrase.kind != "text"]
        shades = [colour for colour, _, _ in clause.loose]
        subject = phrases[0] if phrases else None
        surroundings = next((phrase for phrase in phrases if phrase.kind in _SURROUNDINGS), None)
        others = [phrase for phrase in phrases[1:] if phrase.kind in _THINGS]
        if surroundings is not None and (surroundings is subject or not others):
            goal = next((phrase for phrase in phrases if phrase.kind == "scene"), surroundings)
            self._behind_all(self._backdrop(goal, surroundings.becomes or surroundings.colours or shades))
        elif subject is not None and others and not any(phrase.becomes for phrase in phrases):
            self._replace(subject, others)
        elif any(phrase.becomes for phrase in phrases):
            self._become(phrases)
        elif shades:
            self._recolour_named(clause, subject, shades[0])
        elif subject is not None and subject.kind == "noun" and not subject.definite:
            self._replace(None, [subject])
        elif subject is not None and subject.colours:
            bare = reading.Phrase(subject.noun, subject.kind)
            self._set(surgery.recolour(self.view, self._area(bare), colours.named(subject.colours[0])))

    def _become(self, phrases: list[Phrase]) -> None:
        for phrase in phrases:
            if phrase.becomes and phrase.kind == "background":
                self._behind_all(self._backdrop(None, phrase.becomes))
            elif phrase.becomes:
                self._set(surgery.recolour(self.view, self._area(phrase), colours.named(phrase.becomes[0])))

    def _recolour_named(self, clause: Clause, target: Phrase | None, shade: str) -> None:
        """`change the red to blue`: pixels of a colour; else the thing that was named."""
        old = [colour for colour, _, side in clause.loose if side == 0]
        area = finding.of_colour(self.view.small, old[0]) if old and target is None else None
        if area is None or not area.any():
            area = self._area(target)
        self._set(surgery.recolour(self.view, area, colours.named(shade)))

    def _replace(self, target: Phrase | None, new: list[Phrase]) -> None:
        goal = new[0]
        pronoun = target is None or target.kind == "it"
        area = placing.worn_area(self.view, goal.noun) if pronoun and goal.noun in ACCESSORIES else None
        if area is None:
            area = self._area(target)
        box = surgery.box_of(self.view, area)
        before = surgery.main_colour(self.view, area)
        self._set(surgery.erase(self.view, area))
        thing = thing_of(goal)
        keeps = thing.colour is None and natural_colour(thing.noun) is None
        self._draw(Thing(thing.noun, before, thing.accent, thing.size, label=thing.label) if keeps else thing, box)
        self._add_all([phrase for phrase in new[1:] if phrase.kind in _THINGS], None)

    def _draw(self, thing: Thing, box: surgery.Box) -> None:
        """A thing drawn so that it fills a box."""
        x, y, side = surgery.fit(thing, box, extent(thing.noun))
        picture = self.view.picture.copy()
        ground = surgery.main_colour(self.view, ~finding.foreground(self.view))
        drawing.put(picture, Spot(thing, x, y, side), drawing.colour_of(thing, self.dice, [ground], ground))
        self._set(picture)

    def _add(self, clause: Clause) -> None:
        nouns = [phrase for phrase in clause.phrases if phrase.kind in _THINGS]
        new = [phrase for phrase in nouns if not phrase.definite or (phrase.side == 0 and len(nouns) == 1)] or nouns[:1]
        anchor = next((phrase for phrase in nouns if phrase not in new and (phrase.definite or phrase.link)), None)
        surroundings = next((phrase for phrase in clause.phrases if phrase.kind in _SURROUNDINGS), None)
        if surroundings is not None and not surroundings.definite:
            front = next((phrase for phrase in nouns if phrase.definite), None)
            self._behind_all(self._backdrop(surroundings, surroundings.colours + surroundings.becomes), front)
            new = [phrase for phrase in new if not phrase.definite]
        self._add_all(new, anchor)
        for phrase in clause.phrases:
            if phrase.kind == "text":
                self._replace_text(None, phrase)

    def _add_all(self, phrases: list[Phrase], anchor: Phrase | None) -> None:
        """Places are chosen on the picture as it was, so that a hat does not become part of the head."""
        spots: list[Spot] = []
        for phrase in phrases:
            thing = thing_of(phrase)
            for index in range(phrase.count):
                if self.within is not None:
                    box = surgery.box_of(self.view, self.within)
                    place = surgery.fit(thing, box, extent(thing.noun))
                else:
                    place = placing.place(self.view, thing, phrase, anchor, index + len(spots))
                spots.append(Spot(thing, *place))
        picture = self.view.picture.copy()
        ground = surgery.main_colour(self.view, ~finding.foreground(self.view))
        for spot in spots:
            drawing.put(picture, spot, drawing.colour_of(spot.thing, self.dice, [ground], ground))
        self._set(picture)

    def _remove(self, clause: Clause) -> None:
        for phrase in clause.phrases:
            if phrase.kind in _SURROUNDINGS:
                self._behind_all(self._backdrop(None, []))
            elif phrase.kind == "it" or finding.find(self.view, phrase) is not None or self.within is not None:
                self._set(surgery.erase(self.view, self._area(phrase)))

    def _move(self, clause: Clause) -> None:
        target = next((phrase for phrase in clause.phrases if phrase.kind in _THINGS | {"it"}), self.mentioned)
        area = self._area(target)
        where = clause.place or (target.place if target else None) or (0.5, 0.5)
        height, width = self.view.picture.shape[:2]
        x, y = surgery.box_of(self.view, area).centre
        shift = (where[0] * width - x if where[0] != 0.5 or where[1] == 0.5 else 0.0,
                 where[1] * height - y if where[1] != 0.5 or where[0] == 0.5 else 0.0)  # fmt: skip
        self._set(surgery.moved(self.view, area, 1.0, shift))

    def _grow(self, clause: Clause) -> None:
        self._scale(clause, 1.5)

    def _shrink(self, clause: Clause) -> None:
        self._scale(clause, 0.6)

    def _scale(self, clause: Clause, factor: float) -> None:
        target = next((phrase for phrase in clause.phrases if phrase.kind in _THINGS | {"it"}), self.mentioned)
        self._set(surgery.moved(self.view, self._area(target), factor, (0, 0)))

    def _describe(self, clause: Clause) -> None:
        """No verb: what is described and not there yet is added; a described background is put behind."""
        for phrase in clause.phrases:
            shades = phrase.colours + phrase.becomes
            if phrase.link == "without":
                self._remove(Clause(phrases=[phrase]))
            elif phrase.kind == "scene" or (phrase.kind == "background" and shades):
                if self.within is None:
                    self._behind_all(self._backdrop(phrase, shades))
            elif phrase.kind == "text":
                self._replace_text(None, phrase)
            elif phrase.kind in _THINGS and self._wanted(phrase):
                self._add_all([phrase], None)
        if clause.loose and not clause.phrases:
            self._recolour_named(clause, None, clause.loose[0][0])

    def _wanted(self, phrase: Phrase) -> bool:
        """Whether something merely described is to be drawn: into a mask always, else what is known and missing."""
        if self.within is not None:
            return True
        return phrase.kind == "noun" and finding.find_drawn(self.view, phrase) is None

    def _replace_text(self, target: Phrase | None, phrase: Phrase) -> None:
        """New lettering where a sign or the old lettering is, else along the lower edge."""
        height, width = self.view.picture.shape[:2]
        found = finding.find(self.view, target) if target is not None and target.kind == "noun" else None
        if found is not None:
            box = surgery.box_of(self.view, found)
            box = surgery.Box(box.x0 + box.width * 0.1, box.y0 + box.height * 0.1, box.x1 - box.width * 0.1,
                              box.y0 + box.height * 0.6)  # fmt: skip
        else:
            x, y = phrase.place or (0.5, 0.86)
            box = surgery.Box((x - 0.4) * width, (y - 0.09) * height, (x + 0.4) * width, (y + 0.09) * height)
        picture = self.view.picture.copy()
        shade = colours.named(phrase.colours[0]) if phrase.colours else None
        drawing.write(picture, phrase.noun, (box.x0, box.y0, box.x1, box.y1), shade)
        self._set(picture)


def _mere_background(phrase: Phrase) -> bool:
    """`with the background unchanged`: nothing to do."""
    return phrase.kind == "background" and not phrase.colours and not phrase.becomes and phrase.link != "to"

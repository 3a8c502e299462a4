"""The words of the data files in `words/`: a trie per language that turns token sequences into tagged tokens."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

from protobanana.operations.language.tokens import Token, fold, has_kana, is_cjk, tokenise

LATIN = ("en", "de", "es", "fr")
LANGUAGES = (*LATIN, "zh", "ja")
_SHARED = "shared"
_CORRECTED = ("verb.", "noun.background", "noun.picture", "adj.transparent", "participle.")
_SHORTEST_CORRECTED = 6
_HINT = 0.2
"""What a word of the data files counts for its language; a telltale counts 1."""


class _Node:
    """One step of the trie: exact next words, next words by prefix (written `word*` in the data), tags of a phrase."""

    __slots__ = ("next", "prefixes", "tags")

    def __init__(self) -> None:
        self.next: dict[str, _Node] = {}
        self.prefixes: list[tuple[str, _Node]] = []
        self.tags: frozenset[str] = frozenset()

    def step(self, word: str) -> _Node | None:
        found = self.next.get(word)
        if found is None:
            for prefix, node in self.prefixes:
                if word.startswith(prefix):
                    return node
        return found


class Lexicon:
    """All phrases of one language, and the pairs of words that mean something only together ("cut ... out")."""

    def __init__(self, tables: Sequence[Mapping[str, Any]]) -> None:
        self._root = _Node()
        self._pairs: dict[str, list[tuple[str, str]]] = {}
        self.settings: dict[str, Any] = {}
        self._near: dict[str, set[str]] = {}
        self._sound = frozenset(word for table in tables for word in table.get("sound", ()))
        for table in tables:
            for head, particle, tag in table.get("pairs", ()):
                self._pairs.setdefault(head, []).append((particle, tag))
            self.settings |= table.get("settings", {})
            for tag, phrase in _phrases(
                {k: v for k, v in table.items() if k not in {"pairs", "settings", "sound", "telltale"}}
            ):
                self._add(tag, phrase)
                hasty = _ELIDED.sub(r"\1\2", phrase)
                if hasty != phrase:
                    self._add(tag, hasty)
        self._stems = [(head[:-1], pairs) for head, pairs in self._pairs.items() if head.endswith("*")]

    def _add(self, tag: str, phrase: str) -> None:
        node = self._root
        words = _words(phrase)
        for word in words:
            if word.endswith("*") and len(word) > 1:
                stem = word[:-1]
                known = dict(node.prefixes).get(stem)
                if known is None:
                    known = _Node()
                    node.prefixes.append((stem, known))
                    node.prefixes.sort(key=lambda entry: -len(entry[0]))
                node = known
            else:
                node = node.next.setdefault(word, _Node())
        node.tags |= {tag}
        if tag.startswith(_CORRECTED) and len(words) == 1 and len(words[0]) >= _SHORTEST_CORRECTED:
            for variant in _one_shorter(words[0].rstrip("*")):
                self._near.setdefault(variant, set()).add(words[0].rstrip("*"))

    def particles(self, word: str) -> list[tuple[str, str]]:
        """Particles that make another verb of a word, with the tag of that verb: "cut" has ("out", "verb.cutout")."""
        found = self._pairs.get(word, [])
        return found + [pair for stem, pairs in self._stems for pair in pairs if word.startswith(stem)]

    def tag(self, tokens: Sequence[Token]) -> list[Token]:
        """Merge the longest known phrases into tagged tokens; what is unknown stays as it is."""
        found: list[Token] = []
        position = 0
        while position < len(tokens):
            end, tags = self._longest(tokens, position)
            first = tokens[position]
            if end == position:
                tags = self._alone(first)
                end = position + 1
            if end == position + 1:
                first.tags = tags
                found.append(first)
            else:
                words = " ".join(token.word for token in tokens[position:end])
                kind = "cjk" if first.kind == "cjk" else "word"
                found.append(Token(words, first.start, tokens[end - 1].end, kind, tags))
            position = end
        return found

    def _longest(self, tokens: Sequence[Token], start: int) -> tuple[int, frozenset[str]]:
        node, position = self._root, start
        end, tags = start, frozenset[str]()
        while position < len(tokens):
            following = node.step(tokens[position].word)
            if following is None:
                break
            node = following
            position += 1
            if node.tags:
                end, tags = position, node.tags
        return end, tags

    def _alone(self, token: Token) -> frozenset[str]:
        """Tags of a word that is not in the lexicon as it stands: a possessive, or one slip of the fingers away."""
        if token.kind != "word":
            return frozenset()
        if self.particles(token.word):
            return frozenset({"pair"})
        if token.word.endswith(("'s", "s'")) and token.word not in _PRONOUNS:
            return frozenset({"possessive"})
        word = token.word
        if len(word) < _SHORTEST_CORRECTED - 1 or word in self._sound:
            return frozenset()
        candidates = {near for variant in _one_shorter(word) for near in self._near.get(variant, ())}
        for near in sorted(candidates):
            if near[0] == word[0] and abs(len(near) - len(word)) <= 1 and not _inflected(near, word):
                node = self._root.step(near)
                if node is not None:
                    return node.tags
        return frozenset()


_ELIDED = re.compile(r"\b(?!we'(?:re|ll)|it's|i'(?:ll|d)|s?he'(?:ll|d))([a-z]+)['’]([a-z]+)\b")
"""English contractions as they are typed in haste: "dont", "thats"; not those that become other words ("well")."""


_PRONOUNS = frozenset({"she's", "he's", "it's", "that's", "who's", "what's", "there's", "here's"})


def _inflected(known: str, word: str) -> bool:
    return word in (known + "s", known + "d", known + "r", known + "n") or known in (word + "s", word + "d", word + "r")


def _one_shorter(word: str) -> set[str]:
    return {word} | {word[:at] + word[at + 1 :] for at in range(len(word))}


def _words(phrase: str) -> list[str]:
    words: list[str] = []
    for token in tokenise(fold(phrase)):
        if token.word == "*" and words:
            words[-1] += "*"
        else:
            words.append(token.word)
    return words


def _phrases(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _phrases(value, f"{prefix}{key}.")
        elif isinstance(value, str):
            yield from ((f"{prefix}{key}", phrase.strip()) for phrase in value.split("|") if phrase.strip())


@lru_cache(maxsize=1)
def _tables() -> Mapping[str, Mapping[str, Any]]:
    folder = resources.files("protobanana.operations.language") / "words"
    return {
        name: tomllib.loads((folder / f"{name}.toml").read_text(encoding="utf-8")) for name in (_SHARED, *LANGUAGES)
    }


@lru_cache(maxsize=8)
def lexicon(language: str) -> Lexicon:
    """The lexicon of a language. Chinese and Japanese share one: short texts are often readable as either."""
    tables = _tables()
    own = ("zh", "ja") if language in {"zh", "ja"} else (language,)
    return Lexicon([tables[_SHARED], *(tables[name] for name in own)])


@lru_cache(maxsize=1)
def _telltales() -> Mapping[str, frozenset[str]]:
    """Latin words that give a language away, by word."""
    found: dict[str, set[str]] = {}
    for language in LATIN:
        for word in str(_tables()[language]["telltale"]).split("|"):
            found.setdefault(fold(word.strip()), set()).add(language)
    return {word: frozenset(languages) for word, languages in found.items()}


@lru_cache(maxsize=1)
def _vocabulary() -> Mapping[str, frozenset[str]]:
    """The languages whose data files use a word at all, by word."""
    found: dict[str, set[str]] = {}
    for language in LATIN:
        table = {key: value for key, value in _tables()[language].items() if isinstance(value, Mapping)}
        for _, phrase in _phrases({key: value for key, value in table.items() if key != "settings"}):
            for word in _words(phrase):
                found.setdefault(word, set()).add(language)
    return {word: frozenset(languages) for word, languages in found.items()}


def language_of(folded: str, tokens: Sequence[Token]) -> str:
    """The language of a text: `en`, `de`, `es`, `fr`, `zh` or `ja`; English when nothing tells."""
    if is_cjk(folded):
        return "ja" if has_kana(folded) else "zh"
    telltales, vocabulary = _telltales(), _vocabulary()
    votes = dict.fromkeys(LATIN, 0.0)
    for token in tokens[:200]:
        languages = telltales.get(token.word)
        if languages:
            for language in languages:
                votes[language] += 1 / len(languages)
        for language in vocabulary.get(token.word, ()):
            votes[language] += _HINT / len(vocabulary[token.word])
    if "¿" in folded or "¡" in folded:
        votes["es"] += 2
    best = max(votes, key=lambda language: votes[language])
    return best if votes[best] > votes["en"] else "en"

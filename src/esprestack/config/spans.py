"""Where a template's tags stand in a text, for those who change the text and keep its tags.

In: the text of a config before rendering; out: the span of each tag, and the text with its tags masked: a text of the
same length that YAML and JSON read, so that every place in it is the place in the template.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from esprestack.config.lines import Lines
from esprestack.config.tags import Kind, Piece, cut
from esprestack.errors import ConfigError, Problem, Where

_COMMENT_END = re.compile(r"#\}")
_GO_COMMENT_END = re.compile(r"\*/\s*-?\}\}")
_LOOKS_LIKE_A_TAG = re.compile(r"\{\{|\{%|\{#")
_RAW = re.compile(r"\s*(end)?raw\s*$")
_SILENT = re.compile(r"\s*(raw\s*$|set\s[^=]*=|end|el)")
"""Statements that put nothing into the text, and the ends of others."""


@dataclass(frozen=True, slots=True)
class Span:
    """A tag: `text[start:end]`, braces included."""

    kind: Kind
    start: int
    end: int
    inner: str
    """What stands between the braces."""


def spans(text: str, path: str) -> Iterator[Span]:
    """The tags of `text` in order. Raises ConfigError for one that is never closed."""
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    for piece in cut(text, path):
        if piece.kind != "text":
            start = starts[piece.line - 1] + piece.column - 1
            yield Span(piece.kind, start, _end(text, start, piece), piece.text)


def masked(text: str, path: str) -> str:
    """`text` with digits in place of each expression, and blanks in place of what renders to nothing.

    Raises ConfigError, all at once, for the statements whose result only rendering knows.
    """
    found = list(spans(text, path))
    if problems := [_unmergeable(text, path, span) for span in found if _makes_text(span)]:
        raise ConfigError(problems)
    pieces = []
    at = 0
    for span in found:
        pieces += [text[at : span.start], _mask(text, span)]
        at = span.end
    return "".join([*pieces, text[at:]])


def escaped(text: str) -> str:
    """The template that renders to `text`; ecschedule's templates render it to the same."""
    return _LOOKS_LIKE_A_TAG.sub(lambda match: f"{{{{ `{match.group()}` }}}}", text)


def _mask(text: str, span: Span) -> str:
    tag = text[span.start : span.end]
    line = text[text.rfind("\n", 0, span.start) + 1 :].partition("\n")[0]
    within_a_value = _RAW.match(span.inner) and line.strip() != tag
    return "1" * len(tag) if span.kind == "expression" or within_a_value else re.sub(r"[^\r\n]", " ", tag)


def _makes_text(span: Span) -> bool:
    return span.kind == "statement" and not _SILENT.match(span.inner)


def _unmergeable(text: str, path: str, span: Span) -> Problem:
    word = span.inner.split()[0] if span.inner.strip() else ""
    what = f"`{{% {word} %}}` can't be merged: what stands here isn't what comes out of it"
    todo = "write the rules out, or dump to another file and compare"
    return Problem(what, Where(path, *Lines(text).place(span.start)), todo)


def _end(text: str, start: int, piece: Piece) -> int:
    if piece.kind == "comment":
        pattern = _GO_COMMENT_END if text[start + 1] == "{" else _COMMENT_END
        match = pattern.search(text, start + 2)
        return match.end() if match else len(text)
    if piece.kind == "statement" and piece.text == "endraw":
        return text.index("%}", start) + 2  # `cut` leaves its blanks out
    inner = start + 2 + (text[start + 2] in "+-")
    end = inner + len(piece.text)
    return end + (text[end] == "-") + 2

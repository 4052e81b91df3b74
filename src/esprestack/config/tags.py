"""Cuts a template into literal text, `{{ expressions }}`, `{% statements %}` and comments, with positions.

Our own scanner, because Jinja's forgets columns and doesn't know Go's back-quoted strings, and because white space
around `{{- -}}` must be cut before the marks of `template` are set. Line breaks that are cut move into the tag, so
that Jinja's own line numbers stay those of the file.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from esprestack.config.lines import Lines
from esprestack.errors import ConfigError, Problem, Where

Kind: TypeAlias = Literal["text", "expression", "statement", "comment"]

_OPENING = re.compile(r"\{\{|\{%|\{#")
_GO_COMMENT = re.compile(r"\{\{-?\s*/\*")
_ENDRAW = re.compile(r"\{%([-+]?)\s*endraw\s*([-+]?)%\}")
_CLOSING = {"{{": "}}", "{%": "%}"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the template. `text` is what stands between a tag's braces, or the literal text itself; of a comment
    only its line breaks."""

    kind: Kind
    text: str
    line: int
    column: int
    before: str = ""
    """Line breaks that `-` cut away on the left of a tag."""
    after: str = ""


@dataclass(slots=True)
class _Raw:
    kind: Kind
    text: str
    start: int
    cut_left: bool = False
    cut_right: bool = False


def cut(template: str, path: str) -> list[Piece]:
    """The pieces of `template` in order. Raises ConfigError for a tag or a text in it that is never closed."""
    raws = list(_scan(template, path))
    lines = Lines(template)
    pieces: list[Piece] = []
    for index, raw in enumerate(raws):
        line, column = lines.place(raw.start)
        if raw.kind == "text":
            text = raw.text
            if index and raws[index - 1].cut_right:
                kept = text.lstrip()
                start = raw.start + len(text) - len(kept)
                line, column = lines.place(start)
                text = kept
            if index + 1 < len(raws) and raws[index + 1].cut_left:
                text = text.rstrip()
            pieces.append(Piece("text", text, line, column))
        else:
            left = raws[index - 1].text if index and raw.cut_left and raws[index - 1].kind == "text" else ""
            right = raws[index + 1].text if index + 1 < len(raws) and raw.cut_right else ""
            before = "\n" * left[len(left.rstrip()) :].count("\n")
            after = "\n" * right[: len(right) - len(right.lstrip())].count("\n")
            pieces.append(Piece(raw.kind, raw.text, line, column, before, after))
    return pieces


def _scan(template: str, path: str) -> Iterator[_Raw]:
    at = 0
    while match := _OPENING.search(template, at):
        start = match.start()
        if start > at:
            yield _Raw("text", template[at:start], at)
        if match.group() == "{#" or _GO_COMMENT.match(template, start):
            raw, at = _comment(template, start, path)
            yield raw
            continue
        inner = start + 2
        end = _find_end(template, inner, _CLOSING[match.group()], path, start)
        text = template[inner:end]
        kind: Kind = "expression" if match.group() == "{{" else "statement"
        raw = _Raw(kind, text[1:] if text[:1] in ("-", "+") else text, start, text[:1] == "-")
        if text.endswith("-") and len(text) > 1:
            raw.cut_right = True
            raw.text = raw.text.removesuffix("-")
        at = end + 2
        if kind == "statement" and raw.text.strip() == "raw":
            closing = _ENDRAW.search(template, at)
            if closing is None:
                raise _unclosed("{% raw %}", template, start, path)
            yield raw
            yield _Raw("text", template[at : closing.start()], at)
            yield _Raw("statement", "endraw", closing.start(), closing[1] == "-", closing[2] == "-")
            at = closing.end()
            continue
        yield raw
    if at < len(template):
        yield _Raw("text", template[at:], at)


def _comment(template: str, start: int, path: str) -> tuple[_Raw, int]:
    go = template[start + 1] == "{"
    closing = re.compile(r"\*/\s*-?\}\}" if go else r"[-+]?#\}").search(template, start + 2)
    if closing is None:
        raise _unclosed("{{/*" if go else "{#", template, start, path)
    breaks = "\n" * template.count("\n", start, closing.end())
    raw = _Raw("comment", breaks, start, template[start + 2] == "-", "-" in closing.group())
    return raw, closing.end()


def _find_end(template: str, at: int, closing: str, path: str, start: int) -> int:
    """The offset of the tag's closing braces, past those within texts and brackets."""
    depth = 0
    while at < len(template):
        character = template[at]
        if not depth and template.startswith(closing, at):
            return at
        if character in "\"'`":
            end = at + 1
            while end < len(template) and template[end] != character:
                end += 2 if template[end] == "\\" and character != "`" else 1
            if end >= len(template):
                raise _unclosed(character, template, at, path)
            at = end
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth = max(0, depth - 1)
        at += 1
    raise _unclosed("{{" if closing == "}}" else "{%", template, start, path)


def _unclosed(what: str, template: str, offset: int, path: str) -> ConfigError:
    line, column = Lines(template).place(offset)
    todo = "close it; text that only looks like a template belongs between {% raw %} and {% endraw %}"
    return ConfigError(Problem(f"`{what}` is never closed", Where(path, line, column), todo))

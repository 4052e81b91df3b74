"""A document as YAML that people read and keep: ecschedule's layout, quotes only where they are needed.

Readers of YAML 1.1 and of 1.2 get the same from it: what either of them could take for a number, a date or a boolean
is quoted. `scalar`, `block` and `flow` are the pieces, for those who write into a text that is there already.
"""

import difflib
import functools
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from esprestack.config.spans import escaped, spans
from esprestack.plan.model import Change

_LONGEST_FLOW = 100
"""Characters; a longer list of texts stands line by line."""

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""What YAML forbids, or what YAML 1.1 takes for a line break and 1.2 doesn't."""

_OTHER_TYPE = re.compile(
    r"""(?ix) y|n|yes|no|on|off|true|false|null|~|=|<<|nan|inf(inity)?
    | [-+]?[0-9_]+ | [-+]?0x[0-9a-f_]+ | [-+]?0o?[0-7_]+ | [-+]?0b[01_]+
    | [-+]?(\.[0-9_]*|[0-9_]+\.?[0-9_]*)(e[-+]?[0-9_]+)?
    | [-+]?[0-9][0-9_]*(:[0-9]+)+(\.[0-9_]*)? | [-+]?\.inf | \.nan
    | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(([t\ \t].*)|z)?"""
)
"""Texts that one of the two versions of YAML, or Go's readers of it, take for something else than a text."""

_PLAIN = re.compile(r"(?!---|\.\.\.)(?:-(?=[^\s\-])|--(?=[^\s\-])|[^\s\-?:,\[\]{}#&*!|>'\"%@`])(?:[^\n\t]*\S)?")
_NOT_PLAIN = re.compile(r":(?=\s|$)|\s#")
_FLOW_MARKS = re.compile(r"[,\[\]{}:?]")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a text: literal, or a template's tag that has to come out as it stands."""

    text: str
    is_tag: bool = False


Parts: TypeAlias = Callable[[str], Sequence[Part]]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is indented, in columns."""

    step: int = 2
    """From a mapping to the mapping in it."""
    dash: int = 0
    """From a key to the dashes of its list."""
    gap: int = 2
    """From a dash to its item."""


def to_yaml(document: Any) -> str:
    """`document` (dicts, lists, texts, numbers) as YAML with its own order of keys."""
    return "\n".join(block(document, literal)) + "\n"


def config_text(document: Any) -> str:
    """The text of a config: values are templates already (`{{ secret("NAME") }}`), keys are not."""
    return "\n".join(block(document, template)) + "\n"


def diff_lines(change: Change) -> Iterator[str]:
    """The change as a unified diff in the config's own words: lines that begin with ` `, `-` or `+`."""
    before = to_yaml([change.before]).splitlines() if change.before else []
    after = to_yaml([change.after]).splitlines() if change.after else []
    if not before or not after:  # nothing to be compared
        yield from (f"-{line}" for line in before)
        yield from (f"+{line}" for line in after)
        return
    lines = difflib.unified_diff(before, after, lineterm="", n=max(len(before), len(after), 1))
    yield from (line for line in lines if not line.startswith(("---", "+++", "@@")))


def literal(text: str) -> list[Part]:
    """A text in which braces are braces."""
    return [Part(text)]


def template(text: str) -> list[Part]:
    """A text whose tags are a template's."""
    if "{" not in text:
        return [Part(text)]
    parts, at = [], 0
    for span in spans(text, ""):
        parts += [Part(text[at : span.start]), Part(text[span.start : span.end], is_tag=True)]
        at = span.end
    return [part for part in [*parts, Part(text[at:])] if part.text]


def block(value: Any, parts: Parts, layout: Layout = Layout(), column: int = 0) -> list[str]:
    """The lines of a mapping or a list that stands in lines of its own, from `column` on."""
    pad = " " * column
    if isinstance(value, dict) and value:
        lines = []
        for key, child in value.items():
            lines += entry(key, child, parts, layout, column)
        return lines
    if isinstance(value, list) and value and not _is_short(value):
        lines = []
        for item in value:
            inside = column + layout.gap
            first, *others = block(item, parts, layout, inside)
            lines += [f"{pad}-{' ' * (layout.gap - 1)}{first[inside:]}", *others]
        return lines
    first, *others = _inline(value, parts)
    return [pad + first, *(f"{pad}{line}" if line else "" for line in others)]


def entry(key: str, value: Any, parts: Parts, layout: Layout, column: int) -> list[str]:
    """The lines of `key: value` in a mapping at `column`."""
    head = f"{' ' * column}{_key(key, parts, within_flow=False)}:"
    if isinstance(value, dict) and value:
        return [head, *block(value, parts, layout, column + layout.step)]
    if isinstance(value, list) and value and not _is_short(value):
        return [head, *block(value, parts, layout, column + layout.dash)]
    first, *others = _inline(value, parts)
    pad = " " * (column + layout.step)
    return [f"{head} {first}", *(pad + line if line else "" for line in others)]


def flow(value: Any, parts: Parts) -> str:
    """`value` in one line, as it may stand between brackets."""
    if isinstance(value, dict):
        pairs = (f"{_key(key, parts, within_flow=True)}: {flow(child, parts)}" for key, child in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(flow(item, parts) for item in value)}]"
    return scalar(value, parts, within_flow=True)[0]


def scalar(value: Any, parts: Parts, *, within_flow: bool = False, like: str = "") -> list[str]:
    """A text, number or boolean as the lines that stand for it; those after the first have no indentation yet.

    `like`: the quote that is kept where it can be; a text that doesn't need one has none otherwise.
    """
    if value is None:
        return ["null"]
    if not isinstance(value, str):
        return [str(value).lower()]
    pieces = parts(value)
    seen = "".join("x" if piece.is_tag else piece.text for piece in pieces)
    has_tags = any(piece.is_tag for piece in pieces)
    if _is_block(seen) and not within_flow and like not in ("'", '"'):
        marker = "|" if seen.endswith("\n") else "|-"
        return [marker, *"".join(piece.text for piece in pieces).removesuffix("\n").split("\n")]
    if not has_tags and not like and _is_plain(seen, within_flow):
        return [seen]
    if like != '"' and not _UNPRINTABLE.search(seen) and not re.search(r"[\n\t]", seen):
        quoted = (piece.text if piece.is_tag else piece.text.replace("'", "''") for piece in pieces)
        return [f"'{''.join(quoted)}'"]
    return [f'"{double_quoted(pieces)}"']


def double_quoted(pieces: Sequence[Part]) -> str:
    """What stands between double quotes, in YAML and in JSON; tags get back quotes, so that both can read it."""
    return "".join(_tag_in_quotes(piece.text) if piece.is_tag else _escapes(piece.text) for piece in pieces)


def _tag_in_quotes(tag: str) -> str:
    return tag if "`" in tag or "\\" in tag else tag.replace('"', "`")


def _escapes(text: str) -> str:
    quoted = json.dumps(text, ensure_ascii=False)[1:-1]
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match.group()):04x}", quoted)


def _inline(value: Any, parts: Parts) -> list[str]:
    return [flow(value, parts)] if isinstance(value, dict | list) else scalar(value, parts)


def _key(key: str, parts: Parts, *, within_flow: bool) -> str:
    """Keys are no templates: what looks like one is escaped where values are templates."""
    text = escaped(key) if parts is template else key
    return scalar(text, parts, within_flow=within_flow, like='"' if "\n" in key else "")[0]


def _is_short(items: Sequence[Any]) -> bool:
    """Lists of short texts (commands) stand in one line, as ecschedule writes them."""
    flat = all(isinstance(item, str) and "\n" not in item for item in items)
    return flat and sum(len(item) + 2 for item in items) <= _LONGEST_FLOW


def _is_block(text: str) -> bool:
    """Whether `text` may stand as a block: no blank that nobody sees, and one line break at its end at most."""
    if "\n" not in text or text[0].isspace() or "\t" in text or _UNPRINTABLE.search(text):
        return False
    lines = text.removesuffix("\n").split("\n")
    return bool(lines[-1]) and not any(line[-1:].isspace() for line in lines)


@functools.lru_cache(maxsize=4096)  # of hundreds of rules most keys and many values are the same
def _is_plain(text: str, within_flow: bool) -> bool:
    if not _PLAIN.fullmatch(text) or _OTHER_TYPE.fullmatch(text) or _UNPRINTABLE.search(text):
        return False
    return not _NOT_PLAIN.search(text) and not (within_flow and _FLOW_MARKS.search(text))

"""A Jsonnet source as tokens, and what can be read from its literal parts without evaluating it.

In: a Source; out: where texts, calls and the members of objects stand. A token is named by its number.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from esprestack.config.lines import Lines
from esprestack.config.lookups.base import JsonValue
from esprestack.config.source import Source
from esprestack.config.tree import Path
from esprestack.errors import Where

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|\#[^\n]*|/\*(?:.*?\*/|.*))
      | (?P<block>\|\|\|-?[ \t]*\n(?:.*?\n[ \t]*\|\|\||.*))
      | (?P<verbatim>@'(?:[^']|'')*(?:'|\Z)|@"(?:[^"]|"")*(?:"|\Z))
      | (?P<string>'(?:\\.|[^'\\])*(?:'|\Z)|"(?:\\.|[^"\\])*(?:"|\Z))
      | (?P<name>[A-Za-z_]\w*)
      | (?P<number>\d[\d_]*(?:\.\d+)?(?:[eE][-+]?\d+)?)
      | (?P<sign>.)""",
    re.DOTALL | re.VERBOSE,
)
"""Jsonnet's tokens. What isn't closed goes to the end: the texts of importstr are no Jsonnet."""

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_PAIRS = {"}": "{", "]": "[", ")": "("}
_CONSTANTS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    """Of a string: what it says."""
    start: int


@dataclass(frozen=True, slots=True)
class Member:
    key: str
    at: int
    """The key's token, the value's first, and the one behind the value."""
    start: int
    end: int


class Text:
    """One source as tokens."""

    def __init__(self, source: Source) -> None:
        self._path = source.path
        self._lines = Lines(source.text)
        self._tokens = [
            _Token(found.lastgroup or "", _said(found), found.start())
            for found in _TOKEN.finditer(source.text)
            if found.lastgroup != "space"
        ]
        self.match: dict[int, int] = {}
        """From an opening bracket to its closing one."""
        self._parents: list[int] = []
        """For each token the bracket that it stands in, or -1."""
        stack: list[int] = []
        for at, token in enumerate(self._tokens):
            if token.kind == "sign" and token.text in _PAIRS and stack:
                self.match[stack.pop()] = at
            self._parents.append(stack[-1] if stack else -1)
            if token.kind == "sign" and token.text in _PAIRS.values():
                stack.append(at)

    def where(self, at: int) -> Where:
        return Where(self._path, *self._lines.place(self._tokens[min(at, len(self._tokens) - 1)].start))

    def sign(self, at: int) -> str:
        """The sign at `at`; empty beyond the ends, a blank for anything else."""
        if not 0 <= at < len(self._tokens):
            return ""
        return self._tokens[at].text if self._tokens[at].kind == "sign" else " "

    def said(self, at: int) -> str:
        """What the name or string at `at` says."""
        in_text = 0 <= at < len(self._tokens) and self._tokens[at].kind not in ("sign", "number")
        return self._tokens[at].text if in_text else ""

    def strings(self, said: str) -> list[int]:
        """Where a literal says `said`; a key without quotes is one, too."""
        return [
            at
            for at, token in enumerate(self._tokens)
            if token.text == said and (token.kind in ("string", "verbatim") or self._is_key(at))
        ]

    def _is_key(self, at: int) -> bool:
        return self._tokens[at].kind == "name" and self.sign(at + 1) == ":" and self.sign(at - 1) in ("{", ",")

    def names(self, said: str) -> list[int]:
        return [at for at, token in enumerate(self._tokens) if token.text == said and token.kind == "name"]

    def natives(self) -> Iterator[int]:
        """The strings that `std.native` is called with."""
        for at in self.names("native"):
            if self.sign(at + 1) == "(" and self.said(at + 2):
                yield at + 2

    def calls(self, name: str, argument: int) -> bool:
        """Whether the string at `argument` is what `name` is called with first."""
        direct = self.said(argument - 2) == name
        native = self.sign(argument - 2) == ")" and self.said(argument - 3) == name
        return self.sign(argument - 1) == "(" and (direct or native)

    def around(self, at: int, kinds: str) -> int | None:
        """The innermost bracket of `kinds` that `at` stands in."""
        at = self._parents[at]
        while at >= 0 and self._tokens[at].text not in kinds:
            at = self._parents[at]
        return at if at >= 0 and at in self.match else None

    def root(self) -> int | None:
        """The object that the file is, if it is one as a whole, behind its locals."""
        last = len(self._tokens) - 1
        start = next((opening for opening, closing in self.match.items() if closing == last), None)
        return start if start is not None and self.sign(start - 1) in ("", ";") else None

    def follow(self, opening: int, path: Path, values: Sequence[JsonValue]) -> tuple[int | None, int]:
        """How far `path` can be followed in the literals from bracket `opening`: the token, and the parts taken."""
        found, depth = None, 0
        for part, value in zip(path, values, strict=False):
            child = self._member(opening, part) if isinstance(part, str) else self._element(opening, part)
            if child is None or self._is_added(child) or not self.can_be(child, value):
                break
            found, depth, opening = child.at, depth + 1, child.start
            if self.match.get(opening) != child.end - 1:
                break
        return found, depth

    def can_be(self, member: Member, value: JsonValue) -> bool:
        """Whether the member's value, if it is a literal, is `value`."""
        token = self._tokens[member.start]
        if member.end - member.start != 1 or self._is_added(member):
            return True
        if token.kind in ("string", "verbatim"):
            return token.text == value
        if token.kind == "number":
            return isinstance(value, int | float) and float(token.text.replace("_", "")) == value
        return token.text not in _CONSTANTS or _CONSTANTS[token.text] is value

    def _is_added(self, member: Member) -> bool:
        """Whether it adds to what another object holds: `key+: value`."""
        return self.sign(member.at + 1) == "+" and self.sign(member.start - 1) == ":"

    def keys(self, opening: int) -> frozenset[str]:
        """The keys of the members of an object."""
        return frozenset(member.key for member in self._members(opening))

    def members_named(self, key: str) -> list[Member]:
        return [
            member
            for opening in self.match
            if self._tokens[opening].text == "{"
            for member in self._members(opening)
            if member.key == key
        ]

    def _member(self, opening: int, key: str) -> Member | None:
        found = [member for member in self._members(opening) if member.key == key]
        return found[0] if len(found) == 1 and self._tokens[opening].text == "{" else None

    def _members(self, opening: int) -> Iterator[Member]:
        for start, end in self._parts(opening) or ():
            value = start + 1 + (self.sign(start + 1) == "+")
            while self.sign(value) == ":":
                value += 1
            if self.said(start) and value < end and self.sign(value - 1) == ":":
                yield Member(self.said(start), start, value, end)

    def _element(self, opening: int, index: int) -> Member | None:
        parts = self._parts(opening)
        if self._tokens[opening].text != "[" or parts is None or index >= len(parts):
            return None
        if any(self.said(start) in ("local", "assert") for start, _ in parts):
            return None
        start, end = parts[index]
        return Member("", start, start, end)

    def _parts(self, opening: int) -> list[tuple[int, int]] | None:
        """What stands between the commas in a bracket; None for a comprehension."""
        if opening not in self.match:
            return None
        parts: list[tuple[int, int]] = []
        start = at = opening + 1
        while at < self.match[opening]:
            if self._tokens[at].kind == "name" and self._tokens[at].text == "for":
                return None
            if self.sign(at) == ",":
                parts.append((start, at))
                start = at + 1
            at = self.match.get(at, at) + 1
        return parts if start == at else [*parts, (start, at)]


def _said(found: re.Match[str]) -> str:
    match found.lastgroup:
        case "string":
            return _ESCAPE.sub(_unescaped, found[0][1:-1])
        case "verbatim":
            return found[0][2:-1].replace(found[0][1] * 2, found[0][1])
    return found[0]


def _unescaped(escape: re.Match[str]) -> str:
    code = escape[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPED.get(code, code)

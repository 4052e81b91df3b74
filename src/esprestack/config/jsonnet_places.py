"""Where in Jsonnet files a value of their result, or the call of a look-up, stands.

In: the sources and the result; out: a Where. Jsonnet keeps no such map, so this reads the literal parts of the sources
and follows them. What computations made has the place of the rule's literal name or of the only key that can mean it;
where there is no telling, the place is the file as a whole.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property

from esprestack.config.jsonnet_tokens import Text
from esprestack.config.lookups.base import JsonValue
from esprestack.config.source import Source
from esprestack.config.tree import Path
from esprestack.errors import Where

_AFTER_A_WHOLE = frozenset({",", ";", "]", "}", ")", ""})
"""What stands behind an object that nothing is added to."""


class Places:
    """Answers for one evaluation: `sources` are its files, the config first, `data` is what came out."""

    def __init__(self, sources: Sequence[Source], data: JsonValue = None) -> None:
        self._main = Where(sources[0].path)
        self._sources = sources
        self._data = data

    @cached_property
    def _texts(self) -> "list[Text]":
        return [Text(source) for source in self._sources]

    def of_call(self, name: str, argument: str = "") -> Where:
        """The place of the look-up `name` that was called with `argument`."""
        literals = [(text, at) for text in self._texts for at in text.strings(argument)]
        calls = [(text, at) for text, at in literals if text.calls(name, at)]
        if not calls and not literals:
            calls = [(text, at + 2) for text in self._texts for at in text.names(name) if text.sign(at + 1) == "("]
            literals, calls = calls, []
        if calls or len(literals) == 1:
            text, at = (calls or literals)[0]
            return text.where(at)
        return self._main

    def of_native(self, name: str) -> Where:
        """The place where `std.native(name)` stands."""
        return next(
            (text.where(at) for text in self._texts for at in text.natives() if text.said(at) == name), self._main
        )

    def natives(self) -> list[str]:
        """The names that the sources ask `std.native` for."""
        return [text.said(at) for text in self._texts for at in text.natives()]

    def of_value(self, path: Path) -> Where:
        """The place of the value at `path`, of the nearest thing around it that can be told, or of the file."""
        values = list(_along(self._data, path))
        root = self._texts[0].root()
        deepest, depth = self._texts[0].follow(root, path, values) if root is not None else (None, 0)
        if deepest is not None and depth == len(path):
            return self._texts[0].where(deepest)
        named = self._named(path, values)
        if named and named[1]:
            return named[0]
        only = self._only(path, values)
        if only:
            return only
        if named:
            return named[0]
        if deepest is None or path[:depth] == ("rules",):  # the list of all rules says nothing about one
            return self._main
        return self._texts[0].where(deepest)

    def _named(self, path: Path, values: list[JsonValue]) -> tuple[Where, bool] | None:
        """The place below the literal of the rule's name, and whether it is the value's own."""
        rule = values[1] if path[:1] == ("rules",) and len(path) > 1 and len(values) > 1 else None
        name = rule.get("name") if isinstance(rule, dict) else None
        if not isinstance(rule, dict) or not isinstance(name, str):
            return None
        literals = [(text, at) for text in self._texts for at in text.strings(name)]
        own = [(text, at) for text, at in literals if text.sign(at - 1) == ":" and text.said(at - 2) == "name"]
        if len(own) == 1:
            text, at = own[0]
            around = text.around(at, "{")
            keys = text.keys(around) if around is not None else frozenset()
            if len(keys) > 1 and not keys <= rule.keys():
                return None  # the name of something else, a container's
            if around is not None and text.sign(text.match[around] + 1) in _AFTER_A_WHOLE:
                found, depth = text.follow(around, path[2:], values[2:])
                if found is not None:
                    return text.where(found), depth == len(path) - 2
            return text.where(at), len(path) == 2
        if len(literals) != 1:
            return None
        text, at = literals[0]
        beside = [other for other in text.strings(values[-1]) if other != at] if isinstance(values[-1], str) else []
        around = text.around(at, "({[")
        if len(values) == len(path) and len(beside) == 1 and around == text.around(beside[0], "({["):
            return text.where(beside[0]), True
        return text.where(at), path[2:] in ((), ("name",))

    def _only(self, path: Path, values: list[JsonValue]) -> Where | None:
        """The only place that gives a value to the last key of `path`, in all files."""
        keys = [index for index, part in enumerate(path) if isinstance(part, str)]
        of_rule = path[:1] == ("rules",) and len(path) < 3
        if of_rule or not keys or len(values) < len(path):
            return None
        value = values[keys[-1]]
        members = [(text, member) for text in self._texts for member in text.members_named(str(path[keys[-1]]))]
        possible = [(text, member) for text, member in members if text.can_be(member, value)]
        return possible[0][0].where(possible[0][1].at) if len(possible) == 1 else None


def _along(data: JsonValue, path: Path) -> Iterator[JsonValue]:
    """The values below the root on the way to `path`, as far as it goes."""
    for part in path:
        if isinstance(data, dict):
            if part not in data:
                return
            data = data[str(part)]
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
        else:
            return
        yield data

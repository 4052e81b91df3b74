"""JSON as the nodes that YAML has, with the place of each value.

YAML reads most JSON, but not all: a break before a colon, tabs, or a long key stop it. The text has passed `json.loads`
before, so that what is read here is well-formed.
"""

import json
import re

import yaml

_TOKEN = re.compile(r'[\s,:]*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<plain>[-+.\w]+)|(?P<mark>[\[\]{}]))')
_KINDS = {"t": "bool", "f": "bool", "n": "null"}


def compose_json(text: str) -> yaml.Node:
    """The root node of `text`. Texts are quoted scalars, all else plain ones. Raises JSONDecodeError for NaN."""
    return _Composer(text).value()


class _Composer:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def value(self) -> yaml.Node:
        match = self._next()
        start = _mark(match.start(match.lastgroup or 0))
        token = match[match.lastgroup or 0]
        if token == "{":  # noqa: S105 - a brace, no password
            return self._mapping(start)
        if token == "[":  # noqa: S105
            return self._sequence(start)
        end = _mark(match.end())
        if match.lastgroup == "text":
            return yaml.ScalarNode("tag:yaml.org,2002:str", json.loads(token, strict=False), start, end, style='"')
        if token.lstrip("-") in ("NaN", "Infinity"):  # Python reads them, JSON doesn't have them
            raise json.JSONDecodeError(f"{token} is no value of JSON", self._text, match.start("plain"))
        kind = _KINDS.get(token[0], "float")
        return yaml.ScalarNode(f"tag:yaml.org,2002:{kind}", token, start, end)

    def _mapping(self, start: yaml.Mark) -> yaml.Node:
        pairs = []
        while not self._closes("}"):
            key = self.value()
            pairs.append((key, self.value()))
        return yaml.MappingNode("tag:yaml.org,2002:map", pairs, start, _mark(self._at), flow_style=True)

    def _sequence(self, start: yaml.Mark) -> yaml.Node:
        items = []
        while not self._closes("]"):
            items.append(self.value())
        return yaml.SequenceNode("tag:yaml.org,2002:seq", items, start, _mark(self._at), flow_style=True)

    def _closes(self, mark: str) -> bool:
        """Whether the next token is `mark`, which is passed then."""
        match = _TOKEN.match(self._text, self._at)
        if match is None or match["mark"] != mark:
            return False
        self._at = match.end()
        return True

    def _next(self) -> re.Match[str]:
        match = _TOKEN.match(self._text, self._at)
        if match is None:
            raise ValueError(f"no JSON value at {self._at}")
        self._at = match.end()
        return match


def _mark(offset: int) -> yaml.Mark:
    """Places are told by their offset alone."""
    return yaml.Mark("", offset, 0, 0, None, 0)

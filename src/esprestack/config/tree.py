"""What a config file holds, and where in the *source* each value stands.

Scalars stay text: what `010`, `yes` or `1.10` mean is for the model to say, which knows the field.
"""

import functools
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import yaml

from esprestack.errors import Where

Path: TypeAlias = tuple[str | int, ...]
Data: TypeAlias = "Scalar | dict[str, Data] | list[Data] | None"

_Pair: TypeAlias = tuple[yaml.Node, yaml.Node]
_PREFIX = re.compile(r"(?:[&!]\S+\s+)+")


class Scalar(str):
    """A scalar's text; `plain` says that no quotes stood around it."""

    __slots__ = ("plain",)
    plain: bool

    def __new__(cls, text: str, plain: bool) -> "Scalar":
        scalar = super().__new__(cls, text)
        scalar.plain = plain
        return scalar


At: TypeAlias = Callable[[int], Where]
"""From an offset in the rendered text to the place in the source file."""


class Tree:
    """What a file holds. Places are looked up when somebody asks: a config without problems never does."""

    def __init__(self, data: Data, root: yaml.Node, at: "At") -> None:
        self.data = data
        self._root = root
        self._at = at
        self._pairs: dict[int, dict[str | int, _Pair]] = {}

    def where(self, path: Path) -> Where:
        """The place of the value at `path`, or of the nearest thing around it that stands in the file."""
        return self.find(path) or self.where(path[:-1])

    def find(self, path: Path) -> Where | None:
        """The place of the value at `path`, if it is there."""
        node = self._root
        for part in path:
            _, found = self._child(node, part)
            if found is None:
                return None
            node = found
        return place_of_node(node, self._at)

    def where_key(self, path: Path) -> Where:
        """The place of the key at `path`, or of its value where that is a list's item."""
        node = self._root
        for part in path[:-1]:
            _, found = self._child(node, part)
            if found is None:
                return place_of_node(node, self._at)
            node = found
        key, value = self._child(node, path[-1])
        return place_of_node(key or value or node, self._at)

    def where_within(self, path: Path, offset: int) -> Where:
        """The place of the character at `offset` of the text at `path`; the text's own where it is folded or escaped.

        Of what a template put in, it is the place of the tag that did.
        """
        node = self._root
        for part in path:
            node = self._child(node, part)[1] or node
        if isinstance(node, yaml.ScalarNode):
            quotes = len(node.style or "")
            length = node.end_mark.index - node.start_mark.index
            if node.style in (None, "", "'", '"') and length == len(node.value) + 2 * quotes:
                return self._at(node.start_mark.index + quotes + offset)
        return self.where(path)

    def replaced(self, text: str, shown: Callable[[str, Any], Any]) -> str:
        """`text`, which this tree was read from, with each scalar that `shown(path, value)` alters replaced.

        Paths are as in reports: `containerOverrides[app].environment.TZ`, a list of texts as one value.
        """
        edits: dict[int, tuple[int, str]] = {}
        for path, value, nodes in _leaves(self._root, ""):
            after = shown(path, value)
            pairs = zip(value, after, strict=True) if isinstance(value, list) else [(value, after)]
            for (old, new), node in zip(pairs, nodes, strict=True):
                if old != new:
                    edits[node.start_mark.index] = (node.end_mark.index, new)
        for start in sorted(edits, reverse=True):
            end, new = edits[start]
            old = text[start:end]
            prefix = _PREFIX.match(old)
            breaks = old[len(old.rstrip("\n")) :]  # a block scalar ends with its line
            quoted = json.dumps(new, ensure_ascii=False)
            text = f"{text[:start]}{prefix[0] if prefix else ''}{quoted}{breaks}{text[end:]}"
        return text

    def _child(self, node: yaml.Node, part: str | int) -> "_Pair | tuple[None, yaml.Node | None]":
        """Key and value below `node`; of a mapping its own key goes before one that `<<` merges in."""
        if isinstance(node, yaml.MappingNode):
            if id(node) not in self._pairs:
                self._pairs[id(node)] = _pairs(node)
            return self._pairs[id(node)].get(part, (None, None))
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            return None, node.value[part]
        return None, None

    @functools.cached_property
    def shared(self) -> frozenset[str]:
        """Top-level keys that only hold YAML anchors which other keys use (`common: &common …`)."""
        return frozenset(_anchor_holders(self._root))


def _pairs(node: yaml.MappingNode) -> dict[str | int, _Pair]:
    pairs: dict[str | int, _Pair] = {}
    for mapping in _with_merged(node, set()):
        for key, value in mapping.value:
            if isinstance(key, yaml.ScalarNode):
                pairs.setdefault(key.value, (key, value))
    return pairs


def _with_merged(node: yaml.MappingNode, seen: set[int]) -> Iterator[yaml.MappingNode]:
    """`node`, then what `<<` merges into it, each mapping once."""
    seen.add(id(node))
    yield node
    for key, value in node.value:
        if is_merge(key):
            for merged in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if isinstance(merged, yaml.MappingNode) and id(merged) not in seen:
                    yield from _with_merged(merged, seen)


def place_of_node(node: yaml.Node, at: At) -> Where:
    """Where `node` begins."""
    return at(node.start_mark.index)


def _leaves(node: yaml.Node, path: str) -> Iterator[tuple[str, Any, list[yaml.Node]]]:
    """Texts and lists of texts with the nodes they stand at; below `rules` paths begin at the rule's own keys."""
    if isinstance(node, yaml.ScalarNode):
        yield path, str(node.value), [node]
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and not is_merge(key):
                below = "" if not path and key.value == "rules" else f"{path}.{key.value}" if path else key.value
                yield from _leaves(value, below)
    elif isinstance(node, yaml.SequenceNode):
        if node.value and all(isinstance(item, yaml.ScalarNode) for item in node.value):
            yield path, [str(item.value) for item in node.value], node.value
            return
        for index, item in enumerate(node.value):
            named = _named_value(item)
            if named:
                yield f"{path}.{named[0]}", str(named[1].value), [named[1]]
            else:
                yield from _leaves(item, f"{path}[{index}]" if path else "")


def _named_value(node: yaml.Node) -> tuple[str, yaml.ScalarNode] | None:
    """Name and value of a pair as ECS's definitions have them: `{name: TZ, value: UTC}`, tags with `key`."""
    if not isinstance(node, yaml.MappingNode) or len(node.value) != 2:
        return None
    pair = {key.value.lower(): value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    name, value = pair.get("name") or pair.get("key"), pair.get("value")
    if isinstance(name, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode):
        return str(name.value), value
    return None


def is_merge(key: yaml.Node) -> bool:
    """Whether it is YAML's `<<`."""
    return isinstance(key, yaml.ScalarNode) and key.value == "<<" and not key.style


def _anchor_holders(root: yaml.Node) -> Iterator[str]:
    """Top-level keys that hold nodes which others use: places where ecschedule's users keep their anchors."""
    if not isinstance(root, yaml.MappingNode):
        return
    inside = [(key, value, {id(node): node for node in _below(value)}) for key, value in root.value]
    holders = Counter(number for _, _, nodes in inside for number in nodes)
    for key, value, nodes in inside:
        if value.start_mark.index < key.start_mark.index:
            continue  # an alias: what it names is held elsewhere
        own = (number for number, node in nodes.items() if node.start_mark.index >= value.start_mark.index)
        if any(holders[number] > 1 for number in own):
            yield key.value


def _below(node: yaml.Node) -> Iterator[yaml.Node]:
    seen: set[int] = set()
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, yaml.SequenceNode):
            waiting.extend(node.value)
        elif isinstance(node, yaml.MappingNode):
            waiting.extend(part for pair in node.value for part in pair)


def copied(value: Any) -> Any:
    """A copy of a tree or of a part of it: as `copy.deepcopy` for what JSON can say, and quicker."""
    if isinstance(value, dict):
        return {key: copied(child) for key, child in value.items()}
    return [copied(child) for child in value] if isinstance(value, list) else value

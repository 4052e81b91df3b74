"""A config file as nodes that know where they stand, before rendering: what `merge` edits.

In: a masked text (`config.spans`), whose offsets are those of the file; out: its tree. Aliases stay aliases.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml

from esprestack.config.json_nodes import compose_json
from esprestack.config.lines import Lines
from esprestack.errors import ConfigError, Problem, Where

_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)+")


@dataclass(slots=True)
class Node:
    """A value: `text[start:end]` without the blanks, comments and line breaks after it."""

    kind: Literal["mapping", "list", "scalar", "alias"]
    start: int
    end: int
    value: str = ""
    """Of a scalar its masked text, of an alias the anchor's name."""
    style: str = ""
    """Of a scalar its quote, or how its block begins."""
    anchor: str = ""
    body: int = 0
    """Where it begins after its anchor and tag."""
    is_flow: bool = False
    items: list["Node"] = field(default_factory=list)
    pairs: list["Pair"] = field(default_factory=list)

    @property
    def is_merge(self) -> bool:
        return self.kind == "scalar" and self.value == "<<" and not self.style


@dataclass(slots=True)
class Pair:
    key: Node
    value: Node

    @property
    def start(self) -> int:
        return self.key.start

    @property
    def end(self) -> int:
        return max(self.key.end, self.value.end)


@dataclass(frozen=True, slots=True)
class Nodes:
    """A file's nodes from its root, its anchors by name, and where those begin that aliases use."""

    root: Node
    anchors: Mapping[str, Node] = field(default_factory=dict)
    shared: frozenset[int] = frozenset()

    def merged_keys(self, node: Node) -> frozenset[str]:
        """The keys that `<<` brings into a mapping."""
        keys: frozenset[str] = frozenset()
        for pair in node.pairs:
            if pair.key.is_merge:
                for part in pair.value.items or [pair.value]:
                    mapping = self.anchors.get(part.value, part) if part.kind == "alias" else part
                    keys |= {inner.key.value for inner in mapping.pairs} | self.merged_keys(mapping)
        return keys

    def lends(self, node: Node, *, itself: bool = True) -> bool:
        """Whether aliases use the node or something in it: it can't go without them."""
        return any(node.start + (not itself) <= start < node.end for start in self.shared)


def read_nodes(text: str, path: str) -> Nodes:
    """The nodes of `text`. Raises ConfigError where it is no YAML, or no JSON, until it is rendered."""
    try:
        if path.endswith(".json"):
            json.loads(text)
            return Nodes(_of_json(compose_json(text)))
        return _Builder(text).read()
    except json.JSONDecodeError as error:
        said, offset = error.msg, error.pos
    except yaml.MarkedYAMLError as error:
        said, offset = error.problem or "", _offset(error.problem_mark or error.context_mark)
    what = f"can't be merged: before it is rendered this is neither YAML nor JSON: {said}"
    todo = "let templates stand where values stand, each within one value"
    raise ConfigError(Problem(what, Where(path, *Lines(text).place(offset)), todo))


class _Builder:
    """Events to nodes; PyYAML's own composer forgets where an alias stands."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._events: Iterator[yaml.Event] = iter(yaml.parse(text, Loader=_Loader))
        self._anchors: dict[str, Node] = {}
        self._shared: set[int] = set()

    def read(self) -> Nodes:
        root = Node("scalar", 0, 0)
        for event in self._events:
            if isinstance(event, yaml.NodeEvent):
                root = self._node(event)
        return Nodes(root, self._anchors, frozenset(self._shared))

    def _node(self, event: yaml.Event) -> Node:
        start, end = _offset(event.start_mark), _offset(event.end_mark)
        match = _PROPERTIES.match(self._text, start)
        body = match.end() if match else start
        if isinstance(event, yaml.AliasEvent):
            self._shared |= {self._anchors[name].start for name in [str(event.anchor)] if name in self._anchors}
            return Node("alias", start, end, str(event.anchor), body=start)
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event, start, end, body)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = Node("list", start, end, body=body, is_flow=bool(event.flow_style))
            self._fill(node, yaml.SequenceEndEvent)
        else:
            node = Node("mapping", start, end, body=body, is_flow=bool(getattr(event, "flow_style", False)))
            self._fill(node, yaml.MappingEndEvent)
        node.anchor = str(getattr(event, "anchor", None) or "")
        if node.anchor:
            self._anchors[node.anchor] = node
        return node

    def _scalar(self, event: yaml.ScalarEvent, start: int, end: int, body: int) -> Node:
        style = event.style or ""
        if style in ("|", ">"):
            style = self._text[body : body + 3].split()[0]
            kept = self._text[body:end]
            kept = kept.removesuffix("\n").removesuffix("\r") if "+" in style else kept.rstrip()
            end = body + len(kept)
        return Node("scalar", start, end, str(event.value), style, body=body)

    def _fill(self, node: Node, last: type[yaml.Event]) -> None:
        for event in self._events:
            if isinstance(event, last):
                inner: list[Node | Pair] = [*node.items, *node.pairs]
                node.end = _offset(event.end_mark) if node.is_flow or not inner else inner[-1].end
                return
            child = self._node(event)
            if node.kind == "list":
                node.items.append(child)
            else:
                node.pairs.append(Pair(child, self._node(next(self._events))))


def _offset(mark: Any) -> int:
    """libyaml's marks and PyYAML's own have no type in common."""
    return mark.index if mark else 0


def _of_json(node: Any) -> Node:
    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, yaml.MappingNode):
        pairs = [Pair(_of_json(key), _of_json(value)) for key, value in node.value]
        return Node("mapping", start, end, body=start, is_flow=True, pairs=pairs)
    if isinstance(node, yaml.SequenceNode):
        return Node("list", start, end, body=start, is_flow=True, items=[_of_json(item) for item in node.value])
    return Node("scalar", start, end, str(node.value), str(node.style or ""), body=start)

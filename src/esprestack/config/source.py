"""A file's text, the YAML or JSON tree in it, and where in the *source* each value stands.

In: rendered text with its map back to the source; out: a `Tree` of dicts, lists and `Scalar`s whose every path has
a `Where`. Scalars stay text: what `010`, `yes` or `1.10` mean is for the model to say, which knows the field.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from esprestack.config.json_nodes import compose_json
from esprestack.config.lines import Lines
from esprestack.errors import ConfigError, Problem, Where
from esprestack.secrets import RESERVED

Path: TypeAlias = tuple[str | int, ...]
Data: TypeAlias = "Scalar | dict[str, Data] | list[Data] | None"

MISSING = "\uf105"
"""Stands for a value that a template's function didn't have, so that the rest of the file is still checked."""

MOST_NODES = 500_000
"""A tree larger than this is a file that unfolds itself ("billion laughs"), not a config."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_CONTROL = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAGS = {
    f"tag:yaml.org,2002:{kind}"
    for kind in ("str", "int", "float", "bool", "null", "timestamp", "merge", "seq", "map", "value")
}
_PREFIX = re.compile(r"(?:[&!]\S+\s+)+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Source:
    """A config file as it was read: the path as people know it, and its text."""

    path: str
    text: str

    @property
    def is_json(self) -> bool:
        return self.path.endswith((".json", ".jsonnet"))


class Scalar(str):
    """A scalar's text; `plain` says that no quotes stood around it."""

    __slots__ = ("plain",)
    plain: bool

    def __new__(cls, text: str, plain: bool) -> "Scalar":
        scalar = super().__new__(cls, text)
        scalar.plain = plain
        return scalar


def check_reserved(source: Source) -> None:
    """Raises ConfigError for private-use characters that are ours: a file could forge a seal with them."""
    match = RESERVED.search(source.text)
    if match:
        line, column = Lines(source.text).place(match.start())
        what = f"the private-use character U+{ord(match.group()):04X} may not stand in a config"
        raise ConfigError(Problem(what, Where(source.path, line, column), "remove it"))


Locate: TypeAlias = Callable[[int, int], Where]
"""From line and column (both from 1) of the rendered text to the place in the source file."""

At: TypeAlias = Callable[[int], Where]
"""From an offset in the rendered text to the place in the source file."""


class Tree:
    """What a file holds. Places are looked up when somebody asks: a config without problems never does."""

    def __init__(self, data: Data, root: yaml.Node, at: "At") -> None:
        self.data = data
        self._root = root
        self._at = at

    def where(self, path: Path) -> Where:
        """The place of the value at `path`, or of the nearest thing around it that stands in the file."""
        return self.find(path) or self.where(path[:-1])

    def find(self, path: Path) -> Where | None:
        """The place of the value at `path`, if it is there."""
        node = self._root
        for part in path:
            _, found = _child(node, part)
            if found is None:
                return None
            node = found
        return _place(node, self._at)

    def where_key(self, path: Path) -> Where:
        """The place of the key at `path`, or of its value where that is a list's item."""
        node = self._root
        for part in path[:-1]:
            _, found = _child(node, part)
            if found is None:
                return _place(node, self._at)
            node = found
        key, value = _child(node, path[-1])
        return _place(key or value or node, self._at)

    def where_within(self, path: Path, offset: int) -> Where:
        """The place of the character at `offset` of the text at `path`; the text's own where it is folded or escaped.

        Of what a template put in, it is the place of the tag that did.
        """
        node = self._root
        for part in path:
            node = _child(node, part)[1] or node
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

    @property
    def shared(self) -> frozenset[str]:
        """Top-level keys that only hold YAML anchors which other keys use (`common: &common …`)."""
        return frozenset(_anchor_holders(self._root))


def _child(node: yaml.Node, part: str | int) -> tuple[yaml.Node | None, yaml.Node | None]:
    """Key and value below `node`; of a mapping its own key goes before one that `<<` merges in."""
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return None, node.value[part]
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value == part:
                return key, value
        for key, value in node.value:
            if _is_merge(key):
                for merged in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                    if isinstance(merged, yaml.MappingNode) and merged is not node:
                        found = _child(merged, part)
                        if found[1] is not None:
                            return found
    return None, None


def read_tree(text: str, source: Source, locate: Locate) -> Tree:
    """The tree in `text`, which was rendered from `source`.

    Raises ConfigError at the source's line and column for broken YAML or JSON, a second document, a doubled key, an
    unknown tag or an alias that contains itself.
    """
    lines = Lines(text)

    def at(offset: int) -> Where:
        return locate(*lines.place(offset))

    if match := _CONTROL.search(text):
        what = f"the character U+{ord(match.group()):04X} may not stand in a config"
        raise ConfigError(Problem(what, at(match.start()), "remove it, or write it as an escape"))
    nodes = [_json_node(text, at)] if source.is_json and text.strip() else _yaml_nodes(text, at)
    documents = [node for node in nodes if node is not None and not _is_null(node)]
    if not documents:
        raise ConfigError(
            Problem("the config is empty", Where(source.path), "it needs at least `cluster:` and a list `rules:`")
        )
    if len(documents) > 1:
        raise ConfigError(
            Problem(
                "a config is one YAML document, this is a second one",
                _place(documents[1], at),
                "remove the `---` before it, or put it into a file of its own",
            )
        )
    return _Reader(text, at).read(documents[0])


def _json_node(text: str, at: At) -> yaml.Node:
    try:
        json.loads(text)
        return compose_json(text)
    except json.JSONDecodeError as error:
        raise ConfigError(Problem(f"broken JSON: {error.msg}", at(error.pos), "mend the JSON here")) from None
    except RecursionError:
        raise ConfigError(Problem("the JSON is nested too deeply", at(0))) from None


def _yaml_nodes(text: str, at: At) -> list[yaml.Node]:
    try:
        return list(yaml.compose_all(text, Loader=_Loader))
    except yaml.MarkedYAMLError as error:
        raise ConfigError(_broken_yaml(error, at)) from None


def _broken_yaml(error: yaml.MarkedYAMLError, at: At) -> Problem:
    mark = error.problem_mark or error.context_mark
    place = at(mark.index if mark else 0)
    said = " ".join(filter(None, (error.context, error.problem)))
    todo = "mend the indentation or quote the value; `esprestack render` shows the text after templating"
    return Problem(f"broken YAML: {said}", place, todo)


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.style and node.value in _NULL


def _place(node: yaml.Node, at: At) -> Where:
    return at(node.start_mark.index)


class _Reader:
    """Walks the node graph once; every error of this stage is collected before it is raised."""

    def __init__(self, text: str, at: At) -> None:
        self.text = text
        self.at = at
        self.problems: list[Problem] = []
        self.nodes = 0
        self.open: set[int] = set()

    def read(self, root: yaml.Node) -> Tree:
        data: Data = None
        try:
            data = self.value(root)
        except RecursionError:
            self.problems.append(Problem("the config is nested too deeply", _place(root, self.at)))
        if self.problems:
            raise ConfigError(self.problems)
        return Tree(data, root, self.at)

    def value(self, node: yaml.Node) -> Data:
        self.nodes += 1
        if node.tag not in _TAGS or (node.tag.endswith(":null") and not _is_null(node)):
            self.problems.append(
                Problem(f"the YAML tag `{node.tag}` is unknown", _place(node, self.at), "remove the tag")
            )
        if self.nodes > MOST_NODES:
            raise ConfigError(
                Problem("the config unfolds to too many values", _place(node, self.at), "use fewer aliases")
            )
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        if id(node) in self.open:
            place = _place(node, self.at)
            self.problems.append(Problem("this alias contains itself", place, "remove the alias"))
            return None
        self.open.add(id(node))
        try:
            if isinstance(node, yaml.SequenceNode):
                return [self.value(child) for child in node.value]
            return self.mapping(node) if isinstance(node, yaml.MappingNode) else None
        finally:
            self.open.discard(id(node))

    def scalar(self, node: yaml.ScalarNode) -> Scalar | None:
        if _is_null(node):
            return None
        text = node.value
        if text.isascii():
            return Scalar(text, plain=not node.style)
        if RESERVED.search(text) and self.is_forged(node):
            what = "an escape makes a private-use character that may not stand in a config"
            self.problems.append(Problem(what, _place(node, self.at), "remove it"))
        if _SURROGATE.search(text):  # a pair of JSON's \uXXXX escapes
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return Scalar(text, plain=not node.style)

    def is_forged(self, node: yaml.ScalarNode) -> bool:
        """Whether a private-use character of ours comes from an escape instead of from rendering."""
        written = self.text[node.start_mark.index : node.end_mark.index]
        return any(found not in written for found in RESERVED.findall(node.value))

    def mapping(self, node: yaml.MappingNode) -> dict[str, Data]:
        data: dict[str, Data] = {}
        first: dict[str, yaml.Node] = {}
        for key_node, value_node, merged in self.pairs(node):
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(Problem("a key must be a plain text", _place(key_node, self.at)))
                continue
            key = str(key_node.value)
            if key in first:
                if not merged:
                    what = f"the key `{key}` stands twice, first at {_place(first[key], self.at)}"
                    self.problems.append(Problem(what, _place(key_node, self.at), "remove one"))
                continue
            first[key] = key_node
            data[key] = self.value(value_node)
        return data

    def pairs(self, node: yaml.MappingNode) -> Iterator[tuple[yaml.Node, yaml.Node, bool]]:
        """The mapping's own pairs, then those that `<<` merges in, which yield to its own."""
        merges = [value for key, value in node.value if _is_merge(key)]
        yield from ((key, value, False) for key, value in node.value if not _is_merge(key))
        for merge in merges:
            for part in merge.value if isinstance(merge, yaml.SequenceNode) else [merge]:
                if not isinstance(part, yaml.MappingNode) or id(part) in self.open:
                    self.problems.append(Problem("`<<` merges mappings only", _place(part, self.at)))
                    continue
                self.open.add(id(part))
                yield from ((key, value, True) for key, value, _ in self.pairs(part))
                self.open.discard(id(part))


def _leaves(node: yaml.Node, path: str) -> Iterator[tuple[str, Any, list[yaml.Node]]]:
    """Texts and lists of texts with the nodes they stand at; below `rules` paths begin at the rule's own keys."""
    if isinstance(node, yaml.ScalarNode):
        yield path, str(node.value), [node]
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and not _is_merge(key):
                below = "" if not path and key.value == "rules" else f"{path}.{key.value}" if path else key.value
                yield from _leaves(value, below)
    elif isinstance(node, yaml.SequenceNode):
        if node.value and all(isinstance(item, yaml.ScalarNode) for item in node.value):
            yield path, [str(item.value) for item in node.value], node.value
            return
        for index, item in enumerate(node.value):
            yield from _leaves(item, f"{path}[{index}]" if path else "")


def _is_merge(key: yaml.Node) -> bool:
    return isinstance(key, yaml.ScalarNode) and key.value == "<<" and not key.style


def _anchor_holders(root: yaml.Node) -> Iterator[str]:
    """Top-level keys that hold nodes which others use: places where ecschedule's users keep their anchors."""
    if not isinstance(root, yaml.MappingNode):
        return
    inside = [(key, value, {id(node): node for node in _below(value)}) for key, value in root.value]
    for key, value, nodes in inside:
        if value.start_mark.index < key.start_mark.index:
            continue  # an alias: what it names is held elsewhere
        own = {number for number, node in nodes.items() if node.start_mark.index >= value.start_mark.index}
        if any(own & others.keys() for other, _, others in inside if other is not key):
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

"""A file's text, the YAML or JSON tree in it, and where in the *source* each value stands.

In: rendered text with its map back to the source; out: a `Tree` of dicts, lists and `Scalar`s whose every path has
a `Where`.
"""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from esprestack.config.json_nodes import compose_json
from esprestack.config.lines import Lines
from esprestack.config.tree import At, Data, Scalar, Tree, is_merge, place_of_node
from esprestack.errors import ConfigError, Problem, Where
from esprestack.secrets import RESERVED

MISSING = "\uf105"
"""Stands for a value that a template's function didn't have, so that the rest of the file is still checked."""

EMPTY = "the config is empty"
"""What is said of a file that says nothing."""

MOST_NODES = 200_000
"""A tree larger than this is a file that unfolds itself ("billion laughs"), not a config."""

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_TAGS = {
    f"tag:yaml.org,2002:{kind}"
    for kind in ("str", "int", "float", "bool", "null", "timestamp", "merge", "seq", "map", "value")
}
_NULL_TAG = "tag:yaml.org,2002:null"
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


def check_reserved(source: Source) -> None:
    """Raises ConfigError for private-use characters that are ours: a file could forge a seal with them."""
    match = RESERVED.search(source.text)
    if match:
        line, column = Lines(source.text).place(match.start())
        what = f"the private-use character U+{ord(match.group()):04X} may not stand in a config"
        raise ConfigError(Problem(what, Where(source.path, line, column), "remove it"))


Locate: TypeAlias = Callable[[int, int], Where]
"""From line and column (both from 1) of the rendered text to the place in the source file."""


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
        raise ConfigError(Problem(EMPTY, Where(source.path), "it needs at least `cluster:` and a list `rules:`"))
    if len(documents) > 1:
        raise ConfigError(
            Problem(
                "a config is one YAML document, this is a second one",
                place_of_node(documents[1], at),
                "remove the `---` before it, or put it into a file of its own",
            )
        )
    return _Reader(text, at).read(documents[0])


def _json_node(text: str, at: At) -> yaml.Node:
    try:
        json.loads(text, parse_int=str, parse_float=str)
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
            self.problems.append(Problem("the config is nested too deeply", place_of_node(root, self.at)))
        if self.problems:
            raise ConfigError(self.problems)
        return Tree(data, root, self.at)

    def value(self, node: yaml.Node) -> Data:
        self.nodes += 1
        if node.tag not in _TAGS or (node.tag == _NULL_TAG and not _is_null(node)):
            self.problems.append(
                Problem(f"the YAML tag `{node.tag}` is unknown", place_of_node(node, self.at), "remove the tag")
            )
        if self.nodes > MOST_NODES:
            raise ConfigError(
                Problem("the config unfolds to too many values", place_of_node(node, self.at), "use fewer aliases")
            )
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node)
        if id(node) in self.open:
            place = place_of_node(node, self.at)
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
            self.problems.append(Problem(what, place_of_node(node, self.at), "remove it"))
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
        for key_node, value_node, merged in self.pairs(node, set()):
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(Problem("a key must be a plain text", place_of_node(key_node, self.at)))
                continue
            key = str(key_node.value)
            if key in first:
                if not merged:
                    what = f"the key `{key}` stands twice, first at {place_of_node(first[key], self.at)}"
                    self.problems.append(Problem(what, place_of_node(key_node, self.at), "remove one"))
                continue
            first[key] = key_node
            data[key] = self.value(value_node)
        return data

    def pairs(self, node: yaml.MappingNode, seen: set[int]) -> Iterator[tuple[yaml.Node, yaml.Node, bool]]:
        """The mapping's own pairs, then those that `<<` merges in, which yield to its own; each mapping once."""
        merges = [value for key, value in node.value if is_merge(key)]
        yield from ((key, value, False) for key, value in node.value if not is_merge(key))
        for merge in merges:
            for part in merge.value if isinstance(merge, yaml.SequenceNode) else [merge]:
                if not isinstance(part, yaml.MappingNode) or id(part) in self.open:
                    self.problems.append(Problem("`<<` merges mappings only", place_of_node(part, self.at)))
                    continue
                if id(part) not in seen:
                    seen.add(id(part))
                    self.open.add(id(part))
                    yield from ((key, value, True) for key, value, _ in self.pairs(part, seen))
                    self.open.discard(id(part))

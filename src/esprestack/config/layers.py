"""Less to repeat: `defaults:` below every rule, and `extends:` with another file below the whole.

In: the tree of a file, and of the files that it extends; out: one tree whose data is merged and whose places are
those of the file that says so. Mappings are merged key by key, lists are replaced, an empty value takes a key away.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from pydantic import BaseModel

from esprestack.config import keys, model
from esprestack.config.tree import Data, Path, Tree
from esprestack.errors import Where

_Route: TypeAlias = tuple[Tree, Path]
_FREE = frozenset({"environment", "tags", "ruleTags", "rule_tags", "config"})
"""Keys below which names are the user's own."""


class Layered(Tree):
    """A tree over others: `trees` from the file itself down to the last that it extends."""

    def __init__(self, trees: Sequence[Tree]) -> None:
        self._trees = trees
        merged: dict[str, Data] = {}
        rules: list[Data] = []
        self._indices: list[list[int | None]] = []
        for depth in range(len(trees) - 1, -1, -1):
            above = dict(_mapping(trees[depth].data))
            own = above.pop("rules", None)
            merged = _merged(merged, above)
            rules = self._with_rules(depth, rules, own if isinstance(own, list) else [])
            if own is not None and not isinstance(own, list):
                merged["rules"] = own  # for the model to complain about
        defaults = merged.pop("defaults", None)
        merged.pop("extends", None)
        if isinstance(defaults, dict):
            rules = [_merged(defaults, entry) if isinstance(entry, dict) else entry for entry in rules]
        elif defaults is not None:
            merged["defaults"] = defaults
        if rules or any("rules" in _mapping(tree.data) for tree in trees):
            merged.setdefault("rules", rules)
        self.data = merged

    def find(self, path: Path) -> Where | None:
        return next((place for tree, there in self._routes(path) if (place := tree.find(there))), None)

    def where(self, path: Path) -> Where:
        if not path:
            return self._trees[0].where(())
        return self.find(path) or self.where(path[:-1])

    def where_key(self, path: Path) -> Where:
        for tree, there in self._routes(path):
            if tree.find(there):
                return tree.where_key(there)
        return self.where(path[:-1])

    def where_within(self, path: Path, offset: int) -> Where:
        for tree, there in self._routes(path):
            if tree.find(there):
                return tree.where_within(there, offset)
        return self.where(path)

    def replaced(self, text: str, shown: Callable[[str, Any], Any]) -> str:
        return self._trees[0].replaced(text, shown)

    @functools.cached_property
    def shared(self) -> frozenset[str]:
        return frozenset[str]().union(*(tree.shared for tree in self._trees))

    def _with_rules(self, depth: int, below: list[Data], own: Sequence[Data]) -> list[Data]:
        """The rules from below in their order, each with what `own` says of it, then those that are new."""
        names: dict[str, int] = {}
        for index, entry in enumerate(own):
            if name := _name(entry):
                names.setdefault(name, index)
        rules: list[Data] = []
        taken = set()
        for at, entry in enumerate(below):
            found = names.get(_name(entry) or "")
            if found is None or found in taken:
                rules.append(entry)
                continue
            taken.add(found)
            self._indices[at][depth] = found
            rules.append(_merged(_mapping(entry), _mapping(own[found])))
        for index, entry in enumerate(own):
            if index not in taken:
                indices: list[int | None] = [None] * len(self._trees)
                indices[depth] = index
                self._indices.append(indices)
                rules.append(entry)
        return rules

    def _routes(self, path: Path) -> Iterator[_Route]:
        """Where the value at `path` may stand, the first one wins."""
        if len(path) < 2 or path[0] != "rules" or not isinstance(path[1], int):
            yield from ((tree, path) for tree in self._trees)
            return
        if path[1] >= len(self._indices):
            return
        rest = path[2:]
        for tree, index in zip(self._trees, self._indices[path[1]], strict=True):
            if index is not None:
                yield tree, ("rules", index, *rest)
        if rest:
            yield from ((tree, ("defaults", *rest)) for tree in self._trees)


def _mapping(data: Data) -> Mapping[str, Data]:
    return data if isinstance(data, dict) else {}


def _name(entry: Data) -> str | None:
    name = entry.get("name") if isinstance(entry, dict) else None
    return str(name) if isinstance(name, str) else None


def _merged(below: Mapping[str, Data], above: Mapping[str, Data], *, free: bool = False) -> dict[str, Data]:
    """`above` over `below`. Of a key with several spellings only one is left."""
    merged: dict[str, Data] = {}
    for key, value in below.items():
        spelled = key if free else next((other for other in _spellings(key) if other in above), key)
        if spelled not in above:
            merged[key] = value
    for key, value in above.items():
        under = below.get(key) if free else next((below[other] for other in _spellings(key) if other in below), None)
        if isinstance(value, dict) and isinstance(under, dict):
            merged[key] = _merged(under, value, free=free or key in _FREE)
        else:
            merged[key] = value
    return merged


def _spellings(key: str) -> tuple[str, ...]:
    return _GROUPS.get(key, (key,))


def _groups(kind: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    yield from keys.spellings_by_field(kind)
    for _, part in keys.parts(kind):
        yield from _groups(part)


_GROUPS = {name: names for names in _groups(model.Config) for name in names}

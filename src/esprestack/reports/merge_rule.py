"""One rule of a file, key by key: where the live rule differs from it, and what is to be written there.

In: the rule's node, its rendered data, both rules in the config's words and the paths that differ; out: edits, notes.
"""

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeAlias

from pydantic import BaseModel

from esprestack.config import keys, model
from esprestack.config.tree import Data
from esprestack.config.words import Words
from esprestack.errors import ConfigError
from esprestack.plan.compare import leaves
from esprestack.reports.merge_edits import Addition, Editor
from esprestack.reports.merge_nodes import Node, Nodes, Pair
from esprestack.secrets import SEALED

_Kind: TypeAlias = type[BaseModel] | None
"""The model of a mapping; None where its keys are the user's own names."""

_Entries: TypeAlias = dict[str, tuple[int, Data]]
"""The keys of a mapping as they are rendered, each with its place among the pairs and its rendered value."""

_MASK = "1111"
"""What the shortest tag leaves in a masked text."""

_NAMES = ("name", "capacityProvider")
"""Keys that tell the entries of a list apart."""

_UNORDERED = frozenset({"subnets", "security_groups"})


class RuleMerge:
    """Merges the rule `name`, which differs at the paths `changed`.

    `live` has the leaves of the rule in AWS; `unlike` makes the error for a node that isn't what it is rendered to.
    """

    def __init__(
        self,
        name: str,
        changed: Collection[str],
        live: Mapping[str, Any],
        open_seals: Callable[[str], str],
        editor: Editor,
        nodes: Nodes,
        unlike: Callable[[Node], ConfigError],
    ) -> None:
        self.notes: list[str] = []
        self._name = name
        self._changed = frozenset(changed)
        self._live = live
        self._open = open_seals
        self._editor = editor
        self._nodes = nodes
        self._unlike = unlike
        self._left: set[str] = set()

    def merge(self, node: Node, data: Mapping[str, Data], old: Words, new: Words, below: Sequence[Data]) -> None:
        """`old`: what the file says. `new`: what AWS has, secrets as look-ups. `below`: what the rule inherits."""
        self._mapping(node, data, old, new, "", model.RuleEntry, below)
        if written := sorted(self._changed - self._left):
            self.notes.insert(0, f"`{self._name}` now says what AWS has in {', '.join(written)}")

    # -- mappings ----------------------------------------------------------------------------------------------

    def _mapping(
        self,
        node: Node,
        data: Mapping[str, Data],
        old: Words,
        new: Words,
        path: str,
        kind: _Kind,
        below: Sequence[Data],
    ) -> bool:
        """Whether it could be done in place: not where none of the mapping's own keys stays."""
        own = self._own(node, data)
        fields = _fields(kind)
        differing = [
            key
            for key in [*new, *(key for key in old if key not in new)]
            if self._differs(_join(path, key), old.get(key), new.get(key))
        ]
        places = {key: next((own[name] for name in fields.names(key) if name in own), None) for key in {**new, **old}}
        inherited = {key: self._inherits(node, fields.names(key), below) for key in differing}
        removed = set()
        for key in differing:
            if key in new or inherited[key] or (place := places[key]) is None:
                continue
            if self._nodes.lends(node.pairs[place[0]].value):
                self._leave(_join(path, key), "can't be taken away: other rules use its anchor")
            else:
                removed.add(place[0])
        if len(removed) == len(own):
            return False
        additions = []
        for key in differing:
            here, place, value = _join(path, key), places[key], new.get(key)
            deeper = [
                layer[name] for layer in below if isinstance(layer, dict) for name in fields.names(key) if name in layer
            ]
            if key not in new and inherited[key] and kind is None:
                self._leave(here, "can't be taken away: it comes from elsewhere")
            elif place is None and (key in new or inherited[key]):
                after = _after(key, list(new), places, removed)
                additions.append(Addition(after, self._over(value, old.get(key), deeper, fields.kind(key), here), key))
            elif place is not None and place[0] not in removed and here not in self._left:
                pair = node.pairs[place[0]]
                if not self._in_place(pair, place[1], old.get(key), value, here, fields.kind(key), deeper):
                    self._editor.replace_value(
                        node, pair, self._over(value, old.get(key), deeper, fields.kind(key), here)
                    )
        self._editor.change(node, removed, additions)
        return True

    def _own(self, node: Node, data: Mapping[str, Data]) -> _Entries:
        pairs = [(index, pair) for index, pair in enumerate(node.pairs) if not pair.key.is_merge]
        if set(list(data)[len(pairs) :]) - self._nodes.merged_keys(node) or len(pairs) > len(data):
            raise self._unlike(node)
        own: _Entries = {}
        for (index, pair), (key, value) in zip(pairs, data.items(), strict=False):
            is_tag = _MASK in pair.key.value
            is_gone = pair.value.start == pair.value.end and value is not None
            if is_gone or (key != pair.key.value and not is_tag):
                raise self._unlike(pair.key)
            own[key] = (index, value)
        return own

    def _inherits(self, node: Node, names: Sequence[str], below: Sequence[Data]) -> bool:
        """Whether a key has a value from elsewhere, once the mapping itself doesn't say one."""
        merged = self._nodes.merged_keys(node)
        return any(
            name in merged or any(isinstance(layer, dict) and name in layer for layer in below) for name in names
        )

    def _in_place(
        self, pair: Pair, data: Data, old: Any, new: Any, path: str, kind: _Kind, below: Sequence[Data]
    ) -> bool:
        node = pair.value
        if isinstance(new, dict) and isinstance(old, dict) and isinstance(data, dict) and node.kind == "mapping":
            return self._mapping(node, data, old, new, path, kind, below)
        if isinstance(new, list) and isinstance(data, list) and node.kind == "list":
            if len(node.items) != len(data):
                raise self._unlike(node)
            if all(isinstance(item, str) for item in [*data, *new]):
                return self._texts(node, [str(item) for item in data], new, path)
            return isinstance(old, list) and self._entries(node, data, old, new, path, kind)
        if self._nodes.lends(node, itself=False):
            self._leave(path, "can't be written: other rules use an anchor in it")
            return True
        if _is_same_secret(data, new):
            self._leave(path, "is a secret that has another value in AWS: mend the secret, or apply")
            return True
        return False

    def _over(self, value: Any, old: Any, deeper: Sequence[Data], kind: _Kind, path: str) -> Any:
        """`value` so that it stands over what comes from elsewhere: keys that are to go are empty in it."""
        if not isinstance(value, dict) or not any(isinstance(layer, dict) for layer in deeper):
            return value
        fields = _fields(kind)
        gone = [key for key in (old if isinstance(old, dict) else {}) if key not in value]
        if gone and kind is None:
            for key in gone:
                self._leave(_join(path, key), "can't be taken away: it comes from elsewhere")
            gone = []
        inner = {
            key: self._over(
                child,
                old.get(key) if isinstance(old, dict) else None,
                [
                    layer[name]
                    for layer in deeper
                    if isinstance(layer, dict)
                    for name in fields.names(key)
                    if name in layer
                ],
                fields.kind(key),
                _join(path, key),
            )
            for key, child in value.items()
        }
        return inner | dict.fromkeys(gone)

    # -- lists -------------------------------------------------------------------------------------------------

    def _texts(self, node: Node, data: Sequence[str], new: Sequence[str], path: str) -> bool:
        """A list of texts: items that stay keep their text, others are exchanged."""
        match = _by_value if path.rpartition(".")[2] in _UNORDERED else _by_place
        kept, spare, wanted, after = match([self._open(item) for item in data], self._live[path])
        if not kept:
            return False
        for index, at in zip(spare, wanted, strict=False):
            if _is_same_secret(data[index], new[at]):
                self._leave(path, "has a secret with another value in AWS: mend the secret, or apply")
            else:
                self._editor.replace_item(node, index, new[at])
        additions = [Addition(after, new[at]) for at in wanted[len(spare) :]]
        self._editor.change(node, spare[len(wanted) :], additions)
        return True

    def _entries(
        self, node: Node, data: Sequence[Data], old: Sequence[Any], new: Sequence[Any], path: str, kind: _Kind
    ) -> bool:
        """A list of mappings that have names; without names it is written as a whole."""
        names = [_name(item) for item in data]
        live = {_name(item): item for item in new}
        if None in names or None in live or any(item.kind != "mapping" for item in node.items):
            return False
        removed = [index for index, name in enumerate(names) if name not in live]
        if len(removed) == len(names):
            return False
        before = {_name(item): item for item in old}
        additions = []
        after = max(index for index in range(len(names)) if index not in removed)
        for name, item in live.items():
            if name not in names:
                additions.append(Addition(after, item))
                continue
            index = names.index(name)
            entry = data[index]
            if isinstance(entry, dict) and name in before:
                self._mapping(node.items[index], entry, before[name], item, f"{path}[{name}]", kind, ())
        self._editor.change(node, removed, additions)
        return True

    # -- what differs ------------------------------------------------------------------------------------------

    def _differs(self, path: str, old: Any, new: Any) -> bool:
        return any(
            found in self._changed for value in (old, new) if value is not None for found, _ in leaves(value, path)
        )

    def _leave(self, path: str, why: str) -> None:
        self._left |= {found for found in self._changed if found == path or found.startswith((f"{path}.", f"{path}["))}
        self.notes.append(f"`{self._name}`: {path} {why}")


class _Fields:
    """The keys of a mapping: the spellings of each, and the model of what it holds."""

    def __init__(self, kind: _Kind) -> None:
        self._kinds = {names[0]: part for names, part in keys.parts(kind)} if kind else {}
        self._names = {names[0]: names for names in keys.spellings_by_field(kind)} if kind else {}

    def names(self, key: str) -> tuple[str, ...]:
        return self._names.get(key, (key,))

    def kind(self, key: str) -> _Kind:
        return self._kinds.get(key)


_fields = functools.cache(_Fields)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _after(
    key: str, order: Sequence[str], places: Mapping[str, tuple[int, Data] | None], removed: Collection[int]
) -> int:
    """The place of the last key that stands before `key` in `order` and stays; -1 if there is none."""
    earlier = order[: order.index(key)] if key in order else order
    found = [place[0] for other in earlier if (place := places.get(other)) and place[0] not in removed]
    return found[-1] if found else -1


def _is_same_secret(data: object, new: Any) -> bool:
    """Whether a look-up of a secret stands there already, and one is to be written."""
    return isinstance(data, str) and bool(SEALED.search(data)) and isinstance(new, str) and "{{ secret(" in new


def _name(item: Any) -> str | None:
    if not isinstance(item, dict):
        return None
    return next((str(item[key]) for key in (*_NAMES, "capacity_provider") if item.get(key)), None)


_Unmatched: TypeAlias = tuple[list[int], list[int], list[int], int]
"""Items that stay, items to exchange or remove, the indices of new items, and the item that these come after."""


def _by_value(data: Sequence[str], new: Sequence[str]) -> _Unmatched:
    kept = [index for index, item in enumerate(data) if item in new and item not in data[:index]]
    spare = [index for index in range(len(data)) if index not in kept]
    return kept, spare, [index for index, item in enumerate(new) if item not in data], len(data) - 1


def _by_place(data: Sequence[str], new: Sequence[str]) -> _Unmatched:
    """What is between the equal beginning and the equal end of two lists is new."""
    most = min(len(data), len(new))
    start = next((index for index in range(most) if data[index] != new[index]), most)
    end = next((count for count in range(most - start) if data[-1 - count] != new[-1 - count]), most - start)
    spare = list(range(start, len(data) - end))
    kept = [index for index in range(len(data)) if index not in spare]
    return kept, spare, list(range(start, len(new) - end)), spare[-1] if spare else start - 1

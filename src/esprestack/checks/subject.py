"""A rule as the checks see it: its values with secrets opened, to judge them, as written, to show them, and places."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from esprestack.checks.codes import CODES
from esprestack.checks.finding import Finding
from esprestack.config import keys, model
from esprestack.config.desired import Desired
from esprestack.config.source import MISSING
from esprestack.config.tree import Data, Path
from esprestack.errors import Problem, Where
from esprestack.rule import Rule, Scope, Target, with_texts
from esprestack.secrets import Vault


def known(text: str) -> bool:
    """Whether every look-up in `text` had an answer: what it would be can't be judged otherwise."""
    return MISSING not in text


@dataclass(frozen=True, slots=True)
class Subject:
    """One rule. What is opened is for judging and never for a message; what is shown may stand in one."""

    desired: Desired
    scope: Scope
    opened_rule: Rule
    opened: Target
    shown: Target

    @property
    def rule(self) -> Rule:
        """As the config writes it, secrets sealed."""
        return self.desired.rule

    def finding(self, code: str, what: str, where: Where, todo: str = "") -> Finding:
        return Finding(self.rule.name, Problem(what, where, todo, code, CODES[code][0]))

    def place(self, *path: str | int) -> Where:
        """The place of the value at `path` below the rule, or of the nearest one around it.

        Else of the config's key for all rules (`role`), else of the rule's name.
        """
        for length in range(len(path), 0, -1):
            if found := self.find(*path[:length]):
                return found
        of_all = self.desired.tree.find(path[:1]) if path else None
        return of_all or self.desired.place("name")

    def find(self, *path: str | int) -> Where | None:
        """The place of the value at `path` below the rule. Keys are in ecschedule's spelling, whichever is used."""
        places = map(self.desired.tree.find, self._spelled(path))
        return next(filter(None, places), None)

    def has(self, key: str) -> bool:
        """Whether the rule itself, or what it inherits, says the key in any spelling: cheaper than its place."""
        data: Data = self.desired.tree.data
        for part in self.desired.path:
            data = data[part] if isinstance(data, dict | list) else None  # type: ignore[index]
        return isinstance(data, dict) and any(spelling in data for spelling in _spellings(key))

    def place_within(self, key: str, offset: int) -> Where:
        """The place of the character at `offset` in the rule's text under `key`, as far as it can be told."""
        for path in self._spelled((key,)):
            if self.desired.tree.find(path):
                return self.desired.tree.where_within(path, offset)
        return self.place(key)

    def containers(self) -> Iterator[tuple[int, int]]:
        """For each container override of the rule, by index, its index in the file, which is in another order."""
        items = self._items("containerOverrides")
        positions = {str(entry.get("name")): at for at, entry in enumerate(items) if isinstance(entry, dict)}
        for index, override in enumerate(self.shown.container_overrides):
            yield index, positions.get(override.name, 0)

    def place_of_item(self, item: str, *path: str) -> Where:
        """Of `item` in the list of texts at `path`."""
        items = list(map(str, self._items(*path)))
        return self.place(*path, items.index(item)) if item in items else self.place(*path)

    def place_of_provider(self, name: str, *path: str) -> Where:
        """Of an entry of the capacity provider strategy."""
        key = "capacityProviderStrategy"
        for index, entry in enumerate(self._items(key)):
            if isinstance(entry, dict) and name in (entry.get("capacityProvider"), entry.get("capacity_provider")):
                return self.place(key, index, *path)
        return self.place(key)

    def _items(self, *path: str) -> list[Data]:
        for spelled in self._spelled(path):
            data: Data = self.desired.tree.data
            for part in spelled:
                if isinstance(data, dict):
                    data = data.get(str(part))
                elif isinstance(data, list) and isinstance(part, int):
                    data = data[part]
            if isinstance(data, list):
                return data
        return []

    def _spelled(self, path: Path) -> Iterator[Path]:
        for parts in itertools.product(*map(_spellings, path)):
            yield (*self.desired.path, *parts)


def subject_of(desired: Desired, scope: Scope, vault: Vault) -> Subject:
    opened = desired.rule if vault.is_empty else with_texts(desired.rule, vault.open)
    if opened.target is None or desired.rule.target is None:
        raise ValueError("a config's rule has a target")
    return Subject(desired, scope, opened, opened.target, desired.rule.target)


def _spellings(part: str | int) -> tuple[str | int, ...]:
    return _GROUPS.get(part, (part,)) if isinstance(part, str) else (part,)


def _groups(kind: type[BaseModel]) -> Iterator[tuple[str, ...]]:
    yield from keys.spellings_by_field(kind)
    for _, part in keys.parts(kind):
        yield from _groups(part)


_GROUPS = {names[0]: names for names in _groups(model.RuleEntry)}

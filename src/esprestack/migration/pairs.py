"""A rule in both homes: what AWS has in each, and how far its move has come, which nothing else remembers. Pure.

In: what was read; out: `Pair`s and their `Stage`s.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from esprestack.backends.base import Live, Wanted, twin
from esprestack.rule import Home, LiveRule

if TYPE_CHECKING:
    from esprestack.config.desired import Desired


class Stage(StrEnum):
    """How far the move of a rule has come."""

    ABSENT = "it is in neither home"
    NOT_BEGUN = "not begun"
    COPIED = "the copy is there, disabled"
    BOTH_RUN = "BOTH RUN, so every run is doubled"
    NOWHERE = "IT RUNS NOWHERE NOW"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Pair:
    """One rule: as EventBridge's rule, as a schedule where the config puts it, and schedules of its name elsewhere."""

    rule: LiveRule | None
    schedule: LiveRule | None
    elsewhere: tuple[LiveRule, ...] = ()

    def of(self, home: Home) -> LiveRule | None:
        return self.rule if home is Home.RULES else self.schedule

    def stage(self, to: Home, *, enabled: bool) -> Stage:
        """How far it is on its way `to` a home. `enabled`: whether the config wants it to run at all."""
        source, destination = self.of(to.other), self.of(to)
        runs, runs_there = (found is not None and found.rule.enabled for found in (source, destination))
        if runs and runs_there:
            return Stage.BOTH_RUN
        if runs:
            return Stage.COPIED if destination else Stage.NOT_BEGUN
        if runs_there:
            return Stage.MOVED
        if not source:
            return Stage.MOVED if destination else Stage.ABSENT
        if not destination:
            return Stage.NOT_BEGUN
        return Stage.NOWHERE if enabled else Stage.MOVED


def asked(wanted: Mapping[str, Wanted]) -> dict[str, Wanted]:
    """What to read so that `pairs` finds each of these rules in both homes."""
    found: dict[str, Wanted] = {}
    for name, meant in wanted.items():
        found[name] = replace(meant, home=Home.SCHEDULER)
        found[twin(name, Home.RULES)] = replace(meant, home=Home.RULES, group="")
    return found


def pairs(live: Live, desired: "Collection[Desired]") -> Mapping[str, Pair]:
    """The pair of each rule, by its name, of what `asked` asked for."""
    groups = {item.rule.name: item.rule.timing.group for item in desired}
    found: dict[str, list[LiveRule]] = {name: [] for name in groups}
    for rule in live.rules.values():
        if rule.name in found:
            found[rule.name].append(rule)
    return {name: _pair(rules, groups[name]) for name, rules in found.items()}


def _pair(found: Sequence[LiveRule], group: str) -> Pair:
    rules = [rule for rule in found if rule.rule.home is Home.RULES]
    schedules = [rule for rule in found if rule.rule.home is Home.SCHEDULER]
    here = [rule for rule in schedules if rule.rule.timing.group == group]
    elsewhere = tuple(rule for rule in schedules if rule not in here)
    return Pair(rules[0] if rules else None, here[0] if here else None, elsewhere)

"""Collisions: minutes in which several rules start at once."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from esprestack.schedule.minutes import members
from esprestack.timetable.tally import Tally
from esprestack.timetable.times import Times

FEWEST = 3
"""So many different rules make a collision."""

Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Collision(Generic[Name]):
    """The rules that start in each of `minutes`, a set, and no others do."""

    rules: tuple[Name, ...]
    minutes: int


def can_collide(times: Times) -> bool:
    """Whether a rule's starts count: not where it starts all the time, or in a minute that nobody knows."""
    return times.enabled and times.is_exact and not times.is_frequent


def colliding(starts: Iterable[int], fewest: int = FEWEST) -> int:
    """The minutes that are in so many of the sets `starts`, one set for each rule."""
    tally = Tally()
    for minutes in starts:
        tally.add(minutes, 1)
    return tally.at_least(fewest)


def collisions(starts: Mapping[Name, int], within: int) -> list[Collision[Name]]:
    """Who starts in the minutes `within`: for each group of rules the minutes of theirs, the earliest first.

    `starts` are the minutes of each rule, in the order in which rules are to be named.
    """
    alike: dict[int, list[Name]] = {}
    for name, minutes in starts.items():
        if common := minutes & within:
            alike.setdefault(common, []).append(name)
    by_minute: dict[int, list[int]] = {}
    for group, minutes in enumerate(alike):
        for minute in members(minutes):
            by_minute.setdefault(minute, []).append(group)
    together: dict[tuple[int, ...], int] = {}
    for minute in sorted(by_minute):
        groups = tuple(by_minute[minute])
        together[groups] = together.get(groups, 0) | 1 << minute
    names = list(alike.values())
    order = {name: at for at, name in enumerate(starts)}
    return [
        Collision(tuple(sorted((name for group in groups for name in names[group]), key=order.__getitem__)), minutes)
        for groups, minutes in together.items()
    ]

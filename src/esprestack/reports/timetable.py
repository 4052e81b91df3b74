"""The coming runs of whole configs, for `esprestack next`: as a table, and as JSON (docs/time.md)."""

import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from itertools import islice, zip_longest
from typing import Any

from esprestack.schedule.minutes import MINUTE, Span, members
from esprestack.timetable.collisions import Collision, can_collide, colliding, collisions
from esprestack.timetable.entry import Entry

WEEK = 7 * 1440
"""Minutes."""
_WIDEST = 44
"""Characters of the columns with names and words; what is longer goes on below."""
_MOST_COLLISIONS = 10
_MOST_NAMES = 8


@dataclass(frozen=True, slots=True)
class Timetable:
    """The rules in the order of their configs, the moment after which runs are told, how many, and in which zone."""

    entries: Sequence[Entry]
    now: datetime
    zone: tzinfo
    zone_name: str
    count: int

    @property
    def span(self) -> Span:
        """The seven days from `now` on."""
        return Span(self.now.astimezone(UTC).replace(second=0, microsecond=0), WEEK)

    def runs(self, entry: Entry) -> list[datetime]:
        """The next runs, in UTC."""
        return list(islice(entry.times.runs(self.now), self.count)) if entry.times else []

    def collisions(self) -> list[Collision[int]]:
        """Of the seven days; rules are named by their index in `entries`."""
        span = self.span
        starts = {
            at: entry.times.minutes(span)
            for at, entry in enumerate(self.entries)
            if entry.times and can_collide(entry.times)
        }
        return collisions(starts, colliding(starts.values()))


def timetable_json(of: Timetable) -> str:
    """One JSON object; times in UTC. Entries hold no secret, and no mask goes over it that could break it."""
    document = {
        "timezone": of.zone_name,
        "from": _iso(of.now),
        "rules": [_rule(of, entry) for entry in of.entries],
        "collisions": [
            {
                "rules": [of.entries[at].name for at in found.rules],
                "at": [_iso(of.span.moment(minute)) for minute in members(found.minutes)],
            }
            for found in of.collisions()
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _rule(of: Timetable, entry: Entry) -> dict[str, Any]:
    times = entry.times
    return {
        "config": entry.config,
        "rule": entry.name,
        "backend": str(times.home) if times else None,
        "expression": entry.expression,
        "timezone": times.zone_name if times else None,
        "explanation": entry.words(),
        "enabled": times.enabled if times else None,
        "runs": [_iso(run) for run in of.runs(entry)],
        "everyMinutes": times.every // MINUTE if times and times.every else None,
        "windowMinutes": times.window if times else None,
        "runsInAWeek": round(times.count(of.span), 3) if times else None,
        "tasks": entry.size.tasks,
        "cpu": entry.size.cpu,
        "memory": entry.size.memory,
    }


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def timetable_text(of: Timetable) -> str:
    """A table: each rule, when it runs in words, and its next runs in the reader's zone and in UTC."""
    several = len({entry.config for entry in of.entries}) > 1
    local = of.zone is not UTC
    head = ["rule", "runs", f"next, {of.zone_name}", *(["UTC"] if local else [])]
    rows = [head]
    config = None
    for entry in of.entries:
        if several and entry.config != config:
            config = entry.config
            rows += [[""], [f"{config}:"]]
        rows += _rows(of, entry, local)
    table = [row for row in rows if len(row) > 1]
    widths = [max(map(len, column)) for column in zip_longest(*table, fillvalue="")]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in rows]
    if not of.entries:
        lines.append("no rules")
    return "\n".join([*lines, *_collision_lines(of)]) + "\n"


def _rows(of: Timetable, entry: Entry, local: bool) -> Iterator[list[str]]:
    runs = [[_moment(run.astimezone(of.zone)), *([_moment(run)] if local else [])] for run in of.runs(entry)]
    columns = [
        textwrap.wrap(entry.name, _WIDEST) or [""],
        textwrap.wrap(entry.words(), _WIDEST),
        [run[0] for run in runs] or [_no_runs(entry)],
        *([[run[1] for run in runs]] if local else []),
    ]
    yield from map(list, zip_longest(*columns, fillvalue=""))


def _no_runs(entry: Entry) -> str:
    if entry.times is None:
        return "not known"
    if not entry.times.enabled:
        return "none: disabled"
    return "counted from a moment that AWS alone knows" if entry.times.every else "none"


def _moment(moment: datetime) -> str:
    seconds = f":{moment:%S}" if moment.second else ""
    return f"{moment:%a %Y-%m-%d %H:%M}{seconds} {moment:%Z}"


def _collision_lines(of: Timetable) -> Iterator[str]:
    found = of.collisions()
    if found:
        yield ""
        yield "Rules that start in the same minute, within seven days:"
    for collision in sorted(found, key=lambda item: -len(item.rules))[:_MOST_COLLISIONS]:
        first = of.span.moment(next(members(collision.minutes))).astimezone(of.zone)
        times = collision.minutes.bit_count()
        often = f", {times} times" if times > 1 else ""
        names = [of.entries[at].name for at in collision.rules[:_MOST_NAMES]]
        more = len(collision.rules) - len(names)
        others = f" and {more} more" if more else ""
        yield f"{len(collision.rules)} at {_moment(first)}{often}: {', '.join(names)}{others}"
    if len(found) > _MOST_COLLISIONS:
        yield f"and {len(found) - _MOST_COLLISIONS} more such groups of rules"

"""What the page of a week draws, as JSON: each rule's starts, packed so that thousands of them stay small.

The starts of a rule in an hour are a pattern (minutes), of a day a row (24 patterns), of a week seven rows; equal
patterns and rows are there once, and a rule is seven numbers.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from esprestack.reports.week import Clock, Hour, Week
from esprestack.reports.week_look import shift_text
from esprestack.reports.when import day_name
from esprestack.schedule.minutes import MINUTE, members
from esprestack.timetable.collisions import FEWEST, can_collide
from esprestack.timetable.entry import Entry

MOST_RULES = 1000
"""Rules that are drawn one by one; the rest is drawn together, and stays out of the page's collisions."""


def week_data(week: Week) -> dict[str, Any]:
    """The document that the page's script reads. Cells are numbered by day and hour, 24 a day."""
    cells = [hour for day in week.days for hour in day.hours]
    firsts = [hour.pieces[0].first if hour.pieces else 0 for hour in cells]
    lengths = [sum(piece.length for piece in hour.pieces) for hour in cells]
    now = week.span.number(week.now)
    at = next(at for at, hour in enumerate(cells) if hour.minutes >> now & 1)
    patterns: dict[int, int] = {0: 0}
    rows: dict[tuple[int, ...], int] = {}
    rules = [
        _rule(entry, _days(week, minutes, patterns, rows))
        for entry, minutes in zip(week.entries[:MOST_RULES], week.starts, strict=False)
    ]
    if len(week.entries) > MOST_RULES:
        rules.append({"together": _together(week)})
    return {
        "days": [day_name(day.date) for day in week.days],
        "begin": int(week.span.begin.timestamp() * 1000),
        "firsts": firsts,
        "lengths": lengths,
        "odd": dict(_odd(week, cells)),
        "now": {"cell": at, "share": round((cells[at].picked(1 << now).bit_length() - 1) / lengths[at], 3)},
        "fewest": FEWEST,
        "patterns": [list(members(pattern)) for pattern in patterns],
        "rows": [list(row) for row in rows],
        "rules": rules,
    }


def _days(week: Week, minutes: int, patterns: dict[int, int], rows: dict[tuple[int, ...], int]) -> list[int]:
    """The number of each day's row; patterns and rows that weren't there are added."""
    found = []
    for day in week.days:
        row = tuple(patterns.setdefault(hour.picked(minutes), len(patterns)) for hour in day.hours)
        found.append(rows.setdefault(row, len(rows)))
    return found


def _rule(entry: Entry, days: Sequence[int]) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "days": days,
        "tasks": entry.size.tasks,
        "cpu": entry.size.cpu,
        "memory": entry.size.memory,
        "collides": bool(entry.times and can_collide(entry.times)),
    }
    if entry.times and entry.times.window:
        rule["window"] = entry.times.window
    return rule


def _together(week: Week) -> dict[str, list[int]]:
    """The loads of the rules that aren't drawn one by one, cell by cell."""
    loads = week.loads_from(MOST_RULES)
    return {
        "runs": [load.runs for load in loads],
        "tasks": [load.tasks for load in loads],
        "cpu": [load.cpu for load in loads],
        "memory": [load.memory for load in loads],
        "withoutCpu": [load.tasks_without_cpu for load in loads],
        "withoutMemory": [load.tasks_without_memory for load in loads],
    }


def _odd(week: Week, cells: Sequence[Hour]) -> Iterator[tuple[int, dict[str, Any]]]:
    """The cells in which the reader's clocks are changed: what a minute of theirs is called, and what is said of them.

    A turn is (from this minute of the cell on, add so much, whether it is the second time).
    """
    said: dict[int, str] = {}
    for name, shift in week.shifts():
        if name != week.zone_name:
            continue
        hour = shift.first.replace(minute=0)
        while hour < shift.last:
            day = (hour.date() - week.days[0].date).days
            said[day * 24 + hour.hour] = shift_text(name, shift)
            hour += 60 * MINUTE
    for at, cell in enumerate(cells):
        if cell.clock is not Clock.USUAL:
            turns, passed = [], 0
            for number, piece in enumerate(cell.pieces):
                turns.append([passed, piece.shown - passed, int(number > 0)])
                passed += piece.length
            yield at, {"clock": str(cell.clock), "turns": turns, "said": said.get(at, "")}

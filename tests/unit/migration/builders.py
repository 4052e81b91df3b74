"""Small builders of the migration's tests: moments of one day, and when a rule runs."""

from datetime import datetime, timedelta

from esprestack.schedule import parse
from esprestack.timetable.times import Times

GUARD = timedelta(minutes=5)


def at(text: str) -> datetime:
    """A time of Monday, 2 March 2026; `Tue 03:00:00` of the day after."""
    day = "2026-03-03" if text.startswith("Tue") else "2026-03-02"
    return datetime.fromisoformat(f"{day}T{text.removeprefix('Tue ')}+00:00")


def runs(expression: str, anchor: str | None = None) -> Times:
    """When a rule with this expression runs; a rate counts from `anchor`."""
    return Times(parse(expression), start=at(anchor) if anchor else None)

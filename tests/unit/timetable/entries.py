"""Entries of a timetable, as short as they can be."""

from typing import Any

from esprestack.rule import Home
from esprestack.schedule import Dialect, parse
from esprestack.schedule.clocks import zone
from esprestack.timetable.entry import Entry
from esprestack.timetable.size import Size
from esprestack.timetable.times import Times


def an_entry(
    name: str = "nightly",
    expression: str = "cron(15 18 * * ? *)",
    *,
    timezone: str = "UTC",
    size: Size | None = None,
    config: str = "ecschedule.yaml",
    description: str = "",
    **times: Any,
) -> Entry:
    """On EventBridge Scheduler, which knows every expression and every zone."""
    found = Times(parse(expression, Dialect.SCHEDULER), Home.SCHEDULER, zone(timezone), timezone, **times)
    return Entry(config, name, expression, found, size or Size(), description)

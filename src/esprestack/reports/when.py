"""When a rule of a plan runs, in words: in UTC, in the readers' own time zone, and its next run in both."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from esprestack.config.words import Words
from esprestack.schedule import Cron
from esprestack.timetable.times import times_in

_MOST_LOCAL_TIMES = 4


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a report: when, in which time zone, and where the files of the checkout can be seen."""

    now: datetime | None = None
    """None: no next runs are told."""
    zone: tzinfo = UTC
    zone_name: str = "UTC"
    files: str = ""
    """Address of the repository's files at the commit; empty where there is none."""


def day_name(day: date) -> str:
    """`Wed 25 Nov`."""
    return f"{day:%a} {day.day} {day:%b}"


def in_words(rule: Words, reader: Reader) -> str:
    """`at 18:15 UTC on weekdays; in Asia/Tokyo at 03:15 the day after`; empty for what can't be read."""
    times = times_in(rule)
    if times is None:
        return ""
    said, schedule = times.words(), times.schedule
    if not isinstance(schedule, Cron) or times.zone_name == reader.zone_name or reader.now is None:
        return said
    if len(schedule.hours) * len(schedule.minutes) > _MOST_LOCAL_TIMES:
        return said
    day = reader.now.astimezone(times.zone)
    local = [
        _local(day.replace(hour=hour, minute=minute, second=0, microsecond=0), reader)
        for hour in schedule.hours
        for minute in schedule.minutes
    ]
    return f"{said}; in {reader.zone_name} at {', '.join(local)}"


def _local(moment: datetime, reader: Reader) -> str:
    local = moment.astimezone(reader.zone)
    days = (local.date() - moment.date()) // timedelta(days=1)
    return f"{local:%H:%M}" + {0: "", 1: " the day after", -1: " the day before"}.get(days, "")


def next_run(rule: Words, reader: Reader) -> str:
    """`Wed 2026-11-25 03:15 JST, Tue 18:15 UTC`; in words where there is none or nobody knows."""
    times = times_in(rule)
    if times is None or reader.now is None:
        return ""
    if not times.enabled:
        return "none: disabled"
    if times.every:
        return "not known: a rate counts from its creation"
    run = next(times.runs(reader.now), None)
    if run is None:
        return "none"
    said = f"{run.astimezone(reader.zone):%a %Y-%m-%d %H:%M %Z}"
    return said if reader.zone is UTC else f"{said}, {run.astimezone(UTC):%a %H:%M} UTC"

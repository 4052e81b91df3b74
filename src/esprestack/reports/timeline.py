"""The next 24 hours of the rules whose schedule a plan changes, as a picture that GitHub draws (Mermaid's gantt).

https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/creating-diagrams
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

from esprestack.config.words import Words
from esprestack.plan.model import Change, Plan
from esprestack.reports.before_after import moves
from esprestack.reports.fitting import CLOSING, OPENING
from esprestack.reports.when import Reader
from esprestack.timetable.times import times_in

MOST_RULES = 20
"""More would be no picture any more: the table says it."""
MOST_RUNS = 12
"""Of one rule: what runs more often is no moment to look for."""
_DAY = timedelta(days=1)


def timeline(plans: Sequence[Plan], reader: Reader) -> list[str]:
    """The lines of the picture; none where there is nothing to see, or too much."""
    if reader.now is None:
        return []
    sections = [
        section
        for plan in plans
        for change in plan.changing
        if moves(change) and (section := list(_section(change, reader, reader.now)))
    ]
    if not 0 < len(sections) <= MOST_RULES:
        return []
    return [
        "",
        f"{OPENING}The next 24 hours, {reader.zone_name}</summary>",
        "",
        "```mermaid",
        "gantt",
        "  dateFormat YYYY-MM-DDTHH:mm",
        "  axisFormat %H:%M",
        *(line for section in sections for line in section),
        "```",
        "",
        CLOSING,
    ]


def _section(change: Change, reader: Reader, now: datetime) -> Iterator[str]:
    before, after = _runs(change.before, now), _runs(change.after, now)
    marked = [(run, "done, ") for run in before if run not in after]
    marked += [(run, "crit, " if run not in before else "") for run in after]
    if marked:
        yield f"  section {_plain(change.name)}"
    for run, mark in sorted(marked):
        local = run.astimezone(reader.zone)
        said = f"{local:%H.%M}" + (" no more" if mark == "done, " else " new" if mark else "")
        yield f"  {said} :{mark}milestone, {local:%Y-%m-%dT%H:%M}, 0m"


def _runs(rule: Words | None, now: datetime) -> list[datetime]:
    """The runs of a day, of a rule that runs at known times and not all the time."""
    if (times := times_in(rule)) is None:
        return []
    runs = [run for run in islice(times.runs(now), MOST_RUNS + 1) if run <= now + _DAY]
    return runs if len(runs) <= MOST_RUNS else []


def _plain(name: str) -> str:
    """A name without any meaning for Mermaid."""
    return re.sub(r"[^\w .-]+", "-", name, flags=re.ASCII)[:60].strip() or "-"

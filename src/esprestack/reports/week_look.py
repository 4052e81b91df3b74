"""How the pictures of a week look, in light and in dark, and the words that they share."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

from esprestack.reports.week import Week
from esprestack.reports.when import day_name
from esprestack.schedule.clocks import Shift
from esprestack.schedule.minutes import members
from esprestack.timetable.collisions import Collision

LIGHT: Mapping[str, str] = {
    "page": "#ffffff", "ink": "#1f2328", "soft": "#59636e", "line": "#d1d9e0", "empty": "#eef1f4", "mark": "#b3400a",
    "level1": "#d6e8f8", "level2": "#abd0f0", "level3": "#74b0e4", "level4": "#2469b3", "level5": "#0a3c73",
    "on1": "#1f2328", "on2": "#1f2328", "on3": "#10161d", "on4": "#ffffff", "on5": "#ffffff",
}  # fmt: skip
DARK: Mapping[str, str] = {
    "page": "#0d1117", "ink": "#f0f6fc", "soft": "#9198a1", "line": "#3d444d", "empty": "#1a2029", "mark": "#ff9d5c",
    "level1": "#152f4e", "level2": "#1d4a7d", "level3": "#2b65aa", "level4": "#6fb1f0", "level5": "#c4e1ff",
    "on1": "#f0f6fc", "on2": "#f0f6fc", "on3": "#ffffff", "on4": "#0d1117", "on5": "#0d1117",
}  # fmt: skip
"""One hue from faint to strong, which every kind of colour vision tells apart; a mark has another hue and a shape.

`on1` to `on5` are the inks on the levels.
"""

MARK = "▲"
"""Beside what collides."""


def variables(colours: Mapping[str, str]) -> str:
    """The colours as CSS's variables."""
    return "".join(f"--{name}:{colour};" for name, colour in colours.items())


def title_of(week: Week) -> str:
    """`ecschedule.yaml`, or `3 configs`."""
    configs = list(dict.fromkeys(entry.config for entry in week.entries))
    return configs[0] if len(configs) == 1 else counted(len(configs), "config")


def clock(moment: datetime, zone: tzinfo) -> str:
    """`Wed 25 Nov 03:15`."""
    local = moment.astimezone(zone)
    return f"{day_name(local.date())} {local:%H:%M}"


def shift_text(zone_name: str, shift: Shift) -> str:
    """`02:00–03:00 doesn't exist on Sun 29 Mar in Europe/Berlin: what is due then doesn't run`."""
    between = f"{shift.first:%H:%M}–{shift.last:%H:%M}"
    if shift.last - shift.first >= timedelta(days=1):
        between = f"{shift.first:%H:%M} to {shift.last:%H:%M} of the next day"
    on = f"on {day_name(shift.first.date())} in {zone_name}"
    if shift.is_skipped:
        return f"{between} doesn't exist {on}: what is due then doesn't run"
    return f"{between} comes twice {on}: what is due then runs the first time only"


def collision_text(week: Week, collision: Collision[int], most_names: int) -> str:
    """`03:15 on 5 days, first Tue 24 Nov: nightly-report, weekly-invoice and 2 more`."""
    moments = [week.span.moment(minute).astimezone(week.zone) for minute in members(collision.minutes)]
    return f"{_when(moments)}: {listed([week.entries[at].name for at in collision.rules], most_names)}"


def _when(moments: Sequence[datetime]) -> str:
    first = moments[0]
    times = sorted({f"{moment:%H:%M}" for moment in moments})
    if len(moments) == 1:
        return f"{times[0]} on {day_name(first.date())}"
    if len(times) == 1:
        return f"{times[0]} on {len(moments)} days, first {day_name(first.date())}"
    return f"{len(moments)} times, first {day_name(first.date())} {first:%H:%M}"


def listed(names: Sequence[str], most: int) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def counted(number: int, thing: str) -> str:
    """`1 rule`, `2 rules`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def short_number(number: int) -> str:
    """At most four characters: `7`, `128`, `1.2k`, `12k`."""
    if number < 1000:
        return str(number)
    for size, unit in ((1_000, "k"), (1_000_000, "M")):
        if number < 999.5 * size:
            amount = number / size
            return f"{amount:.1f}{unit}" if amount < 9.95 else f"{amount:.0f}{unit}"
    return "≥1G"

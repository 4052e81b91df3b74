"""What a plan does to time: how often a rule runs before and after, its next runs, and the collisions that are new.

In: the words of a plan's changes, which hold no secret; out: Markdown that is neutralised (reports.gfm).
"""

import functools
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from esprestack.config.words import Words
from esprestack.plan.model import Change, Plan
from esprestack.reports.fitting import CLOSING, OPENING
from esprestack.reports.gfm import code, inline
from esprestack.reports.when import Reader, day_name
from esprestack.schedule.minutes import Span, members
from esprestack.timetable.collisions import Collision, can_collide, colliding, collisions
from esprestack.timetable.times import Times, times_in

_OF_TIME = ("scheduleExpression", "timezone", "startDate", "endDate", "flexibleTimeWindow")
_THEN = 2
"""Runs that are told after the next one."""
_MOST_GROUPS = 20
_MOST_NAMES = 8
_DAYS = 7


def moves(change: Change) -> bool:
    """Whether an apply changes when the rule runs; a rule that is new, gone, enabled or disabled does."""
    before, after = change.schedules
    return _when(before) != _when(after)


def _when(words: Words | None) -> tuple[object, ...]:
    return () if words is None or words.get("disabled") else tuple(map(words.get, _OF_TIME))


def often(change: Change, reader: Reader) -> str:
    """`24 → 96 runs a day`, on average over the coming week; empty where nothing moves, or that isn't known."""
    before, after = map(times_in, change.schedules)
    unread = (before is None and change.schedules[0]) or (after is None and change.schedules[1])
    if unread or reader.now is None or not moves(change):
        return ""
    now, week = reader.now, _week(reader.now)
    counts = [_count(times, week) for times in (before, after)]
    rare = [
        times is not None and not count and _runs_later(times, now)
        for times, count in zip((before, after), counts, strict=True)
    ]
    if not any(counts):
        return ""
    is_daily = not any(rare) and all(count >= _DAYS for count in counts if count)
    shown = [
        "less than 1" if is_rare else f"{count / _DAYS if is_daily else count:,.1f}".removesuffix(".0")
        for count, is_rare in zip(counts, rare, strict=True)
    ]
    unit = f"run{'' if shown[1] == '1' else 's'} a {'day' if is_daily else 'week'}"
    return f"{shown[1]} {unit}, as before" if shown[0] == shown[1] else f"{shown[0]} → {shown[1]} {unit}"


@functools.lru_cache(1024)
def _count(times: Times | None, week: Span) -> float:
    return times.count(week) if times else 0.0


def _runs_later(times: Times, now: datetime) -> bool:
    return next(times.runs(now), None) is not None


def then(change: Change, reader: Reader) -> str:
    """`then Thu 2026-11-26 03:15, Fri 2026-11-27 03:15`: the runs after the next one, of a rule that moves."""
    times = times_in(change.after) if change.after and moves(change) else None
    if times is None or reader.now is None:
        return ""
    runs = list(islice(times.runs(reader.now), 1, 1 + _THEN))
    return "then " + ", ".join(f"{run.astimezone(reader.zone):%a %Y-%m-%d %H:%M}" for run in runs) if runs else ""


def _week(now: datetime) -> Span:
    return Span(now.astimezone(UTC).replace(second=0, microsecond=0), _DAYS * 1440)


@dataclass(frozen=True, slots=True)
class _Rule:
    """Where and under which name a rule stands in the plans; rules of several configs may share a name."""

    scope: Hashable
    at: int
    name: str


def new_collisions(plans: Sequence[Plan], reader: Reader) -> Iterator[str]:
    """Lines on the minutes of the coming week in which rules of one cluster start together, and one of them anew.

    The largest group is a line of its own, the others are collapsed. Rules that the plans don't know aren't counted.
    """
    if reader.now is None or not any(moves(change) for plan in plans for change in plan.changing):
        return
    span = _week(reader.now)
    found = sorted(_new(plans, span), key=lambda collision: -len(collision.rules))
    if not found:
        return
    first, *others = (_line(collision, span, reader) for collision in found[:_MOST_GROUPS])
    yield ""
    yield f"▲ **New:** {first}"
    if others:
        more = len(found) - 1
        yield ""
        yield f"{OPENING}▲ and {more} more group{'' if more == 1 else 's'} of rules that start together</summary>"
        yield ""
        yield from (f"- {line}" for line in others)
        if len(found) > _MOST_GROUPS:
            yield f"- and {len(found) - _MOST_GROUPS} more"
        yield ""
        yield CLOSING


def _new(plans: Sequence[Plan], span: Span) -> Iterator[Collision[_Rule]]:
    """Collisions after an apply with a rule that didn't start in these minutes before; those rules are named first."""
    rules = {
        _Rule(plan.identity[1:4], at, change.name): _both(change, span)
        for at, plan in enumerate(plans)
        for change in plan.changes
    }  # fmt: skip
    for scope in dict.fromkeys(rule.scope for rule in rules):
        here = [rule for rule in rules if rule.scope == scope]
        anew = {rule: after & ~before for rule in here for before, after in [rules[rule]]}
        joined = 0
        for minutes in anew.values():
            joined |= minutes
        here.sort(key=lambda rule: not anew[rule])
        starts = {rule: rules[rule][1] for rule in here}
        yield from collisions(starts, colliding(starts.values()) & joined)


def _both(change: Change, span: Span) -> tuple[int, int]:
    """The minutes in which the rule starts, before and after."""
    before, after = change.schedules
    starts = _starts(before, span)
    return starts, starts if before == after else _starts(after, span)


def _starts(words: Words | None, span: Span) -> int:
    times = times_in(words)
    return times.minutes(span) if times and can_collide(times) else 0


def _line(collision: Collision[_Rule], span: Span, reader: Reader) -> str:
    """`3 rules start in the same minute, at 03:15 on 5 of the next 7 days, first Wed 25 Nov 03:15 Asia/Tokyo: …`."""
    moments = [span.moment(minute).astimezone(reader.zone) for minute in members(collision.minutes)]
    first, number = moments[0], len(moments)
    when = f", {number} times in the next 7 days" if number > 1 else ""
    if number > 1 and len({f"{moment:%H:%M}" for moment in moments}) == 1:
        when = f", at {first:%H:%M} on {number} of the next 7 days"
    said = f"{len(collision.rules)} rules start in the same minute{when}, first {day_name(first.date())} {first:%H:%M}"
    names = [code(rule.name) for rule in collision.rules[:_MOST_NAMES]]
    more = len(collision.rules) - len(names)
    return f"{inline(f'{said} {reader.zone_name}')}: {', '.join(names)}{f' and {more} more' if more else ''}"

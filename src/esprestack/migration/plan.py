"""A rule of a config and what AWS has in both homes → its `Move`. Pure: nothing is asked here.

What can't be promised, and what can't be carried over, is known before anything is changed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice, zip_longest

from esprestack.backends.base import Live
from esprestack.config.desired import Desired
from esprestack.errors import InputError, Problem
from esprestack.migration import copies
from esprestack.migration.gap import next_gap, run_before
from esprestack.migration.model import Move, MoveOptions
from esprestack.migration.pairs import Pair, Stage
from esprestack.migration.timing import count_alike, first_start, source_times, window, window_to_rules
from esprestack.plan.compare import Veil
from esprestack.rule import Home, Rule, with_texts
from esprestack.schedule import Dialect, Rate, ScheduleError, parse
from esprestack.schedule.minutes import MINUTE
from esprestack.timetable.times import Times, times_of

RUNS_COMPARED = 50
"""So many runs to come must be the same in both homes."""
_FIRST = "apply first, or take the change out of the config until the move is done"


@dataclass(frozen=True, slots=True)
class Seen:
    """What one move is planned from: the rule of a config, what AWS has, and when a rate last started tasks."""

    item: Desired
    pair: Pair
    live: Live
    now: datetime
    starts: Sequence[datetime] = ()


def make_move(seen: Seen, options: MoveOptions, veil: Veil) -> Move:
    """The move of one rule, with everything that stands in its way."""
    item, pair, to = seen.item, seen.pair, options.to
    stage = pair.stage(to, enabled=item.rule.enabled)
    move = Move(item.rule.name, item.place(), to, stage, item.rule.enabled, pair)
    if stage in (Stage.MOVED, Stage.ABSENT):
        return move
    wrong = [(what, "") for what in copies.obstacles(item, pair, to, seen.live.scope, veil.vault.open)]
    if stage is Stage.NOWHERE:
        move = _to_finish(seen, move, options, veil)
    else:
        wrong += _drifted(seen, to, veil)
        try:
            move = _planned(seen, move, options, veil)
            wrong += _otherwise(seen, move, veil)
            if move.risk and not options.accept_missed_runs:
                wrong.append((move.risk, move.way_around))
        except (ScheduleError, InputError) as error:
            wrong.append((f"can't be read by the other home: {error}", ""))
    return replace(move, refusals=tuple(refusal(item, *found) for found in wrong))


def refusal(item: Desired, what: str, todo: str = "") -> Problem:
    """Why a rule isn't moved; `what` goes on from "it"."""
    return Problem(f"`{item.rule.name}` isn't moved: it {what}", item.place(), todo)


def _to_finish(seen: Seen, move: Move, options: MoveOptions, veil: Veil) -> Move:
    """Of a rule that is disabled in both homes: the copy is enabled as soon as may be, whatever the config says by now.

    Nobody knows when the rule was disabled. If it has gaps, that was in one: nothing was due that it may still start.
    """
    copy = replace(move.destination.rule, enabled=False) if move.destination else None
    try:
        times = replace(times_of(with_texts(copy, veil.vault.open)), enabled=True) if copy else None
    except (ScheduleError, InputError):
        times = None
    calm = options.guard if times and next_gap(times, seen.now, options.guard) else timedelta()
    minutes = options.guard // MINUTE
    note = f"what was due since it was disabled is missed, and so may be what is due within {minutes} minutes from now"
    return replace(move, copy=copy, times=times, calm=calm, notes=(note,))


def _planned(seen: Seen, move: Move, options: MoveOptions, veil: Veil) -> Move:
    """The move with its copy and its time. Raises ScheduleError, InputError for what a home can't read."""
    running = move.source.rule if move.source else with_texts(seen.item.rule, veil.vault.open)
    times = source_times(running, seen.starts)
    copy = _copy(seen, running, times, options)
    times_of(with_texts(copy, veil.vault.open))
    move = replace(
        move,
        copy=copy,
        times=times,
        last=run_before(times, seen.now) if times else None,
        notes=(*_doubts(running), *copies.losses(seen.pair, copy)),
    )
    return _timed(move, running, seen, options) if move.enabled else move


def _copy(seen: Seen, running: Rule, times: Times | None, options: MoveOptions) -> Rule:
    if options.to is Home.RULES:
        return copies.as_rule(seen.item.rule, seen.pair.rule, options.role)
    schedule, begin = parse(running.schedule_expression, Dialect.SCHEDULER), None
    if isinstance(schedule, Rate):
        counted = seen.item.rule.timing.start or (times and times.start)
        begin = schedule.next_after(seen.now, anchor=counted) if counted else None
        begin = begin or first_start(schedule, seen.now, options.guard)
    return copies.as_schedule(seen.item.rule, options.role, begin)


def _doubts(running: Rule) -> Iterator[str]:
    for warning in parse(running.schedule_expression, Dialect.SCHEDULER).warnings:
        yield f"{warning}: look whether it runs at the same times in the other home"


def _timed(move: Move, running: Rule, seen: Seen, options: MoveOptions) -> Move:
    schedule = parse(running.schedule_expression, Dialect.SCHEDULER)
    found = window_to_rules if options.to is Home.RULES and isinstance(schedule, Rate) else window
    at = found(schedule, move.times, seen.now, options.guard)
    return replace(move, gap=at.gap, calm=at.calm, risk=at.risk, way_around=at.todo)


# -- what doesn't agree ----------------------------------------------------------------------------------------


def _drifted(seen: Seen, to: Home, veil: Veil) -> Iterator[tuple[str, str]]:
    """Where AWS isn't what the config says: a move changes nothing but the home, so the two have to agree."""
    item, source = seen.item, seen.pair.of(to.other)
    if source is None:
        return
    if fields := copies.differences(source, item.rule, seen.live.scope, veil):
        yield f"isn't what the config says in {', '.join(fields)}", _FIRST
    if source.rule.enabled is not item.rule.enabled:
        yield f"is {'enabled' if source.rule.enabled else 'disabled'} in AWS and not in the config", _FIRST
    if to is Home.SCHEDULER and (owner := _other_owner(seen)):
        yield f"would be in a schedule group that is tracked by {owner}", "name another `scheduleGroup`"
    if to is Home.SCHEDULER and (keys := copies.changes_of_its_own(item.rule, seen.now)):
        named = ", ".join(f"`{key}`" for key in keys)
        yield f"would run at other times with {named}", "that is a change of its own: make it when the move is done"


def _other_owner(seen: Seen) -> str:
    """Whose the schedule group is that the copy would be in; empty where it is ours, or nobody has made it."""
    group = seen.item.rule.timing.group or seen.live.scope.schedule_group
    owner = seen.live.groups.get(group, seen.live.scope.tracking_id)
    if owner == seen.live.scope.tracking_id or (owner is None and not seen.item.rule.timing.group):
        return ""
    return f"`{owner}`" if owner else "nobody"


def _otherwise(seen: Seen, move: Move, veil: Veil) -> Iterator[tuple[str, str]]:
    """Where the other home would run it at other times."""
    if move.copy is None:
        return
    others, times = replace(times_of(with_texts(move.copy, veil.vault.open)), enabled=True), move.times
    counted = seen.item.rule.timing.start
    if isinstance(others.schedule, Rate):
        known = times.start if times else None
        if move.to is Home.SCHEDULER and counted and not (known and count_alike(others.schedule, counted, known)):
            yield "would count from another moment with `startDate`", "remove it: the move writes the right one"
        return
    now, then = (list(islice(found.runs(seen.now), RUNS_COMPARED)) for found in (times, others) if found)
    if now != then:
        first = next(pair for pair in zip_longest(now, then) if pair[0] != pair[1])
        here, there = (f"{run:%Y-%m-%d %H:%M} UTC" if run else "never again" for run in first)
        yield f"would run at other times: {here} as it is, {there} in the other home", ""

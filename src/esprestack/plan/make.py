"""Desired rules and live rules → Plan. Pure: no call is made here, and nothing is changed."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from esprestack.backends.base import Live, Write
from esprestack.config.words import Words, schedule_words
from esprestack.errors import Problem, Where
from esprestack.plan.compare import Comparison, Veil, compare, is_equal
from esprestack.plan.completed import is_completed
from esprestack.plan.model import Action, Change, Plan, digest
from esprestack.plan.notes import notes_of, nowhere
from esprestack.plan.pins import Pins, pinned
from esprestack.rule import Home, LiveRule, Rule
from esprestack.schedule.starts import mean_the_same

if TYPE_CHECKING:
    from esprestack.config.desired import Desired

FEWEST_DELETES = 3
"""Without `--max-deletes`: half of the tracked rules may go, but at least this many."""

_ORDER = [
    Action.CREATE, Action.UPDATE, Action.REPLACE, Action.ADOPT, Action.CONFLICT, Action.UNCHANGED, Action.ORPHAN,
    Action.DELETE,
]  # fmt: skip


_NO_PINS = Pins()


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """`rules`: only these names (all when empty). `max_deletes` None: half of the tracked rules."""

    rules: tuple[str, ...] = ()
    prune: bool = False
    take_over: bool = False
    max_deletes: int | None = None
    may_empty: bool = False
    """With prune: also where nothing at all is desired."""
    now: datetime | None = None
    """Of schedules that are over before it none is created; None: all that are desired are."""


def make_plan(
    config: str,
    desired: "Sequence[Desired]",
    live: Live,
    options: PlanOptions,
    veil: Veil,
    elsewhere: Collection[str] = (),
    *,
    configured: Collection[str] = (),
    pins: Pins = _NO_PINS,
) -> Plan:
    """The plan for `desired`, the rules of one config.

    `elsewhere` are rules that other configs of this run with the same tracking id answer for: no orphans of ours.
    `configured` are the rules of all configs of this run, `pins` what its services mean for those of this config.
    """
    selected = [item for item in desired if not options.rules or item.rule.name in options.rules]
    twins = _twins(live)
    changes = [pinned(_change(item, live, twins.get(item.rule.name), options, veil), pins) for item in selected]
    names = {item.rule.name for item in desired} | set(elsewhere)
    orphans = {} if options.rules else _orphans(live, names)
    changes += [_orphan(name, orphan, live, options, veil) for name, orphan in orphans.items()]
    changes.sort(key=lambda change: (_ORDER.index(change.action), change.name))
    return Plan(
        config=config,
        scope=live.scope,
        changes=tuple(changes),
        refusals=tuple(_refusals(config, desired, changes, live, options, pins)),
        notes=(
            *pins.notes,
            *nowhere(selected, live, twins),
            *notes_of(selected, live, names | set(configured), changes),
        ),
        prune=options.prune,
    )


def doubtful(desired: "Sequence[Desired]", live: Live, elsewhere: Collection[str] = ()) -> list[str]:
    """Names whose part of the plan hangs on tags that come from an index: these are to be confirmed first."""
    wanted = {item.rule.name: item.rule for item in desired}
    ours = live.scope.tracking_id
    names = []
    for name, rule in live.rules.items():
        if name in live.certain:
            continue
        if name not in wanted:
            if rule.tracking_id == ours and name not in elsewhere:
                names.append(name)
        elif rule.tracking_id != ours or wanted[name].rule_tags not in (None, rule.rule.rule_tags):
            names.append(name)
    return sorted(names)


def waking(desired: "Sequence[Desired]", live: Live, rules: Collection[str]) -> list[str]:
    """Rules that this plan would enable, and those of `rules` that it would create: is there a schedule, too?

    Of all others it is known: it was read with what is ours.
    """
    twins = _twins(live)
    return sorted(
        item.rule.name
        for item in desired
        if item.rule.home is Home.RULES and item.rule.enabled and item.rule.name not in twins
        if (not rules or item.rule.name in rules)
        if (not found.rule.enabled if (found := live.rules.get(item.rule.name)) else bool(rules))
    )


def _twins(live: Live) -> dict[str, LiveRule]:
    """The rules that live in both homes, each as it is in the one that isn't meant by its name."""
    return {rule.name: rule for called, rule in live.rules.items() if called != rule.name}


def _change(item: "Desired", live: Live, other: LiveRule | None, options: PlanOptions, veil: Veil) -> Change:
    """`other`: the rule of the same name in the other home."""
    found = live.rules.get(item.rule.name)
    rule = as_it_starts(item.rule, found, options.now)
    if found and found.tracking_id == live.scope.tracking_id and is_equal(found.rule, rule):
        # canonical forms: equal is equal, and most rules are
        return Change(rule.name, Action.UNCHANGED, standing=_standing(rule, veil))
    if found is not None and found.rule.home is not rule.home and not _runs_beside(found, live):
        found = None  # of the same name, and no rule of ours
    if found is None and options.now is not None and is_completed(rule, options.now):
        return Change(rule.name, Action.UNCHANGED)
    comparison = compare(found, rule, live.scope, veil)
    if other and rule.enabled and not (found and found.rule.enabled) and _runs_beside(other, live):
        action, reason = Action.CONFLICT, f"{_LIVES[other.rule.home]}, and both would run"
    elif found is None:
        action, reason = _creation(rule, live, options.take_over)
    else:
        action, reason = _action(rule, found, comparison, live.scope.tracking_id, options.take_over)
    where = None if action is Action.UNCHANGED else item.place()
    return _made(rule.name, action, where, reason, comparison, Write(rule.name, found, rule))


def _standing(rule: Rule, veil: Veil) -> Words:
    words = schedule_words(rule)
    return words if veil.vault.is_empty else {key: veil.shown(key, value) for key, value in words.items()}


def _runs_beside(found: LiveRule, live: Live) -> bool:
    """Whether a live rule of the other home would start the same tasks as a new one of this name."""
    return found.rule.enabled and found.tracking_id in (None, live.scope.tracking_id)


def _creation(rule: Rule, live: Live, take_over: bool) -> tuple[Action, str]:
    group = rule.timing.group or live.scope.schedule_group
    if rule.home is not Home.SCHEDULER or group not in live.groups or take_over:
        return Action.CREATE, ""
    owner = live.groups[group]
    if owner == live.scope.tracking_id or (owner is None and not rule.timing.group):
        return Action.CREATE, ""
    return Action.CONFLICT, _of_others(group, owner)


def _of_others(group: str, owner: str | None) -> str:
    return f"the schedule group `{group}` is tracked by {f'`{owner}`' if owner else 'nobody'}"


def as_it_starts(rule: Rule, found: LiveRule | None, now: datetime | None) -> Rule:
    """`rule` with the live start, where that makes no difference to the runs to come: AWS takes none of the past."""
    if found is None or now is None or rule.home is Home.RULES or found.rule.timing.start == rule.timing.start:
        return rule
    start = found.rule.timing.start
    same = found.rule.schedule_expression == rule.schedule_expression
    if not same or not mean_the_same(rule.schedule_expression, rule.timing.start, start, now):
        return rule
    return replace(rule, timing=replace(rule.timing, start=start))


def _action(rule: Rule, found: LiveRule, comparison: Comparison, ours: str, take_over: bool) -> tuple[Action, str]:
    if found.rule.home is not rule.home:
        return Action.CONFLICT, f"{_LIVES[found.rule.home]}, and both would run"
    if found.would_lose and (comparison.fields or found.tracking_id != ours):
        return Action.CONFLICT, f"a write would lose {', '.join(found.would_lose)}"
    if found.tracking_id not in (None, ours):
        if not take_over:
            return Action.CONFLICT, f"tracked by `{found.tracking_id}`, not by `{ours}`"
        return Action.ADOPT, f"taken over from `{found.tracking_id}`"
    if found.tracking_id is None:
        if found.rule.timing.group and not take_over:
            return Action.CONFLICT, _of_others(found.rule.timing.group, None)
        return Action.ADOPT, "exists already, tracked by nobody"
    old, new = found.rule.target, rule.target
    if old and new and old.id != new.id:
        return Action.REPLACE, f"target `{old.id}` becomes `{new.id}`"
    if found.rule.timing.group != rule.timing.group:
        return Action.REPLACE, "a schedule can't change its group: it is deleted and made anew"
    if comparison.fields:
        return Action.UPDATE, "" if old else "it has lost its target"
    return Action.UNCHANGED, ""


_LIVES = {
    Home.RULES: "it is an EventBridge rule now",
    Home.SCHEDULER: "it is a schedule of EventBridge Scheduler now",
}


def _orphans(live: Live, names: Collection[str]) -> dict[str, LiveRule]:
    return {
        name: rule
        for name, rule in live.rules.items()
        if name not in names and rule.tracking_id == live.scope.tracking_id
    }


def _orphan(name: str, rule: LiveRule, live: Live, options: PlanOptions, veil: Veil) -> Change:
    comparison = compare(rule, None, live.scope, veil)
    kept = [*rule.would_lose, *rule.foreign]
    why = "in no config any more" if name == rule.name else _left_over(rule.rule, live.rules.get(rule.name))
    if not options.prune:
        return _made(name, Action.ORPHAN, None, why, comparison, None)
    if kept:
        return _made(name, Action.ORPHAN, None, f"kept, a delete would lose {', '.join(kept)}", comparison, None)
    if name not in live.certain:
        return _made(name, Action.ORPHAN, None, "kept, its tags couldn't be confirmed", comparison, None)
    return _made(name, Action.DELETE, None, why, comparison, Write(name, rule, None))


def _left_over(rule: Rule, other: LiveRule | None) -> str:
    """Why a rule that lives twice is in no config: the other one of its name is meant there."""
    both = rule.enabled and other is not None and other.rule.enabled
    return f"left over, the config means the other `{rule.name}`{'; BOTH RUN, so every run is doubled' if both else ''}"


def _made(
    name: str, action: Action, where: Where | None, reason: str, comparison: Comparison, write: Write | None
) -> Change:
    hidden = action is Action.ORPHAN
    return Change(
        name=name,
        action=action,
        where=where,
        reason=reason,
        before=comparison.before,
        after=comparison.after,
        fields=() if hidden else comparison.fields,
        marks=() if hidden else tuple(digest(name, *parts)[:16] for parts in comparison.marks),
        write=write,
    )


def _refusals(
    config: str, desired: "Sequence[Desired]", changes: Sequence[Change], live: Live, options: PlanOptions, pins: Pins
) -> list[Problem]:
    problems = [
        Problem(
            f"conflict: the rule `{change.name}` may not be touched: {change.reason}",
            change.where,
            pins.barred[change.name].todo if change.name in pins.barred else _way_out(change),
            "conflict",
        )
        for change in changes
        if change.action is Action.CONFLICT
    ]
    deletes = sum(change.action is Action.DELETE for change in changes)
    if options.prune and not desired and not options.may_empty:
        what = "prune is refused: `rules:` is empty, every tracked rule would go"
        problems.append(Problem(what, Where(config), "is this the right file? Delete rules one config at a time"))
    tracked = sum(rule.tracking_id == live.scope.tracking_id for rule in live.rules.values())
    most = max(FEWEST_DELETES, math.ceil(tracked / 2)) if options.max_deletes is None else options.max_deletes
    if deletes > most:
        what = f"prune is refused: {deletes} rules would be deleted, at most {most} may be"
        problems.append(Problem(what, Where(config), f"allow it with --max-deletes {deletes}"))
    return problems


def _way_out(change: Change) -> str:
    if change.reason.startswith(_LIVES[Home.RULES]):
        return f"move it without a missed or doubled run: esprestack migrate --rule {change.name}"
    if change.reason.startswith(_LIVES[Home.SCHEDULER]):
        back = f"esprestack migrate --rollback --rule {change.name}"
        return f"say `backend: scheduler`, or move it back without a missed or doubled run: {back}"
    return "rename the rule, or take it over with --take-over" if "tracked by" in change.reason else "rename the rule"

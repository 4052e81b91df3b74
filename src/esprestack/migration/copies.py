"""The copy that a rule gets in its other home, what of it can't be carried over, and what its owner should know. Pure.

In: the rule as the config wants it, and what AWS has; out: a disabled rule, refusals, notes.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from esprestack.config.desired import Desired
from esprestack.migration.pairs import Pair
from esprestack.plan.compare import Veil, compare
from esprestack.rule import Home, LiveRule, Rule, Scope, Target, Timing, with_texts

MOST_TASKS = 10
"""https://docs.aws.amazon.com/scheduler/latest/APIReference/API_EcsParameters.html"""
_CONTEXT = "<aws.scheduler."
"""https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html"""
_PATH = "$."
"""https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html (dynamic path parameters)"""


def as_schedule(rule: Rule, role: str, start: datetime | None) -> Rule:
    """The schedule, disabled, that runs as `rule` does; a rate counts from `start`."""
    target = rule.target and replace(rule.target, id=rule.name, role=role or rule.target.role)
    timing = Timing(group=rule.timing.group, kms_key=rule.timing.kms_key, start=start)
    return replace(rule, home=Home.SCHEDULER, enabled=False, timing=timing, target=target, rule_role="", rule_tags=None)


def as_rule(rule: Rule, kept: LiveRule | None, role: str) -> Rule:
    """The rule, disabled, that runs as the schedule `rule` does; what only rules have comes from the one `kept`."""
    made = replace(rule, home=Home.RULES, enabled=False, timing=Timing())
    if made.target and rule.home is Home.SCHEDULER and kept and kept.rule.target:
        target = replace(made.target, id=kept.rule.target.id, role=kept.rule.target.role)
        made = replace(made, target=target, rule_role=kept.rule.rule_role)
    return replace(made, target=made.target and replace(made.target, role=role or made.target.role))


def differences(live: LiveRule, desired: Rule, scope: Scope, veil: Veil) -> list[str]:
    """The fields in which what runs isn't what the config says, but for those that only one of the homes has."""
    same_home = live.rule.home is desired.home
    found = replace(live, rule=_neutral(live.rule, keep_role=same_home))
    fields = compare(found, _neutral(desired, keep_role=same_home), scope, veil).fields
    return [field.path for field in fields]


def _neutral(rule: Rule, *, keep_role: bool) -> Rule:
    target = rule.target and replace(rule.target, id=rule.name, role=rule.target.role if keep_role else "")
    return replace(rule, home=Home.RULES, enabled=True, timing=Timing(), target=target, rule_role="", rule_tags=None)


def obstacles(item: Desired, pair: Pair, to: Home, scope: Scope, open_seals: Callable[[str], str]) -> Iterator[str]:
    """What can't be carried over, whatever the config says: each as the rest of "it …"."""
    source, destination = pair.of(to.other), pair.of(to)
    for found in filter(None, (source, destination)):
        where = "its rule" if found.rule.home is Home.RULES else "its schedule"
        if found.would_lose:
            yield f"has what can't be carried over: {', '.join(found.would_lose)} ({where})"
        if found.foreign:
            yield f"starts more than one target: {', '.join(found.foreign)} ({where})"
        if found.tracking_id != scope.tracking_id:
            owner = f"`{found.tracking_id}`" if found.tracking_id else "nobody"
            yield f"is tracked by {owner}, not by `{scope.tracking_id}` ({where})"
    for other in pair.elsewhere:
        if other.rule.enabled and other.tracking_id == scope.tracking_id:
            yield f"runs as a schedule of another group already: `{other.rule.timing.group}`"
    target = with_texts(item.rule, open_seals).target
    if target is None or (source and source.rule.target is None):
        yield "has no target"
        return
    yield from _of_schedules(target) if to is Home.SCHEDULER else _of_rules(item, source)
    if any(_CONTEXT in text for text in _texts(target)):
        yield f"has `{_CONTEXT}…>` in its target, which EventBridge Scheduler replaces and a rule doesn't"


def _of_schedules(target: Target) -> Iterator[str]:
    if target.task_count > MOST_TASKS:
        yield f"starts {target.task_count} tasks, a schedule starts {MOST_TASKS} at most"
    for key, value in target.tags:
        if not value:
            yield f"gives its task the tag `{key}` without a value, which EventBridge Scheduler wants"
    plain = replace(target, container_overrides=())
    for text in sorted({text for text in _texts(plain) if text.startswith(_PATH)}):
        yield f"has `{text}` in its target, a path into the event, which a schedule has none of"


def _of_rules(item: Desired, source: LiveRule | None) -> Iterator[str]:
    timing = source.rule.timing if source else item.rule.timing
    for key, value in (
        ("timezone", timing.timezone),
        ("endDate", timing.end),
        ("flexibleTimeWindow", timing.window),
    ):
        if value:
            yield f"has `{key}`, which no rule has"


def _texts(target: Target) -> list[str]:
    texts: list[str] = []

    def kept(text: str) -> str:
        texts.append(text)
        return text

    with_texts(target, kept)
    return texts


def changes_of_its_own(rule: Rule, now: datetime) -> list[str]:
    """Keys of a config's schedule that would change when it runs: they come after the move, as a change of their own.

    A start that has passed changes nothing, and that of a rate is its beginning.
    """
    timing = rule.timing
    is_rate = rule.schedule_expression.startswith("rate(")
    keys = {
        "timezone": timing.timezone,
        "startDate": timing.start is not None and timing.start > now and not is_rate,
        "endDate": timing.end,
        "flexibleTimeWindow": timing.window,
        "actionAfterCompletion": timing.after_completion,
    }
    return [key for key, value in keys.items() if value]


def losses(pair: Pair, copy: Rule) -> Iterator[str]:
    """What is different in the other home, and no obstacle."""
    source = pair.of(copy.home.other)
    if source is None:
        return
    old, target = source.rule, copy.target
    if copy.home is Home.SCHEDULER:
        if old.rule_tags:
            names = ", ".join(f"`{key}`" for key, _ in old.rule_tags)
            yield f"the rule's tags {names} are lost: only the group of a schedule has tags"
        if old.rule_role:
            yield f"the rule's own role `{old.rule_role}` is dropped: a schedule has its target's alone"
        if target and target.dead_letter_queue:
            yield (
                f"what can't be delivered is sent to `{target.dead_letter_queue}` by the role, which needs "
                "sqs:SendMessage; the queue's own policy for EventBridge isn't used any more"
            )
    elif old.timing.kms_key:
        yield "a rule isn't encrypted with a key of yours"

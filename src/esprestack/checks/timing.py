"""When rules run: expressions that AWS refuses, schedules that are over, and the same job at the same times."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from esprestack.backends.rules_mapping import put_target
from esprestack.checks.finding import Finding
from esprestack.checks.schedules import zone_of
from esprestack.checks.subject import Subject, known
from esprestack.schedule import At, Cron, Dialect, ScheduleError, parse
from esprestack.schedule.corrections import named_weekdays, unix_weekdays

_KEY = "scheduleExpression"
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
"""Before every year that an expression can name."""
_LAST = datetime(9999, 1, 1, tzinfo=UTC)
_USUAL = ("MON-FRI", "MON-SAT", "SUN,SAT")


def schedule(subject: Subject, now: datetime) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html

    AWS takes a schedule that never comes up (again). That it is over is a warning, and of an enabled rule only: time
    makes it so, and a config that nobody touched shouldn't stop an apply.
    """
    written = subject.rule.schedule_expression
    expression = subject.opened_rule.schedule_expression
    if not known(expression):
        return
    plain = expression == written
    try:
        parsed = parse(expression, Dialect(subject.rule.home))
    except ScheduleError as error:
        where = subject.place_within(_KEY, error.start) if plain else subject.place(_KEY)
        what = f"the schedule expression `{written}`: {error.what}" if plain else f"`{written}` is no schedule"
        todo = error.todo if plain else "write `cron(minutes hours day-of-month month day-of-week year)` or `rate(…)`"
        yield subject.finding("schedule-expression", what, where, todo)
        return
    for warning in parsed.warnings if plain else ():
        yield subject.finding(
            "schedule-doubtful", f"the schedule expression `{written}`: {warning}", subject.place(_KEY)
        )
    if plain and isinstance(parsed, Cron):
        yield from _weekdays(subject, parsed)
    zone = zone_of(subject.opened_rule.timing.timezone)
    end = subject.rule.timing.end or _LAST
    coming = parsed.next_after(now, zone)
    if coming is not None and coming <= end:
        return
    if parsed.next_after(_FIRST, zone) is None:
        what = f"the schedule `{written}` of the rule `{subject.rule.name}` never comes up: no date is like that"
        yield subject.finding("schedule-never", what, subject.place(_KEY), "mend day-of-month and month")
    elif subject.rule.enabled and not (isinstance(parsed, At) and subject.rule.timing.after_completion):
        what = f"the schedule `{written}` of the rule `{subject.rule.name}` is over: it never comes up again"
        yield subject.finding("schedule-over", what, subject.place(_KEY), "remove the rule, or set `disabled: true`")


def _weekdays(subject: Subject, cron: Cron) -> Iterator[Finding]:
    """Numbers that are a working week or a weekend in Unix cron, and other days here."""
    text = cron.texts[4]
    meant, said = unix_weekdays(text), named_weekdays(value - 1 for value in cron.days_of_week.values)
    if meant in _USUAL and meant != said:
        start = [match.start() for match in re.finditer(r"\S+", cron.expression)][4]
        what = f"the schedule expression `{cron.expression}`: day-of-week `{text}` is {said} here, Sunday is 1"
        todo = f"write `{meant}` or `{said}`, whichever is meant"
        yield subject.finding("schedule-weekdays", what, subject.place_within(_KEY, start), todo)


def same_job_twice(subjects: Sequence[Subject]) -> Iterator[Finding]:
    """Rules with the same task, overrides and expression: most often one was copied and not changed."""
    first: dict[object, Subject] = {}
    for subject in subjects:
        target, expression = subject.shown, subject.rule.schedule_expression
        if not subject.rule.enabled:
            continue
        when = (expression, subject.rule.timing.timezone, subject.rule.timing.start, subject.rule.timing.end)
        job = (when, target.task_definition, target.task_override, target.container_overrides)
        other = first.setdefault(job, subject)
        if other.rule.name != subject.rule.name and _is_known(subject):
            what = (
                f"the rule `{subject.rule.name}` starts the same task with the same overrides at the same times "
                f"as `{other.rule.name}` ({other.place()})"
            )
            yield subject.finding("same-job-twice", what, subject.place(), "remove one, or change what it runs")


def _is_known(subject: Subject) -> bool:
    sent = put_target(subject.shown, subject.scope)
    return all(map(known, (subject.rule.schedule_expression, subject.shown.task_definition, sent.get("Input", ""))))

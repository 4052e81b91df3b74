"""What is EventBridge Scheduler's alone, and what is the rules' alone: keys in the wrong home, zones, dates, groups."""

import difflib
import re
from collections.abc import Iterator
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from esprestack.checks.finding import Finding
from esprestack.checks.subject import Subject, known
from esprestack.rule import Home
from esprestack.schedule import At, Dialect, ScheduleError, parse

_OF_SCHEDULES = (
    "timezone", "startDate", "endDate", "flexibleTimeWindow", "scheduleGroup", "actionAfterCompletion", "kmsKey",
)  # fmt: skip
_OF_RULES = ("targetId", "ruleRole", "ruleTags")
_EVERYBODYS = "default"
_KMS_KEY = re.compile(r"arn:aws[\w-]*:kms:[a-z0-9-]+:\d{12}:(?:key|alias)/[0-9A-Za-z_-]+", re.ASCII)
"""https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html"""
_CONTEXT = "<aws.scheduler."
"""https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html"""


def zone_of(name: str) -> tzinfo:
    """The time zone of that name; UTC for none, and for one that isn't known, which is a finding of its own."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def schedules(subject: Subject) -> Iterator[Finding]:
    if subject.rule.home is Home.RULES:
        yield from _misplaced(subject, _OF_SCHEDULES, "schedules of EventBridge Scheduler", "add `backend: scheduler`")
        yield from _context(subject)
        return
    yield from _misplaced(subject, _OF_RULES, "EventBridge rules", "remove it")
    yield from _timezone(subject)
    yield from _dates(subject)
    yield from _group_and_key(subject)
    yield from _tag_values(subject)


def _misplaced(subject: Subject, keys: tuple[str, ...], of: str, todo: str) -> Iterator[Finding]:
    for key in keys:
        if subject.has(key) and (where := subject.find(key)):
            what = f"`{key}` of the rule `{subject.rule.name}` is for {of} alone"
            yield subject.finding("wrong-home", what, where, todo)


def _context(subject: Subject) -> Iterator[Finding]:
    for index, position in subject.containers():
        container = subject.shown.container_overrides[index]
        texts = (*container.command, *(value for _, value in container.environment))
        if any(_CONTEXT in text for text in texts):
            what = (
                f"`{_CONTEXT}…>` in the overrides of `{subject.rule.name}` is replaced by EventBridge Scheduler alone"
            )
            where = subject.place("containerOverrides", position)
            yield subject.finding("context-attribute", what, where, "add `backend: scheduler`")


def _timezone(subject: Subject) -> Iterator[Finding]:
    name, written = subject.opened_rule.timing.timezone, subject.rule.timing.timezone
    if not name or not known(name) or zone_of(name) is not UTC:
        return
    near = difflib.get_close_matches(name, sorted(available_timezones()), n=1)
    todo = f"did you mean `{near[0]}`?" if near and name == written else "write an IANA name such as `Asia/Tokyo`"
    yield subject.finding("timezone", f"`{written}` is no time zone", subject.place("timezone"), todo)


def _dates(subject: Subject) -> Iterator[Finding]:
    start, end = subject.rule.timing.start, subject.rule.timing.end
    if start and end and end <= start:
        what = f"the schedule `{subject.rule.name}` ends before it starts"
        yield subject.finding("schedule-dates", what, subject.place("endDate"), "exchange the two dates")
    try:
        is_once = isinstance(parse(subject.opened_rule.schedule_expression, Dialect.SCHEDULER), At)
    except ScheduleError:
        return
    if is_once and (start or end):
        what = f"the schedule `{subject.rule.name}` runs once: AWS takes no notice of a start or an end"
        yield subject.finding("dates-of-once", what, subject.place("startDate" if start else "endDate"), "remove them")


def _group_and_key(subject: Subject) -> Iterator[Finding]:
    timing, shown = subject.opened_rule.timing, subject.rule.timing
    if timing.group == _EVERYBODYS:
        what = "the schedule group `default` is everybody's, and schedules in it can't be told apart"
        where = subject.place("scheduleGroup")
        yield subject.finding("schedule-group", what, where, "remove the key, or name a group of your own")
    if timing.kms_key and known(timing.kms_key) and not _KMS_KEY.fullmatch(timing.kms_key):
        what = f"`{shown.kms_key}` is no ARN of a key"
        todo = "write `arn:aws:kms:REGION:ACCOUNT:key/ID`"
        yield subject.finding("kms-key", what, subject.place("kmsKey"), todo)


def _tag_values(subject: Subject) -> Iterator[Finding]:
    for key, value in subject.shown.tags:
        if not value:
            what = (
                f"the tag `{key}` of the schedule `{subject.rule.name}` has no value, which EventBridge Scheduler wants"
            )
            yield subject.finding("tag-limits", what, subject.place("tags", key), "give it a value, or remove it")

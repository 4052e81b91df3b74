"""EventBridge Scheduler's requests and answers: `Rule` → CreateSchedule or UpdateSchedule, and back from GetSchedule.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from esprestack.backends.ecs_target import target_of, target_request
from esprestack.backends.members import SCHEDULE, SCHEDULE_TARGET, known_target
from esprestack.rule import Home, LiveRule, Pairs, Rule, Scope, Target, Timing, with_texts
from esprestack.schedule.starts import start_to_say

Request: TypeAlias = dict[str, Any]
Answer: TypeAlias = Mapping[str, Any]

_UTC = "UTC"
_IN_TIME = "OFF"
_FLEXIBLE = "FLEXIBLE"


# -- rule → request --------------------------------------------------------------------------------------------


def schedule_request(rule: Rule, scope: Scope, now: datetime) -> Request:
    """CreateSchedule's and UpdateSchedule's members: all are said, since what isn't goes back to its default.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule.html
    """
    timing = rule.timing
    window = {"Mode": _FLEXIBLE, "MaximumWindowInMinutes": timing.window} if timing.window else {"Mode": _IN_TIME}
    request: Request = {
        **place_of(rule, scope),
        "ScheduleExpression": rule.schedule_expression,
        "ScheduleExpressionTimezone": timing.timezone or _UTC,
        "FlexibleTimeWindow": window,
        "State": "ENABLED" if rule.enabled else "DISABLED",
        "ActionAfterCompletion": timing.after_completion or "NONE",
    }
    optional: Request = {
        "Description": rule.description,
        "StartDate": start_to_say(rule.schedule_expression, timing.start, now),
        "EndDate": timing.end,
        "KmsKeyArn": timing.kms_key,
        "Target": rule.target and _target_request(rule.target, scope),
    }
    return request | {key: value for key, value in optional.items() if value}


def place_of(rule: Rule, scope: Scope) -> Request:
    """The members that say which schedule is meant."""
    return {"Name": rule.name, "GroupName": rule.timing.group or scope.schedule_group}


def with_context(target: Target, rule: Rule, scope: Scope, now: datetime, execution: str) -> Target:
    """`target` as a run at `now` gets it: EventBridge Scheduler's context attributes in its texts filled in.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    """
    group = rule.timing.group or scope.schedule_group
    attributes = {
        "schedule-arn": scope.arn("scheduler", f"schedule/{group}/{rule.name}"),
        "scheduled-time": f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "execution-id": execution,
        "attempt-number": "1",
    }

    def filled(text: str) -> str:
        for name, value in attributes.items():
            text = text.replace(f"<aws.scheduler.{name}>", value)
        return text

    return with_texts(target, filled)


def _target_request(target: Target, scope: Scope) -> Request:
    """Tags are maps here, not pairs of Key and Value; an empty list of security groups isn't taken."""
    request = target_request(target, scope)
    parameters = request["EcsParameters"]
    if target.tags:
        parameters["Tags"] = [{key: value} for key, value in target.tags]
    network = parameters.get("NetworkConfiguration", {}).get("awsvpcConfiguration", {})
    if not network.get("SecurityGroups", True):
        del network["SecurityGroups"]
    return request


# -- answer → rule ---------------------------------------------------------------------------------------------


def live_schedule(answer: Answer, scope: Scope, tracking_id: str | None) -> LiveRule:
    """The rule of GetSchedule's answer; `tracking_id` is the one that its group is tagged with."""
    lost = list(_losses(answer))
    rule = Rule(
        name=answer["Name"],
        schedule_expression=answer.get("ScheduleExpression") or "",
        description=answer.get("Description") or "",
        enabled=answer.get("State") != "DISABLED",
        target=_target(answer, scope, lost),
        rule_tags=(),
        home=Home.SCHEDULER,
        timing=_timing(answer, scope),
    )
    return LiveRule(rule, tracking_id, would_lose=tuple(dict.fromkeys(lost)))


def _losses(answer: Answer) -> Iterator[str]:
    """What of a schedule but for its target a config can't say."""
    state = answer.get("State")
    if state not in ("ENABLED", "DISABLED"):
        yield f"its state {state}" if state else "its state, which isn't told"
    window = answer.get("FlexibleTimeWindow") or {"Mode": _IN_TIME}
    if window.get("Mode") not in (_IN_TIME, _FLEXIBLE) or not window.keys() <= {"Mode", "MaximumWindowInMinutes"}:
        yield "its FlexibleTimeWindow"
    if answer.get("ActionAfterCompletion") not in (None, "NONE", "DELETE"):
        yield "its ActionAfterCompletion"
    yield from (f"its {key}" for key in sorted(set(answer) - SCHEDULE) if answer[key] is not None)


def _timing(answer: Answer, scope: Scope) -> Timing:
    window = answer.get("FlexibleTimeWindow") or {}
    zone, group = answer.get("ScheduleExpressionTimezone") or _UTC, answer.get("GroupName") or "default"
    return Timing(
        timezone="" if zone == _UTC else zone,
        start=_moment(answer.get("StartDate")),
        end=_moment(answer.get("EndDate")),
        window=window.get("MaximumWindowInMinutes") if window.get("Mode") == _FLEXIBLE else None,
        group="" if group == scope.schedule_group else group,
        after_completion="DELETE" if answer.get("ActionAfterCompletion") == "DELETE" else "",
        kms_key=answer.get("KmsKeyArn") or "",
    )


def _moment(stamp: float | str | None) -> datetime | None:
    """A time as JSON has it, seconds since 1970; the second is as fine as a schedule knows it."""
    if stamp is None:
        return None
    moment = datetime.fromisoformat(stamp) if isinstance(stamp, str) else datetime.fromtimestamp(stamp, UTC)
    return moment.astimezone(UTC).replace(microsecond=0)


def _target(answer: Answer, scope: Scope, lost: list[str]) -> Target | None:
    target = answer.get("Target") or {}
    if target.get("Arn") != scope.cluster_arn or "EcsParameters" not in target:
        lost.append("its target, which is no task on this cluster")
        return None
    parameters = dict(target["EcsParameters"])
    tags = _tags(parameters.pop("Tags", None) or [], lost)
    found = known_target({**target, "EcsParameters": parameters}, lost, SCHEDULE_TARGET)
    return target_of(found, answer["Name"], tags, scope, lost)


def _tags(maps: Any, lost: list[str]) -> Pairs:
    """The tags of a list of maps, however many each map holds."""
    if not isinstance(maps, list) or not all(isinstance(item, dict) for item in maps):
        lost.append("its target's EcsParameters.Tags")
        return ()
    return tuple(sorted((str(key), str(value)) for item in maps for key, value in item.items()))

"""The members of EventBridge's answers that the mapping knows, and the names of all others, which a write would lose.

In: a target or the text of its Input, from anybody's hand; out: what is known of it, in the types that AWS documents.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, TypeAlias

Form: TypeAlias = "type | list[Form] | dict[str, Form]"
"""A text, number or flag; a list of one form; an object with the forms of its members."""

RULE = frozenset({"Name", "Arn", "ScheduleExpression", "Description", "State", "RoleArn", "EventBusName"})

TARGET: dict[str, Any] = {
    "Id": str,
    "Arn": str,
    "RoleArn": str,
    "Input": str,
    "EcsParameters": {
        "TaskDefinitionArn": str,
        "TaskCount": int,
        "LaunchType": str,
        "NetworkConfiguration": {
            "awsvpcConfiguration": {"Subnets": [str], "SecurityGroups": [str], "AssignPublicIp": str}
        },
        "PlatformVersion": str,
        "Group": str,
        "CapacityProviderStrategy": [{"capacityProvider": str, "base": int, "weight": int}],
        "EnableECSManagedTags": bool,
        "EnableExecuteCommand": bool,
        "PlacementConstraints": [{"type": str, "expression": str}],
        "PlacementStrategy": [{"type": str, "field": str}],
        "PropagateTags": str,
        "ReferenceId": str,
        "Tags": [{"Key": str, "Value": str}],
    },
    "DeadLetterConfig": {"Arn": str},
    "RetryPolicy": {"MaximumRetryAttempts": int, "MaximumEventAgeInSeconds": int},
}
"""https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html"""

_SCHEDULE_ECS = {key: form for key, form in TARGET["EcsParameters"].items() if key != "Tags"}
SCHEDULE_TARGET: dict[str, Form] = {
    **{key: form for key, form in TARGET.items() if key != "Id"},
    "EcsParameters": _SCHEDULE_ECS,
}
"""A schedule's target, but for the tags of its task.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_Target.html
"""

SCHEDULE = frozenset(
    {
        "Name", "GroupName", "Arn", "CreationDate", "LastModificationDate", "ScheduleExpression",
        "ScheduleExpressionTimezone", "StartDate", "EndDate", "FlexibleTimeWindow", "State", "Description",
        "KmsKeyArn", "ActionAfterCompletion", "Target",
    }
)  # fmt: skip

OVERRIDE: dict[str, Form] = {
    "containerOverrides": [
        {
            "name": str,
            "command": [str],
            "environment": [{"name": str, "value": str}],
            "environmentFiles": [{"value": str, "type": str}],
            "cpu": int,
            "memory": int,
            "memoryReservation": int,
            "resourceRequirements": [{"type": str, "value": str}],
        }
    ],
    "cpu": str,
    "memory": str,
    "taskRoleArn": str,
    "executionRoleArn": str,
    "ephemeralStorage": {"sizeInGiB": int},
}
"""https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html"""

_WITHIN = {
    "its target": "its target's ",
    "its target's Input": "its target's override of ",
    "its target's override of containerOverrides": "its container override's ",
}
"""How the members of what is named so are named."""

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")


def known_target(target: Mapping[str, Any], lost: list[str], form: dict[str, Form] = TARGET) -> Mapping[str, Any]:
    """What is known of a target; the names of what isn't are added to `lost`."""
    return target if _fits(target, form) else _object(target, form, "its target", lost)


def known_override(text: str, lost: list[str]) -> Mapping[str, Any]:
    """What is known of the task override in a target's Input, which may be any text."""
    if not text:
        return {}
    name = "its target's Input"
    twice = False

    def members(found: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal twice
        made = dict(found)
        twice = twice or len(made) < len(found)
        return made

    try:
        override = json.loads(text, object_pairs_hook=members, parse_constant=_no_number)
    except (ValueError, RecursionError):  # no JSON; JSON of thousands of brackets
        override = None
    if not isinstance(override, dict):
        lost.append(f"{name}, which is no task override")
        return {}
    if twice:
        lost.append(f"{name}, in which a member stands twice")
    return override if _fits(override, OVERRIDE) else _object(override, OVERRIDE, name, lost)


def _no_number(constant: str) -> None:
    """NaN and Infinity, which only Python takes for JSON."""
    raise ValueError(constant)


def _fits(value: Any, form: Form) -> bool:
    """Whether all of it is known as it stands, as of most rules: nothing has to be named then."""
    if isinstance(form, dict):
        return isinstance(value, dict) and all(key in form and _fits(item, form[key]) for key, item in value.items())
    if isinstance(form, list):
        return isinstance(value, list) and all(_fits(item, form[0]) for item in value)
    return type(value) is form and (not isinstance(value, str) or value.isascii() or _is_unicode(value))


def _known(value: Any, form: Form, name: str, lost: list[str]) -> Any:
    """`value` as far as it has the form; None where it hasn't."""
    if isinstance(form, dict) and isinstance(value, Mapping):
        return _object(value, form, name, lost)
    if isinstance(form, list) and isinstance(value, list):
        items = (_known(item, form[0], name, lost) for item in value)
        return [item for item in items if item is not None]
    known = _scalar(value, form) if isinstance(form, type) else None
    if known is None:
        lost.append(name)
    return known


def _object(value: Mapping[str, Any], form: dict[str, Form], name: str, lost: list[str]) -> dict[str, Any]:
    """The members that are known. A member that is null is as good as none."""
    within = _WITHIN.get(name, f"{name}.")
    known = {}
    for key, item in value.items():
        if item is None:
            continue
        if key not in form:
            lost.append(f"{within}{_shown(key)}")
        elif (member := _known(item, form[key], f"{within}{key}", lost)) is not None:
            known[key] = member
    return known


def _scalar(value: Any, form: type) -> Any:
    """The value in the type of the form. AWS takes 512 for a text, and "512" for a number."""
    if form is bool or isinstance(value, bool):
        return value if form is bool and isinstance(value, bool) else None
    if isinstance(value, int):
        return value if form is int else str(value)
    if not isinstance(value, str) or not _is_unicode(value):
        return None
    if form is str:
        return value
    return int(value) if _WHOLE_NUMBER.fullmatch(value) else None


def _is_unicode(text: str) -> bool:
    """Whether it can be sent and shown: JSON may hold halves of characters, `"\\ud800"`."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(key: str) -> str:
    """A member's name, which in an Input may be any text."""
    return key if key.isascii() and key.isidentifier() else ascii(key)[:40]

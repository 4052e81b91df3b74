"""Answers of AWS as botocore's description of the services has them, with any member; and what such an answer means.

`meaning` is written without a look at the mapping: two answers that mean the same start the same tasks.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from functools import cache
from typing import Any, TypeAlias

import botocore.session
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from tests.unit.builders import SCOPE

Shape: TypeAlias = Any
"""A shape of botocore, which has no types."""

Place: TypeAlias = tuple[str, ...]
"""Where a value stands: names of members; what tells the entries of a list apart is in brackets."""

LATER = "AddedLater"
"""A member that botocore doesn't know yet."""

PLAIN_TEXTS = ("a", "b", "", "ü€", "x y", "$.time", "1", "a.b")
ROLES = (
    "arn:aws:iam::123456789012:role/starter",
    "arn:aws:iam::123456789012:role/service-role/starter",
    "arn:aws:iam::999999999999:role/elsewhere",
    "arn:aws:iam::123456789012:role/",
    "arn:aws:iam::123456789012:role/arn:aws:odd",
    "starter",
)
TASK_DEFINITIONS = (
    "arn:aws:ecs:eu-west-1:123456789012:task-definition/app:3",
    "arn:aws:ecs:eu-west-1:123456789012:task-definition/app",
    "arn:aws:ecs:us-east-1:123456789012:task-definition/app",
    "app:3",
    "$.detail.definition",
)
QUEUES = ("arn:aws:sqs:eu-west-1:123456789012:dead", "arn:aws:sqs:eu-west-1:999999999999:dead")

_TEXTS = {
    "Target.Id": ("main",),
    "Target.Arn": (SCOPE.cluster_arn,),
    "Target.RoleArn": ROLES,
    "EcsParameters.TaskDefinitionArn": TASK_DEFINITIONS,
    "DeadLetterConfig.Arn": QUEUES,
    "TaskOverride.taskRoleArn": ROLES,
    "TaskOverride.executionRoleArn": ROLES,
    "Rule.Name": ("report",),
    "Rule.RoleArn": ROLES,
    "Rule.EventBusName": ("default", "default", "own"),
}
_ODD: tuple[Any, ...] = (None, "", "7", 7, -1, 0.5, True, [], [None], {}, {"a": 1}, "\ud800", 10**30)


@cache
def shape(service: str, name: str) -> Shape:
    """A shape of the service, such as `Target` of `events`."""
    return botocore.session.get_session().get_service_model(service).shape_for(name)


# -- any answer ------------------------------------------------------------------------------------------------


def answers(of: Shape, *, without: Set[str] = frozenset(), odd: bool = True) -> SearchStrategy[dict[str, Any]]:
    """Structures of the shape but for `without`, members named as `Shape.member`.

    With `odd` there are members that botocore doesn't know, and values of any type in an Input.
    """
    return _CHOICES.map(lambda choices: _Maker(choices, without, odd).structure(of))


def overrides() -> SearchStrategy[str]:
    """Texts of a target's Input: task overrides, odd values among them."""
    return _CHOICES.map(lambda choices: _Maker(choices, frozenset(), True).override())


_CHOICES = st.binary(min_size=300, max_size=300)
"""Drawn at once, which takes a tenth of the time that hundreds of draws take. Zeros are the simplest answer."""


class _Maker:
    """Makes an answer by choices, a byte for each; when there are none left, of the simplest."""

    def __init__(self, choices: bytes, without: Set[str], odd: bool) -> None:
        self._choices = iter(choices)
        self._without = without
        self._odd = odd
        self._in_input = False  # there a value may be of any type, elsewhere botocore has seen to it

    def _choose(self, of: Sequence[Any]) -> Any:
        return of[next(self._choices, 0) % len(of)]

    def _rarely(self) -> bool:
        return self._odd and bool(next(self._choices, 0) % 16 == 15)

    def override(self) -> str:
        self._in_input = True
        made = self.structure(shape("ecs", "TaskOverride"))
        self._in_input = False
        return json.dumps(made, ensure_ascii=self._choose([True, False]))

    def structure(self, of: Shape) -> dict[str, Any]:
        made = {}
        for name, inner in of.members.items():
            member = f"{of.name}.{name}"
            needed = name in of.required_members and not (self._in_input and self._rarely())
            if member not in self._without and (needed or self._choose([False, True])):
                made[name] = self._value(inner, member)
        if self._rarely():
            made[LATER] = self._choose(["x", 1, True, ["x"], {"y": "z"}])
        return made

    def _value(self, of: Shape, member: str) -> Any:
        if member == "Target.Input":
            return self.override()
        if self._in_input and self._rarely():
            return self._choose(_ODD)
        match of.type_name:
            case "structure":
                return self.structure(of)
            case "list":
                least = of.metadata.get("min", 0)
                return [self._value(of.member, member) for _ in range(self._choose([least, 1, 2, 3]))]
            case "map":
                return {key: self._choose(PLAIN_TEXTS) for key in PLAIN_TEXTS[: self._choose([0, 1, 2])]}
            case "string":
                return self._choose(_texts(of, member))
            case "integer":
                least = of.metadata.get("min", 0)
                most = of.metadata.get("max", 10**6)
                return self._choose([least, least + 1, (least + most) // 2, most])
            case "boolean":
                return self._choose([False, True])
            case other:
                raise NotImplementedError(other)


def _texts(of: Shape, member: str) -> tuple[str, ...]:
    if of.enum:
        return (*of.enum, "ADDED_LATER")
    least = of.metadata.get("min", 0)
    return tuple(text for text in _TEXTS.get(member, PLAIN_TEXTS) if len(text) >= least)


# -- what it means ---------------------------------------------------------------------------------------------

_DEFAULTS = {
    ("EcsParameters", "TaskCount", "1"),
    ("EcsParameters", "EnableECSManagedTags", "False"),
    ("EcsParameters", "EnableExecuteCommand", "False"),
    ("awsvpcConfiguration", "AssignPublicIp", "DISABLED"),
    ("RetryPolicy", "MaximumRetryAttempts", "185"),
    ("RetryPolicy", "MaximumEventAgeInSeconds", "86400"),
    ("CapacityProviderStrategy", "base", "0"),
    ("CapacityProviderStrategy", "weight", "0"),
    ("environmentFiles", "type", "s3"),
}
"""What AWS takes where nothing is said."""

_TOLD_APART_BY = {
    "containerOverrides": ("name",),
    "environment": ("name",),
    "resourceRequirements": ("type", "value"),
    "Tags": ("Key",),
    "CapacityProviderStrategy": ("capacityProvider",),
    "PlacementConstraints": ("type", "expression"),
}
"""Lists whose order means nothing, and which members tell their entries apart."""

_SETS = {"Subnets", "SecurityGroups"}
_NAMES = {
    "RoleArn": ("iam", "role/"),
    "taskRoleArn": ("iam", "role/"),
    "executionRoleArn": ("iam", "role/"),
    "TaskDefinitionArn": ("ecs", "task-definition/"),
}


def meaning(answer: Any) -> Counter[tuple[Place, str]]:
    """What the answer of a target or a rule says, each value at its place: empty members and defaults say nothing.

    A name means the same as its ARN, and in an override 512 the same as "512".
    """
    return Counter(_said(answer, ()))


def _said(part: Any, place: Place) -> Iterator[tuple[Place, str]]:
    if place == ("Input",) and (override := as_object(part)) is not None:
        part = override
    if isinstance(part, dict):
        for name, value in part.items():
            yield from _said(value, (*place, _word(name)))
    elif isinstance(part, list):
        for index, item in enumerate(part):
            yield from _said(item, (*place, f"[{_told_apart(place[-1], index, item)}]"))
    elif part is not None and (part != "" or place[-1].startswith("[") or _of_variable(place)):
        text = part if isinstance(part, str) else str(part)
        names = [name for name in place if not name.startswith("[")]
        if names[-1] in _NAMES and text[:4] not in ("arn:", ""):
            text = SCOPE.expand(text, *_NAMES[names[-1]]) if not text.startswith("$.") else text
        if (names[-2] if len(names) > 1 else "", names[-1], text) not in _DEFAULTS:
            yield place, text


def _of_variable(place: Place) -> bool:
    """Whether it is the value of a variable, which may be empty."""
    return len(place) > 2 and (place[-3], place[-1]) == ("environment", "value")


def _told_apart(name: str, index: int, item: Any) -> str:
    if name in _SETS:
        return str(item)
    if name in _TOLD_APART_BY and isinstance(item, dict):
        return " ".join(_text(item.get(key)) for key in _TOLD_APART_BY[name])
    return str(index)


def _text(value: Any) -> str:
    """The text that a value is or can be taken for."""
    is_text = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value).encode(errors="ignore").decode() if is_text else ""


def _word(name: str) -> str:
    return name if name.isascii() and name.isidentifier() else ascii(name)[:40]


def as_object(text: Any) -> dict[str, Any] | None:
    """The JSON object in a text, in which no member stands twice and no number is none."""

    def unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(members)) < len(members):
            raise ValueError
        return dict(members)

    def refused(constant: str) -> None:
        raise ValueError(constant)

    try:
        found = json.loads(text, object_pairs_hook=unique, parse_constant=refused)
    except (TypeError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None

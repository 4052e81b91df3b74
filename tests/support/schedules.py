"""EventBridge Scheduler on loopback, stricter than moto's: requests are held against botocore's model, and what AWS
refuses is refused. https://docs.aws.amazon.com/scheduler/latest/APIReference/Welcome.html

`Schedules().serve(front)` makes an AwsFront answer the service's operations, and GetResources know its groups.
"""

import copy
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Any, TypeAlias
from zoneinfo import available_timezones

import botocore.session
from botocore.validate import ParamValidator
from tests.support.aws_front import AwsFront, Parameters, RefusedError

from esprestack.schedule import Dialect, ScheduleError, parse

Members: TypeAlias = dict[str, Any]

ACCOUNT, REGION = "123456789012", "eu-central-1"
START_LEEWAY = timedelta(minutes=5)
_ZONES = available_timezones()
_LEFT_OUT = frozenset({"ClientToken"})
_DEFAULT_RETRIES: Members = {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}


def utc_now() -> datetime:
    return datetime.now(UTC)


class Schedules:
    """The schedules and groups of one account and region; `clock` says what time it is."""

    def __init__(self, clock: Callable[[], datetime] = utc_now) -> None:
        self.clock = clock
        self._lock = RLock()
        self._model = botocore.session.get_session().get_service_model("scheduler")
        self.reset()

    def reset(self) -> None:
        with self._lock:
            self.groups: dict[str, dict[str, str]] = {"default": {}}
            """The tags of each group."""
            self.schedules: dict[tuple[str, str], Members] = {}
            """By group and name, as GetSchedule answers."""
            self.unknown_roles: dict[str, int] = {}
            """Roles that can't be assumed yet, and how often they are tried in vain."""
            self._tokens: dict[str, Any] = {}
            self._changes = 0

    def serve(self, front: AwsFront) -> None:
        for operation in self._model.operation_names:
            method = getattr(self, re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower())
            front.play(operation, self._checked(operation, method), service="scheduler")
        front.more_tags = self._tags

    def _checked(self, operation: str, act: Callable[[Parameters], Members]) -> Callable[[Parameters], Members]:
        shape = self._model.operation_model(operation).input_shape

        def answer(parameters: Parameters) -> Members:
            given = self._typed(shape, dict(parameters)) if shape else {}
            report = ParamValidator().validate(given, shape).generate_report() if shape else ""
            if wrong := report or "; ".join(_limits(shape, given, "")):
                raise RefusedError("ValidationException", wrong)
            with self._lock:
                token = given.get("ClientToken")
                if token and token in self._tokens:
                    made: Members = self._tokens[token]
                    return made
                made = act(given)
                if token:
                    self._tokens[token] = made
                return made

        return answer

    @staticmethod
    def _typed(shape: Any, given: Members) -> Members:
        """Members of the path and the query are texts; times are numbers."""
        for name, member in shape.members.items():
            if name in given and member.type_name == "integer" and isinstance(given[name], str):
                given[name] = int(given[name])
            if name in given and member.type_name == "timestamp":
                given[name] = datetime.fromtimestamp(given[name], UTC)
            if name in given and member.type_name == "list" and isinstance(given[name], str):
                given[name] = [given[name]]
        return given

    # -- schedules ---------------------------------------------------------------------------------------------

    def create_schedule(self, given: Parameters) -> Members:
        place = self._group(given), given["Name"]
        if place in self.schedules:
            raise RefusedError("ConflictException", f"Schedule {given['Name']} already exists.", 409)
        self._put(place, given, created=self._now())
        return {"ScheduleArn": self.schedules[place]["Arn"]}

    def update_schedule(self, given: Parameters) -> Members:
        place = self._group(given), given["Name"]
        before = self._schedule(place)
        self._put(place, given, created=before["CreationDate"])
        return {"ScheduleArn": self.schedules[place]["Arn"]}

    def get_schedule(self, given: Parameters) -> Members:
        return copy.deepcopy(self._schedule((self._group(given), given["Name"])))

    def delete_schedule(self, given: Parameters) -> Members:
        place = self._group(given), given["Name"]
        self._schedule(place)
        del self.schedules[place]
        return {}

    def list_schedules(self, given: Parameters) -> Members:
        if "GroupName" in given:
            self._group(given)
        kept = ("Arn", "Name", "GroupName", "State", "CreationDate", "LastModificationDate")
        found = [
            {**{key: item[key] for key in kept}, "Target": {"Arn": item["Target"]["Arn"]}}
            for (group, name), item in sorted(self.schedules.items())
            if given.get("GroupName") in (None, group) and name.startswith(given.get("NamePrefix", ""))
        ]
        return self._page(found, given, "Schedules")

    def _put(self, place: tuple[str, str], given: Parameters, created: float) -> None:
        self._judge(given)
        role = given["Target"]["RoleArn"]
        if self.unknown_roles.get(role):
            self.unknown_roles[role] -= 1
            what = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
            raise RefusedError("ValidationException", what)
        self._changes += 1
        group, name = place
        target: Members = copy.deepcopy({**given["Target"]})
        target.setdefault("RetryPolicy", _DEFAULT_RETRIES)
        stored: Members = {key: value for key, value in given.items() if key not in _LEFT_OUT}
        self.schedules[place] = stored | {
            "Arn": _arn(f"schedule/{group}/{name}"),
            "GroupName": group,
            "ActionAfterCompletion": given.get("ActionAfterCompletion", "NONE"),
            "State": given.get("State", "ENABLED"),
            "ScheduleExpressionTimezone": given.get("ScheduleExpressionTimezone", "UTC"),
            "Target": target,
            "CreationDate": created,
            "LastModificationDate": self._now() + self._changes / 1000,
        }
        self.schedules[place] |= {key: stored[key].timestamp() for key in ("StartDate", "EndDate") if key in stored}

    def _judge(self, given: Parameters) -> None:
        try:
            parse(given["ScheduleExpression"], Dialect.SCHEDULER)
        except ScheduleError:
            what = f"Invalid Schedule Expression {given['ScheduleExpression']}."
            raise RefusedError("ValidationException", what) from None
        if given.get("ScheduleExpressionTimezone", "UTC") not in _ZONES:
            raise RefusedError("ValidationException", "The time zone isn't valid.")
        start = given.get("StartDate")
        if start is not None and start < self.clock() - START_LEEWAY:
            what = "The StartDate you specify cannot be earlier than 5 minutes ago."
            raise RefusedError("ValidationException", what)
        window = given["FlexibleTimeWindow"]
        if (window["Mode"] == "FLEXIBLE") != ("MaximumWindowInMinutes" in window):
            raise RefusedError("ValidationException", "MaximumWindowInMinutes goes with the mode FLEXIBLE.")
        text = given["Target"].get("Input")
        if text is not None and not isinstance(json.loads(text), dict):
            raise RefusedError("ValidationException", "Unable to convert target input to TaskOverride.")

    # -- groups ------------------------------------------------------------------------------------------------

    def create_schedule_group(self, given: Parameters) -> Members:
        if given["Name"] in self.groups:
            raise RefusedError("ConflictException", f"Schedule group {given['Name']} already exists.", 409)
        self.groups[given["Name"]] = {tag["Key"]: tag["Value"] for tag in given.get("Tags", [])}
        return {"ScheduleGroupArn": _arn(f"schedule-group/{given['Name']}")}

    def get_schedule_group(self, given: Parameters) -> Members:
        self._group({"GroupName": given["Name"]})
        return {"Arn": _arn(f"schedule-group/{given['Name']}"), "Name": given["Name"], "State": "ACTIVE"}

    def delete_schedule_group(self, given: Parameters) -> Members:
        self._group({"GroupName": given["Name"]})
        del self.groups[given["Name"]]
        self.schedules = {place: item for place, item in self.schedules.items() if place[0] != given["Name"]}
        return {}

    def list_schedule_groups(self, given: Parameters) -> Members:
        found = [{"Arn": _arn(f"schedule-group/{name}"), "Name": name} for name in sorted(self.groups)]
        return self._page(found, given, "ScheduleGroups")

    def list_tags_for_resource(self, given: Parameters) -> Members:
        tags = self.groups[self._tagged(given)]
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def tag_resource(self, given: Parameters) -> Members:
        self.groups[self._tagged(given)] |= {tag["Key"]: tag["Value"] for tag in given["Tags"]}
        return {}

    def untag_resource(self, given: Parameters) -> Members:
        for key in given["TagKeys"]:
            self.groups[self._tagged(given)].pop(key, None)
        return {}

    # -- what all share ----------------------------------------------------------------------------------------

    def _group(self, given: Parameters) -> str:
        name: str = given.get("GroupName", "default")
        if name not in self.groups:
            raise RefusedError("ResourceNotFoundException", f"Schedule group {name} does not exist.", 404)
        return name

    def _schedule(self, place: tuple[str, str]) -> Members:
        if place not in self.schedules:
            raise RefusedError("ResourceNotFoundException", f"Schedule {place[1]} does not exist.", 404)
        return self.schedules[place]

    def _tagged(self, given: Parameters) -> str:
        return self._group({"GroupName": given["ResourceArn"].rpartition("schedule-group/")[2]})

    def _tags(self) -> Mapping[str, Mapping[str, str]]:
        with self._lock:
            return {_arn(f"schedule-group/{name}"): dict(tags) for name, tags in self.groups.items()}

    def _now(self) -> float:
        return self.clock().timestamp()

    @staticmethod
    def _page(found: list[Members], given: Parameters, member: str) -> Members:
        size, start = given.get("MaxResults", 100), int(given.get("NextToken", "0"))
        more = {"NextToken": str(start + size)} if len(found) > start + size else {}
        return {member: found[start : start + size], **more}


def _arn(resource: str) -> str:
    return f"arn:aws:scheduler:{REGION}:{ACCOUNT}:{resource}"


def _limits(shape: Any, value: Any, path: str) -> list[str]:
    """What botocore's own validation leaves to the service: patterns, enums and largest sizes."""
    if shape.type_name == "structure":
        return [wrong for key, item in value.items() for wrong in _limits(shape.members[key], item, f"{path}.{key}")]
    if shape.type_name == "list":
        most = shape.metadata.get("max")
        long = [f"{path} has more than {most} entries"] if most is not None and len(value) > most else []
        return long + [wrong for item in value for wrong in _limits(shape.member, item, f"{path}[]")]
    if shape.type_name == "map":
        return [
            wrong
            for key, item in value.items()
            for wrong in (*_limits(shape.key, key, f"{path}{{}}"), *_limits(shape.value, item, f"{path}{{}}"))
        ]
    wrong = []
    if shape.type_name == "string":
        most, pattern, enum = shape.metadata.get("max"), shape.metadata.get("pattern"), shape.metadata.get("enum")
        if most is not None and len(value) > most:
            wrong.append(f"{path} has more than {most} characters")
        if pattern and not re.search(pattern, value):
            wrong.append(f"{path} doesn't satisfy the pattern {pattern}")
        if enum and value not in enum:
            wrong.append(f"{path} is none of {enum}")
    return wrong

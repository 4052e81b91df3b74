"""An AWS account on loopback, looked at and changed past the front: its calls are no calls of the program."""

import copy
import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.config import Config
from moto.ecs.models import ecs_backends
from moto.events.models import events_backends
from tests.support.aws_front import AwsFront, Call

REGION = "eu-central-1"
ACCOUNT = "123456789012"
CLUSTER = "jobs"
CLUSTER_ARN = f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/{CLUSTER}"
TRACKING_TAG = "ecschedule:tracking-id"


def arn(service: str, resource: str, *, region: str = REGION, account: str = ACCOUNT) -> str:
    return f"arn:aws:{service}:{'' if service == 'iam' else region}:{account}:{resource}"


def a_target(name: str = "nightly", *, cluster: str = CLUSTER, **members: Any) -> dict[str, Any]:
    """A target as the program puts it for a rule with nothing but name, expression and task definition `app`."""
    ecs = {"TaskDefinitionArn": arn("ecs", "task-definition/app"), "TaskCount": 1, **members.pop("EcsParameters", {})}
    return {
        "Id": name,
        "Arn": arn("ecs", f"cluster/{cluster}"),
        "RoleArn": arn("iam", "role/ecsEventsRole"),
        "EcsParameters": ecs,
        **members,
    }


def client_past(front: AwsFront, service: str, region: str = REGION) -> Any:
    """A client whose calls the front doesn't see."""
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=front.moto_url,
        aws_access_key_id="made-up",
        aws_secret_access_key="made-up",
        config=Config(retries={"total_max_attempts": 1}),
    )


class Account:
    """The rules and task definitions of the account."""

    def __init__(self, front: AwsFront) -> None:
        self.events = client_past(front, "events")

    # -- what is there -----------------------------------------------------------------------------------------

    def names(self) -> list[str]:
        return sorted(rule["Name"] for rule in self.events.list_rules(Limit=100)["Rules"])

    def rule(self, name: str = "nightly") -> dict[str, Any]:
        found: dict[str, Any] = self.events.describe_rule(Name=name)
        return found

    def targets(self, name: str = "nightly") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.events.list_targets_by_rule(Rule=name)["Targets"]
        return found

    def target(self, name: str = "nightly") -> dict[str, Any]:
        (found,) = self.targets(name)
        return found

    def override(self, name: str = "nightly") -> dict[str, Any]:
        """What the target's Input overrides of the task."""
        found: dict[str, Any] = json.loads(self.target(name)["Input"])
        return found

    def environment(self, name: str = "nightly") -> dict[str, str]:
        """The environment of the one container that is overridden."""
        (container,) = self.override(name)["containerOverrides"]
        return {variable["name"]: variable["value"] for variable in container["environment"]}

    def tags(self, name: str = "nightly") -> dict[str, str]:
        answer = self.events.list_tags_for_resource(ResourceARN=arn("events", f"rule/{name}"))
        return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}

    # -- what others do ----------------------------------------------------------------------------------------

    def has_task_definitions(self, *families: str) -> None:
        for family in families:
            container = {"name": "app", "image": "app:1", "memory": 128}
            ecs_backends[ACCOUNT][REGION].register_task_definition(family, [container])

    def has_fargate_definition(self, family: str) -> None:
        container = {"name": "app", "image": "app:1"}
        ecs_backends[ACCOUNT][REGION].register_task_definition(
            family,
            [container],
            network_mode="awsvpc",
            requires_compatibilities=["FARGATE"],
            cpu="256",
            memory="512",
        )

    def has_rule(
        self,
        name: str = "nightly",
        *,
        tracked_by: str | None = CLUSTER,
        targets: list[dict[str, Any]] | None = None,
        tags: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        """A live rule, in the form that the program gives it unless `targets` or `members` say otherwise."""
        every_tag = {**(tags or {}), **({TRACKING_TAG: tracked_by} if tracked_by else {})}
        backend = events_backends[ACCOUNT][REGION]  # moto's own: a bus full of rules takes no time
        backend.put_rule(
            name,
            scheduled_expression=members.pop("ScheduleExpression", "rate(1 day)"),
            role_arn=members.pop("RoleArn", arn("iam", "role/ecsEventsRole")),
            description=members.pop("Description", None),
            state=members.pop("State", None),
            event_pattern=members.pop("EventPattern", None),
            tags=[{"Key": key, "Value": value} for key, value in every_tag.items()],
        )
        assert not members, "unknown members of a rule"
        backend.put_targets(name, None, copy.deepcopy([a_target(name)] if targets is None else targets))

    def manages(self, name: str, service: str) -> None:
        """The rule belongs to an AWS service."""
        events_backends[ACCOUNT][REGION].event_buses["default"].rules[name].managed_by = service

    def track(self, name: str, tracking_id: str | None) -> None:
        """Changes whose rule it is; None: nobody's."""
        resource = arn("events", f"rule/{name}")
        if tracking_id is None:
            self.events.untag_resource(ResourceARN=resource, TagKeys=[TRACKING_TAG])
        else:
            self.events.tag_resource(ResourceARN=resource, Tags=[{"Key": TRACKING_TAG, "Value": tracking_id}])

    def remove(self, name: str) -> None:
        self.events.remove_targets(Rule=name, Ids=[target["Id"] for target in self.targets(name)])
        self.events.delete_rule(Name=name)


def written(front: AwsFront) -> list[str]:
    """The operations that wrote, in order."""
    return [call.operation for call in front.writes()]


def request(front: AwsFront, operation: str) -> Mapping[str, Any]:
    """The parameters of the one call of `operation`."""
    (call,) = (call for call in front.calls if call.operation == operation)
    return call.parameters


def rule_of(call: Call) -> str:
    """The rule that a write is about."""
    parameters = call.parameters
    return str(parameters.get("Rule") or parameters.get("Name") or parameters["ResourceARN"].rpartition("/")[2])


def just_before(front: AwsFront, operation: str, act: Callable[[], object], *, nth: int = 1) -> None:
    """Does `act` when the nth call of `operation` from now comes in, before it is answered."""
    numbers = itertools.count(1)

    def seen(_: Mapping[str, Any]) -> bool:
        if next(numbers) == nth:
            act()
        return False

    front.fail(operation, "NeverAnswered", where=seen)

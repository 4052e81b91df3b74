"""An AWS that refuses what a policy doesn't allow: each call is held against IAM's actions, resources and conditions.

Which action a call needs is AWS's own table:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
"""

from collections.abc import Iterator
from typing import Any

from moto.events.models import events_backends
from tests.aws.account import ACCOUNT, REGION, arn
from tests.support.aws_front import AwsFront, Parameters, _Answer, _refusal, _Request

from esprestack.checks.policy import Request, Verdict, decide
from esprestack.facts import Condition, Statement


def statements(document: dict[str, Any]) -> list[Statement]:
    """A policy document as the program's own evaluation takes it."""
    return [
        Statement(
            allows=item["Effect"] == "Allow",
            actions=tuple(_many(item["Action"])),
            resources=tuple(_many(item["Resource"])),
            conditions=tuple(
                _condition(operator, key, tuple(_many(values)))
                for operator, keys in item.get("Condition", {}).items()
                for key, values in keys.items()
            ),
        )
        for item in document["Statement"]
    ]


def _condition(operator: str, key: str, values: tuple[str, ...]) -> Condition:
    if operator == "Null":
        assert values == ("false",)
        return Condition("StringLike", key, ("*",))  # it is there
    return Condition(operator.removeprefix("ForAllValues:"), key, values)


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


class GuardedFront(AwsFront):
    """`policy` is all that the caller may do; None: everything."""

    def __init__(self) -> None:
        super().__init__()
        self.policy: dict[str, Any] | None = None
        self.refused: list[str] = []

    def _respond(self, request: _Request) -> _Answer | None:
        if self.policy is not None and request.operation != "GetCallerIdentity":
            for needed in self.needed(request):
                if decide(statements(self.policy), needed) is not Verdict.YES:
                    self.refused.append(needed.action)
                    return _refusal(request, "AccessDeniedException", f"not allowed: {needed.action}", 400)
        return super()._respond(request)

    def needed(self, request: _Request) -> Iterator[Request]:
        """What the caller has to be allowed for this call, and on what."""
        return _needed(request)


def _needed(request: _Request) -> Iterator[Request]:
    asked = request.parameters
    service = {"tagging": "tag", "monitoring": "cloudwatch"}.get(request.service, request.service)
    action = f"{service}:{request.operation}"
    if service == "events" and request.operation not in ("ListRules", "ListRuleNamesByTarget"):
        name = str(asked.get("Rule") or asked.get("Name") or asked["ResourceARN"].rpartition("/")[2])
        rule = arn("events", f"rule/{name}")
        known = events_backends[ACCOUNT][REGION].event_buses["default"].rules.get(name)
        tags = events_backends[ACCOUNT][REGION].tagger.get_tag_dict_for_resource(rule) if known else {}
        context = {f"aws:resourcetag/{key.lower()}": value for key, value in tags.items()}
        if targets := asked.get("Targets"):
            context["events:targetarn"] = targets[0]["Arn"]
        yield Request(action, rule, context=context)
        if request.operation == "PutRule" and asked.get("Tags"):
            yield Request("events:TagResource", rule, context=context)
        for role in {asked.get("RoleArn"), *(target.get("RoleArn") for target in asked.get("Targets", []))} - {None}:
            yield Request("iam:PassRole", str(role), context={"iam:passedtoservice": "events.amazonaws.com"})
    elif service == "scheduler":
        yield from _needed_of_scheduler(request.operation, asked)
    elif service == "ssm":
        for name in asked["Names"]:
            yield Request(action, arn("ssm", f"parameter/{name.lstrip('/')}"))
    elif request.operation == "DescribeTasks":
        for task in asked["tasks"]:
            yield Request(action, task)
    elif request.operation == "ListTasks":
        yield Request(action, "*", context={"ecs:cluster": asked["cluster"]})
    elif service == "iam":
        yield Request(action, asked.get("PolicyArn") or arn("iam", f"role/{asked['RoleName']}"))
    else:
        yield Request(action, "*")


def _needed_of_scheduler(operation: str, asked: Parameters) -> Iterator[Request]:
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridgescheduler.html"""
    action = f"scheduler:{operation}"
    if operation in ("ListSchedules", "ListScheduleGroups"):
        yield Request(action, "*")
    elif operation.endswith("Schedule"):
        yield Request(action, arn("scheduler", f"schedule/{asked['GroupName']}/{asked['Name']}"))
        if "Target" in asked:
            role = asked["Target"]["RoleArn"]
            yield Request("iam:PassRole", role, context={"iam:passedtoservice": "scheduler.amazonaws.com"})
    else:
        group = asked.get("ResourceArn") or arn("scheduler", f"schedule-group/{asked['Name']}")
        yield Request(action, group)
        if operation == "CreateScheduleGroup" and asked.get("Tags"):
            yield Request("scheduler:TagResource", group)

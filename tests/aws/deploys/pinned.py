"""Rules that name a revision: in a config, and as AWS has them."""

from typing import Any

from tests.aws.account import Account, a_target
from tests.aws.account import arn as arn_of
from tests.aws.configs import a_rule


def a_pinned(name: str = "nightly", revision: str = "web:1", **keys: Any) -> dict[str, Any]:
    """An entry under `rules:`, of a task definition with awsvpc."""
    network = {"aws_vpc_configuration": {"subnets": ["subnet-1"]}}
    return a_rule(name, taskDefinition=revision, network_configuration=network, **keys)


def has_pinned(
    account: Account, name: str = "nightly", revision: str = "web:1", tracked_by: str | None = "jobs", **members: Any
) -> None:
    """The same as a live rule; `members` are the target's."""
    started = {
        "TaskDefinitionArn": arn_of("ecs", f"task-definition/{revision}"),
        "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-1"], "AssignPublicIp": "DISABLED"}},
    }
    account.has_rule(name, targets=[a_target(name, EcsParameters=started, **members)], tracked_by=tracked_by)


def starts(account: Account, name: str = "nightly") -> str:
    """What the live rule starts: `web:1`."""
    return str(account.target(name)["EcsParameters"]["TaskDefinitionArn"]).rpartition("/")[2]

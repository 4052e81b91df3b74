"""The rules that are measured: the same as a config has them and as AWS has them."""

import json
from typing import Any

from tests.aws.account import CLUSTER, REGION, Account, a_target, arn


def name(number: int) -> str:
    return f"job-{number:04}"


def rule(number: int) -> dict[str, Any]:
    """An entry under `rules:`."""
    return {
        "name": name(number),
        "description": f"Job number {number}",
        "scheduleExpression": f"cron({number % 60} {number % 24} * * ? *)",
        "taskDefinition": "reports",
        "launch_type": "EC2",
        "containerOverrides": [
            {"name": "app", "command": ["bin/job", str(number)], "environment": {"TZ": "Asia/Tokyo", "N": str(number)}}
        ],
    }


def live_rule(account: Account, number: int) -> None:
    """The same rule, live."""
    environment = [{"name": "N", "value": str(number)}, {"name": "TZ", "value": "Asia/Tokyo"}]
    override = {"name": "app", "command": ["bin/job", str(number)], "environment": environment}
    target = a_target(
        name(number),
        EcsParameters={"TaskDefinitionArn": arn("ecs", "task-definition/reports"), "LaunchType": "EC2"},
        Input=json.dumps({"containerOverrides": [override]}),
    )
    entry = rule(number)
    account.has_rule(
        name(number),
        ScheduleExpression=entry["scheduleExpression"],
        Description=entry["description"],
        targets=[target],
    )


def config(rules: int) -> str:
    import yaml

    entries = [rule(number) for number in range(rules)]
    return yaml.safe_dump({"region": REGION, "cluster": CLUSTER, "rules": entries}, sort_keys=False)

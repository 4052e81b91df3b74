"""Configs for tests: as short as they can be, with what a test is about written out."""

from pathlib import Path
from typing import Any

import yaml
from tests.aws.account import CLUSTER, REGION


def a_rule(name: str = "nightly", **keys: Any) -> dict[str, Any]:
    """An entry under `rules:`; `account.a_target` and `Account.has_rule` are the same rule as AWS has it."""
    return {"name": name, "scheduleExpression": "rate(1 day)", "taskDefinition": "app", **keys}


def everything(name: str = "nightly") -> dict[str, Any]:
    """An entry with every key, in the spelling and order in which `dump` writes it; no value is a default."""
    return {
        "name": name,
        "description": "Every night: the day's figures",
        "scheduleExpression": "cron(0 3 ? * MON-FRI *)",
        "disabled": True,
        "targetId": "main",
        "taskDefinition": "app:1",
        "taskCount": 2,
        "group": "family:batch",
        "platform_version": "1.4.0",
        "launch_type": "FARGATE",
        "capacityProviderStrategy": [
            {"capacityProvider": "FARGATE", "base": 1, "weight": 1},
            {"capacityProvider": "FARGATE_SPOT", "base": 0, "weight": 4},
        ],
        "network_configuration": {
            "aws_vpc_configuration": {
                "subnets": ["subnet-1", "subnet-2"],
                "security_groups": ["sg-1", "sg-2"],
                "assign_public_ip": "ENABLED",
            }
        },
        "taskOverride": {
            "cpu": "512",
            "memory": "2 GB",
            "taskRole": "worker",
            "executionRole": "puller",
            "ephemeralStorage": {"sizeInGiB": 60},
        },
        "containerOverrides": [
            {
                "name": "app",
                "command": ["bin/report", "--all", "", 'it\'s: "quoted"'],
                "environment": {"COUNT": "010", "EMPTY": "", "LINES": "one\ntwo\n", "ON": "yes", "TZ": "Asia/Tokyo"},
                "environmentFiles": [{"value": "arn:aws:s3:::bucket/app.env", "type": "s3"}],
                "cpu": 256,
                "memory": 512,
                "memoryReservation": 128,
                "resourceRequirements": [{"type": "GPU", "value": "1"}],
            },
            {"name": "sidecar", "cpu": 0},
        ],
        "role": "starter",
        "dead_letter_config": {"sqs": "dead-letters"},
        "propagateTags": "TASK_DEFINITION",
        "enableExecuteCommand": True,
        "enableECSManagedTags": True,
        "placementConstraints": [
            {"type": "distinctInstance"},
            {"type": "memberOf", "expression": "attribute:x == y"},
        ],
        "placementStrategy": [{"type": "spread", "field": "attribute:zone"}, {"type": "random"}],
        "referenceId": "ref-1",
        "tags": {"cost": "7", "empty": "", "team": "red"},
        "retryPolicy": {"maximumRetryAttempts": 2, "maximumEventAgeInSeconds": 300},
        "ruleRole": "bus",
        "ruleTags": {"owner": "batch"},
    }


def a_config(*rules: dict[str, Any], **keys: Any) -> str:
    """The text of a config with one rule, or with `rules`; a key that is None is left out."""
    document = {"region": REGION, "cluster": CLUSTER, "rules": list(rules or [a_rule()]), **keys}
    kept = {key: value for key, value in document.items() if value is not None}
    text: str = yaml.safe_dump(kept, sort_keys=False, allow_unicode=True)
    return text


class Folder:
    """The working folder with the config files."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, text: str, name: str = "ecschedule.yaml") -> Path:
        file = self.path / name
        file.write_text(text, "utf-8")
        return file

    def config(self, *rules: dict[str, Any], name: str = "ecschedule.yaml", **keys: Any) -> Path:
        return self.write(a_config(*rules, **keys), name)

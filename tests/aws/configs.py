"""Configs for tests: as short as they can be, with what a test is about written out."""

from pathlib import Path
from typing import Any

import yaml
from tests.aws.account import CLUSTER, REGION

from esprestack.rule import Home


def a_rule(name: str = "nightly", **keys: Any) -> dict[str, Any]:
    """An entry under `rules:`; `account.a_target` and `Account.has_rule` are the same rule as AWS has it."""
    return {"name": name, "scheduleExpression": "rate(1 day)", "taskDefinition": "app", **keys}


OF_RULES = ("targetId", "ruleRole", "ruleTags")
OF_SCHEDULES: dict[str, Any] = {
    "backend": "scheduler",
    "timezone": "Asia/Tokyo",
    "startDate": "2101-01-01T00:00:00Z",
    "endDate": "2102-01-01T00:00:00Z",
    "flexibleTimeWindow": {"mode": "FLEXIBLE", "maximumWindowInMinutes": 15},
    "scheduleGroup": "nightly",
    "actionAfterCompletion": "DELETE",
    "kmsKey": "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
}
"""The keys of schedules alone, in the order in which `dump` writes them."""


def everything(name: str = "nightly", home: Home = Home.RULES) -> dict[str, Any]:
    """An entry with every key, in the spelling and order in which `dump` writes it; no value is a default."""
    every = _everything(name)
    if home is Home.RULES:
        return every
    del every["tags"]["empty"]
    found: dict[str, Any] = {}
    for key, value in every.items():
        if key not in OF_RULES:
            found[key] = value
        if key == "scheduleExpression":
            found |= OF_SCHEDULES
    return found


def _everything(name: str) -> dict[str, Any]:
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
    """The working folder with the config files; their rules live in `home` unless they say otherwise."""

    def __init__(self, path: Path, home: Home = Home.RULES) -> None:
        self.path = path
        self.home = home

    def write(self, text: str, name: str = "ecschedule.yaml") -> Path:
        """At the end of a config, where it changes no line's number, stands its home."""
        if self.home is Home.SCHEDULER and name.endswith(".yaml") and "cluster:" in text and "\nbackend:" not in text:
            text = f"{text.rstrip()}\nbackend: scheduler\n"
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        return file

    def config(self, *rules: dict[str, Any], name: str = "ecschedule.yaml", **keys: Any) -> Path:
        return self.write(a_config(*rules, **keys), name)

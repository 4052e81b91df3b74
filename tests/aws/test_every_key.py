"""Every key of a config: it shows up in a diff, reaches AWS as the right member of the right request, and then rests.

One case for each key under `rules:`, written as a person would write it: ecschedule's spelling first, then the other
spellings, which have to mean the same. A key of the model without a case here fails the last test.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel
from tests.aws.account import ACCOUNT, CLUSTER, REGION, TRACKING_TAG, Account, a_target, arn, request, written
from tests.aws.configs import OF_SCHEDULES, Folder, a_rule, everything
from tests.aws.conftest import Esprestack, anyhow
from tests.support.aws_front import AwsFront

from esprestack.config import keys, model
from esprestack.config.desired import desired_rules
from esprestack.rule import Home, Rule, Scope
from esprestack.run import Run, Settings
from esprestack.secrets import Vault

HOMES = tuple(Home)


@pytest.fixture
def esprestack(esprestack: Esprestack) -> Esprestack:
    return anyhow(esprestack)


@dataclass(frozen=True)
class Case:
    """A key in all its spellings, and members of the requests that it has to reach AWS in."""

    spellings: tuple[str, ...]
    rule: Mapping[str, Any] = field(default_factory=dict)
    target: Mapping[str, Any] = field(default_factory=dict)
    ecs: Mapping[str, Any] = field(default_factory=dict)
    override: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    homes: tuple[Home, ...] = HOMES

    @property
    def id(self) -> str:
        return self.spellings[0]


def a_container(text: str, **members: Any) -> Case:
    """A key of a container override, with its other spelling if that isn't the same word."""
    key, colon, value = text.partition(":")
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in key)
    keys = dict.fromkeys((key, snake))
    spellings = [f"containerOverrides: [{{name: app, {spelling}{colon}{value}}}]" for spelling in keys]
    spellings.append(f"container_overrides: [{{name: app, {key}{colon}{value}}}]")
    return Case(tuple(spellings), override={"containerOverrides": [{"name": "app", **members}]})


def a_network(keys: str, **members: Any) -> Case:
    expected = {"Subnets": ["subnet-1"], "SecurityGroups": [], "AssignPublicIp": "DISABLED", **members}
    given = f"{{subnets: [subnet-1]{keys}}}"
    return Case(
        (
            f"network_configuration: {{aws_vpc_configuration: {given}}}",
            f"networkConfiguration: {{awsvpcConfiguration: {given}}}",
            f"networkConfiguration: {{awsVpcConfiguration: {given}}}",
            f"network_configuration: {{aws_vpc_configuration: {_camel(given)}}}",
        ),
        ecs={"NetworkConfiguration": {"awsvpcConfiguration": expected}},
    )


def _camel(text: str) -> str:
    return text.replace("security_groups", "securityGroups").replace("assign_public_ip", "assignPublicIp")


def a_schedule(*spellings: str, **members: Any) -> Case:
    """A key of EventBridge Scheduler alone."""
    return Case(spellings, rule=members, homes=(Home.SCHEDULER,))


CASES = [
    Case(("description: Every night",), rule={"Description": "Every night"}),
    Case(
        ("scheduleExpression: cron(0 3 ? * MON-FRI *)", "schedule_expression: cron(0 3 ? * MON-FRI *)"),
        rule={"ScheduleExpression": "cron(0 3 ? * MON-FRI *)"},
    ),
    Case(("disabled: true",), rule={"State": "DISABLED"}),
    Case(("targetId: main", "target_id: main"), target={"Id": "main"}, homes=(Home.RULES,)),
    Case(
        ("taskDefinition: other", "task_definition: other"),
        ecs={"TaskDefinitionArn": arn("ecs", "task-definition/other")},
    ),
    Case(("taskDefinition: other:1",), ecs={"TaskDefinitionArn": arn("ecs", "task-definition/other:1")}),
    Case(("taskCount: 3", "task_count: 3"), ecs={"TaskCount": 3}),
    Case(("taskOverride: {cpu: 512}", "task_override: {cpu: '512'}"), override={"cpu": "512"}),
    Case(("taskOverride: {memory: 2 GB}", "task_override: {memory: 2 GB}"), override={"memory": "2 GB"}),
    Case(
        ("taskOverride: {taskRole: worker}", "taskOverride: {task_role: worker}"),
        override={"taskRoleArn": arn("iam", "role/worker")},
    ),
    Case(
        ("taskOverride: {executionRole: puller}", "taskOverride: {execution_role: puller}"),
        override={"executionRoleArn": arn("iam", "role/puller")},
    ),
    Case(
        ("taskOverride: {ephemeralStorage: {sizeInGiB: 60}}", "taskOverride: {ephemeral_storage: {sizeInGiB: 60}}"),
        override={"ephemeralStorage": {"sizeInGiB": 60}},
    ),
    a_container("command: [bin/report, --all, '']", command=["bin/report", "--all", ""]),
    a_container(
        "environment: {TZ: Asia/Tokyo, COUNT: 010, ON: yes, EMPTY: }",
        environment=[
            {"name": "COUNT", "value": "010"},
            {"name": "EMPTY", "value": ""},
            {"name": "ON", "value": "yes"},
            {"name": "TZ", "value": "Asia/Tokyo"},
        ],
    ),
    a_container(
        "environmentFiles: [{value: 'arn:aws:s3:::bucket/b.env', type: s3}, {value: 'arn:aws:s3:::bucket/a.env'}]",
        environmentFiles=[
            {"value": "arn:aws:s3:::bucket/b.env", "type": "s3"},
            {"value": "arn:aws:s3:::bucket/a.env", "type": "s3"},
        ],
    ),
    a_container("cpu: 256", cpu=256),
    a_container("cpu: 0", cpu=0),
    a_container("memory: 512", memory=512),
    a_container("memoryReservation: 128", memoryReservation=128),
    a_container("resourceRequirements: [{type: GPU, value: 2}]", resourceRequirements=[{"type": "GPU", "value": "2"}]),
    Case(
        ("role: starter",),
        rule={"RoleArn": arn("iam", "role/starter")},
        target={"RoleArn": arn("iam", "role/starter")},
    ),
    Case(("group: 'family:batch'",), ecs={"Group": "family:batch"}),
    Case(
        (
            "capacityProviderStrategy: [{capacityProvider: FARGATE_SPOT, base: 1, weight: 4}]",
            "capacity_provider_strategy: [{capacity_provider: FARGATE_SPOT, base: 1, weight: 4}]",
        ),
        ecs={"CapacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "base": 1, "weight": 4}]},
    ),
    Case(("launch_type: FARGATE", "launchType: FARGATE"), ecs={"LaunchType": "FARGATE"}),
    Case(("platform_version: 1.4.0", "platformVersion: 1.4.0"), ecs={"PlatformVersion": "1.4.0"}),
    a_network(""),
    a_network(", security_groups: [sg-1, sg-2]", SecurityGroups=["sg-1", "sg-2"]),
    a_network(", assign_public_ip: ENABLED", AssignPublicIp="ENABLED"),
    Case(
        ("dead_letter_config: {sqs: dead-letters}", "deadLetterConfig: {sqs: dead-letters}"),
        target={"DeadLetterConfig": {"Arn": arn("sqs", "dead-letters")}},
    ),
    Case(
        ("propagateTags: TASK_DEFINITION", "propagate_tags: TASK_DEFINITION"),
        ecs={"PropagateTags": "TASK_DEFINITION"},
    ),
    Case(("enableExecuteCommand: true", "enable_execute_command: true"), ecs={"EnableExecuteCommand": True}),
    Case(("enableECSManagedTags: true", "enable_ecs_managed_tags: true"), ecs={"EnableECSManagedTags": True}),
    Case(
        (
            "placementConstraints: [{type: memberOf, expression: attribute:x == y}, {type: distinctInstance}]",
            "placement_constraints: [{type: distinctInstance}, {type: memberOf, expression: attribute:x == y}]",
        ),
        ecs={
            "PlacementConstraints": [
                {"type": "distinctInstance"},
                {"type": "memberOf", "expression": "attribute:x == y"},
            ]
        },
    ),
    Case(
        (
            "placementStrategy: [{type: spread, field: attribute:zone}, {type: random}]",
            "placement_strategy: [{type: spread, field: attribute:zone}, {type: random}]",
        ),
        ecs={"PlacementStrategy": [{"type": "spread", "field": "attribute:zone"}, {"type": "random"}]},
    ),
    Case(("referenceId: ref-1", "reference_id: ref-1"), ecs={"ReferenceId": "ref-1"}),
    Case(
        ("tags: {team: red, empty: }",),
        ecs={"Tags": [{"Key": "empty", "Value": ""}, {"Key": "team", "Value": "red"}]},
        homes=(Home.RULES,),
    ),
    Case(
        ("tags: {team: red, cost: '7'}",),
        ecs={"Tags": [{"Key": "cost", "Value": "7"}, {"Key": "team", "Value": "red"}]},
    ),
    Case(
        (
            "retryPolicy: {maximumRetryAttempts: 2, maximumEventAgeInSeconds: 300}",
            "retry_policy: {maximum_retry_attempts: 2, maximum_event_age_in_seconds: 300}",
        ),
        target={"RetryPolicy": {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 300}},
    ),
    Case(
        ("retryPolicy: {maximumRetryAttempts: 0}",),
        target={"RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 86400}},
    ),
    Case(("ruleRole: bus", "rule_role: bus"), rule={"RoleArn": arn("iam", "role/bus")}, homes=(Home.RULES,)),
    Case(
        ("ruleTags: {team: red, cost: '7'}", "rule_tags: {team: red, cost: '7'}"),
        tags={"team": "red", "cost": "7"},
        homes=(Home.RULES,),
    ),
    a_schedule("timezone: Asia/Tokyo", ScheduleExpressionTimezone="Asia/Tokyo"),
    a_schedule(
        "startDate: 2101-01-01",
        "start_date: 2101-01-01T09:00:00+09:00",
        StartDate=datetime(2101, 1, 1, tzinfo=UTC).timestamp(),
    ),
    a_schedule("endDate: 2102-01-01", "end_date: 2102-01-01", EndDate=datetime(2102, 1, 1, tzinfo=UTC).timestamp()),
    a_schedule(
        "flexibleTimeWindow: {mode: FLEXIBLE, maximumWindowInMinutes: 15}",
        "flexible_time_window: {maximum_window_in_minutes: 15}",
        FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
    ),
    a_schedule("scheduleGroup: nightly", "schedule_group: nightly", GroupName="nightly"),
    a_schedule("actionAfterCompletion: DELETE", "action_after_completion: DELETE", ActionAfterCompletion="DELETE"),
    a_schedule(
        f"kmsKey: {OF_SCHEDULES['kmsKey']}", f"kms_key: {OF_SCHEDULES['kmsKey']}", KmsKeyArn=OF_SCHEDULES["kmsKey"]
    ),
    a_schedule(
        "scheduleExpression: at(2101-01-01T00:00:00)",
        "schedule_expression: at(2101-01-01T00:00:00)",
        ScheduleExpression="at(2101-01-01T00:00:00)",
    ),
]


@pytest.mark.parametrize(
    ("home", "case"),
    [pytest.param(home, case, id=f"{home}-{case.id}") for case in CASES for home in case.homes],
    indirect=["home"],
)
def test_a_key_is_seen_by_diff_carried_out_by_apply_and_then_at_rest(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, home: Home, case: Case
) -> None:
    account.has_task_definitions("other")
    account.has_rule("nightly")  # as a config without the key has it: see test_no_noise
    folder.config(_entry(case.spellings[0]))
    assert esprestack("diff", "--exit-code").code == 2
    assert esprestack("apply").code == 0
    if home is Home.RULES:
        _reached_aws(case, front)
    _stands_in_aws(case, account)

    assert esprestack("diff", "--exit-code").code == 0
    front.clear()
    assert (esprestack("apply").code, written(front)) == (0, [])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_all_spellings_of_a_key_mean_the_same(folder: Folder, case: Case) -> None:
    first, *others = (_rule_of(folder, spelling) for spelling in case.spellings)
    assert others == [first] * len(others)


def _rule_of(folder: Folder, spelling: str) -> Rule:
    path = folder.config(_entry(spelling))
    (loaded,) = Run(Settings(folder.path, (path.name,)), Vault()).loaded()
    (desired,) = desired_rules(loaded, Scope("aws", REGION, ACCOUNT, CLUSTER, CLUSTER), datetime.now(UTC))
    return desired.rule


def test_all_keys_at_once_come_with_a_new_rule_and_go_when_they_are_removed(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, home: Home
) -> None:
    folder.config(everything("nightly", home))
    assert esprestack("apply").code == 0
    made = ["PutRule", "PutTargets"] if home is Home.RULES else ["CreateScheduleGroup", "CreateSchedule"]
    assert written(front) == made
    assert len(account.target("nightly")) > len(a_target("nightly"))
    assert esprestack("diff", "--exit-code").code == 0

    folder.config(a_rule("nightly"))
    assert esprestack("apply").code == 0
    assert account.target("nightly") == a_target("nightly")
    rule = account.rule("nightly")
    assert (rule["State"], rule["RoleArn"]) == ("ENABLED", arn("iam", "role/ecsEventsRole"))
    assert rule.get("Description", "") == ""
    assert esprestack("diff", "--exit-code").code == 0


def _entry(spelling: str) -> dict[str, Any]:
    """A rule with the key, instead of the same key in another spelling."""
    keys = _text(spelling)
    same = {"schedule_expression": "scheduleExpression", "task_definition": "taskDefinition"}
    return {key: value for key, value in a_rule("nightly").items() if key not in {same.get(one) for one in keys}} | keys


def _text(spelling: str) -> dict[str, Any]:
    """The spelling's key and value. Scalars stay as they are written: `010`, `yes` and an empty value."""
    document: dict[str, Any] = yaml.load(spelling, Loader=yaml.BaseLoader)  # noqa: S506 - it makes texts only
    return {key: _typed(value) for key, value in document.items()}


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _typed(item) if key != "environment" else item for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    return {"true": True}.get(value, int(value) if value.isdigit() else value)


def _reached_aws(case: Case, front: AwsFront) -> None:
    if case.rule:
        _holds(request(front, "PutRule"), case.rule)
    if case.target or case.ecs or case.override:
        (target,) = request(front, "PutTargets")["Targets"]
        _target_holds(target, case)
    if case.tags:
        tags = request(front, "TagResource")["Tags"]
        assert {tag["Key"]: tag["Value"] for tag in tags} == case.tags


def _stands_in_aws(case: Case, account: Account) -> None:
    _holds(account.rule("nightly"), case.rule)
    _target_holds(account.target("nightly"), case)
    assert account.tags("nightly") == {TRACKING_TAG: CLUSTER, **case.tags}


def _target_holds(target: Mapping[str, Any], case: Case) -> None:
    _holds(target, case.target)
    _holds(target["EcsParameters"], case.ecs)
    if case.override:
        assert json.loads(target["Input"]) == case.override


def _holds(members: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    assert {key: members.get(key) for key in expected} == expected


# -- the top of a config ---------------------------------------------------------------------------------------


def test_the_clusters_name_becomes_the_targets_arn(esprestack: Esprestack, folder: Folder, account: Account) -> None:
    folder.config(cluster="other")
    assert esprestack("apply").code == 0
    assert account.target()["Arn"] == arn("ecs", "cluster/other")


def test_the_role_of_the_config_is_that_of_every_rule_without_one(
    esprestack: Esprestack, folder: Folder, account: Account
) -> None:
    folder.config(a_rule("one"), a_rule("two", role="special"), role="starter")
    assert esprestack("apply").code == 0
    for name, role in {"one": "starter", "two": "special"}.items():
        assert account.rule(name)["RoleArn"] == account.target(name)["RoleArn"] == arn("iam", f"role/{role}")
    assert esprestack("diff", "--exit-code").code == 0


@pytest.mark.parametrize("key", ["trackingId", "tracking_id"])
def test_the_tracking_id_becomes_the_rules_tag(
    esprestack: Esprestack, folder: Folder, account: Account, key: str
) -> None:
    folder.config(**{key: "batch-team"})
    assert esprestack("apply").code == 0
    assert account.tags() == {TRACKING_TAG: "batch-team"}


def test_the_region_of_the_config_goes_before_that_of_the_environment(
    esprestack: Esprestack, folder: Folder, account: Account, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("AWS_REGION", "us-east-1")
    folder.config()
    assert esprestack("apply").code == 0
    assert account.rule()["Arn"].split(":")[3] == REGION


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_config_without_region_takes_the_environments(
    esprestack: Esprestack, folder: Folder, account: Account, environment: pytest.MonkeyPatch, variable: str
) -> None:
    environment.setenv(variable, REGION)
    folder.config(region=None)
    assert esprestack("apply").code == 0
    assert account.names() == ["nightly"]


def test_plugins_of_ecschedule_are_no_error(esprestack: Esprestack, folder: Folder) -> None:
    folder.config(plugins=[{"name": "tfstate", "config": {"path": "terraform.tfstate"}, "func_prefix": "net_"}])
    assert esprestack("diff").code == 0


# -- no key is left out ----------------------------------------------------------------------------------------


def test_every_key_of_the_model_has_a_case() -> None:
    written_here = {key for case in CASES for spelling in case.spellings for key in _keys(_text(spelling))}
    assert set(_keys_of(model.Config)) - written_here == {
        "region", "cluster", "trackingId", "tracking_id", "rules", "plugins", "config", "func_prefix", "funcPrefix",
        "backend", "defaults", "extends", "until", "allow", "keepRevision", "keep_revision",  # what AWS doesn't hear of: tests/unit/config/test_layers.py, tests/unit/checks
    }  # fmt: skip


def test_everything_has_every_key() -> None:
    for home in Home:
        keys_here = {key for case in CASES if home in case.homes for key in _keys(_text(case.spellings[0]))}
        assert keys_here <= set(_keys(everything(home=home)))


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from _keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from _keys(item)


def _keys_of(part: type[BaseModel]) -> Iterator[str]:
    yield from keys.spellings(part)
    for info in part.model_fields.values():
        for inner in _models_in(info.annotation):
            yield from _keys_of(inner)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)

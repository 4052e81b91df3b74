"""RunTask's request is what EventBridge would send: every field of a target is in it, in a form that ECS takes."""

import dataclasses
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from tests.unit.builders import SCOPE, a_target
from tests.unit.strategies import QUICK, names, targets

from esprestack.backends.tasks_mapping import (
    ContainerSetup,
    Failure,
    Launch,
    LogLine,
    Task,
    TaskContainer,
    container_setups,
    launch,
    log_lines,
    run_request,
    started_by,
    tasks,
)
from esprestack.rule import (
    CapacityProvider,
    ContainerOverride,
    EnvironmentFile,
    NetworkConfiguration,
    PlacementConstraint,
    PlacementStrategy,
    ResourceRequirement,
    Target,
    TaskOverride,
)

RUN_TASK: Any = botocore.session.get_session().get_service_model("ecs").operation_model("RunTask").input_shape
NOT_RUN_TASKS = {"id", "role", "dead_letter_queue", "retry_policy"}
"""Fields that say how EventBridge starts a task, nothing of the task."""


def request(target: Target, rule: str = "report") -> dict[str, Any]:
    return run_request(target, SCOPE, rule, "token-1")


EVERYTHING = Target(
    id="main",
    task_definition="app:7",
    task_count=2,
    launch_type="FARGATE",
    platform_version="1.4.0",
    group="nightly",
    capacity_provider_strategy=(CapacityProvider("FARGATE_SPOT", 1, 4),),
    network_configuration=NetworkConfiguration(("subnet-1", "subnet-2"), ("sg-1",), "ENABLED"),
    placement_constraints=(
        PlacementConstraint("memberOf", "attribute:x == y"),
        PlacementConstraint("distinctInstance"),
    ),
    placement_strategy=(PlacementStrategy("spread", "attribute:zone"), PlacementStrategy("random")),
    propagate_tags="TASK_DEFINITION",
    enable_execute_command=True,
    enable_ecs_managed_tags=True,
    reference_id="ref-1",
    tags=(("Team", "red"), ("empty", "")),
    task_override=TaskOverride("512", "1 GB", "worker", "puller", 60),
    container_overrides=(
        ContainerOverride(
            "app",
            ("bin/report", "", "--All"),
            (("EMPTY", ""), ("Name", "x")),
            (EnvironmentFile("arn:aws:s3:::bucket/app.env"),),
            256,
            512,
            128,
            (ResourceRequirement("GPU", "1"),),
        ),
    ),
)


def test_everything_a_target_says_is_sent() -> None:
    assert request(EVERYTHING) == {
        "cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/batch",
        "taskDefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/app:7",
        "count": 2,
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "group": "nightly",
        "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "base": 1, "weight": 4}],
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": ["subnet-1", "subnet-2"],
                "securityGroups": ["sg-1"],
                "assignPublicIp": "ENABLED",
            }
        },
        "placementConstraints": [
            {"type": "memberOf", "expression": "attribute:x == y"},
            {"type": "distinctInstance"},
        ],
        "placementStrategy": [{"type": "spread", "field": "attribute:zone"}, {"type": "random"}],
        "propagateTags": "TASK_DEFINITION",
        "enableExecuteCommand": True,
        "enableECSManagedTags": True,
        "referenceId": "ref-1",
        "tags": [{"key": "Team", "value": "red"}, {"key": "empty", "value": ""}],
        "overrides": {
            "cpu": "512",
            "memory": "1 GB",
            "taskRoleArn": "arn:aws:iam::123456789012:role/worker",
            "executionRoleArn": "arn:aws:iam::123456789012:role/puller",
            "ephemeralStorage": {"sizeInGiB": 60},
            "containerOverrides": [
                {
                    "name": "app",
                    "command": ["bin/report", "", "--All"],
                    "environment": [{"name": "EMPTY", "value": ""}, {"name": "Name", "value": "x"}],
                    "environmentFiles": [{"value": "arn:aws:s3:::bucket/app.env", "type": "s3"}],
                    "cpu": 256,
                    "memory": 512,
                    "memoryReservation": 128,
                    "resourceRequirements": [{"type": "GPU", "value": "1"}],
                }
            ],
        },
        "startedBy": "esprestack/report",
        "clientToken": "token-1",
    }


def test_what_a_target_does_not_say_is_left_out() -> None:
    """ECS has its own defaults: a group `family:…`, the cluster's capacity providers."""
    assert request(a_target()) == {
        "cluster": "arn:aws:ecs:eu-west-1:123456789012:cluster/batch",
        "taskDefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/reports",
        "count": 1,
        "startedBy": "esprestack/report",
        "clientToken": "token-1",
    }


@QUICK
@given(targets(), names())
def test_ecs_takes_every_request(target: Target, rule: str) -> None:
    report = ParamValidator().validate(request(target, rule), RUN_TASK)
    assert not report.has_errors(), report.generate_report()


@QUICK
@given(targets())
def test_no_field_of_a_target_is_lost(target: Target) -> None:
    plain = a_target()
    for field in dataclasses.fields(Target):
        value = getattr(target, field.name)
        says_something = value != getattr(plain, field.name) and not _is_empty(value)
        changed = request(dataclasses.replace(plain, **{field.name: value})) != request(plain)
        assert changed == (says_something and field.name not in NOT_RUN_TASKS), field.name


def _is_empty(value: object) -> bool:
    return value is None or value == ()


@pytest.mark.parametrize("part", dataclasses.fields(TaskOverride), ids=lambda field: field.name)
def test_no_override_of_a_task_is_lost(part: Any) -> None:
    without = dataclasses.replace(EVERYTHING.task_override, **{part.name: part.default})
    assert request(dataclasses.replace(EVERYTHING, task_override=without)) != request(EVERYTHING)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("nightly", "esprestack/nightly"),
        ("a.b_c-d", "esprestack/a-b_c-d"),
        ("a-rule-with-a-name-of-forty-characters-xx", "esprestack/a-rule-with-a-name-of-for"),
    ],
)
def test_the_mark_of_its_tasks_has_the_rules_name(rule: str, expected: str) -> None:
    assert started_by(rule) == expected
    assert len(expected) <= 36


def test_the_answer_of_runtask_is_a_success_in_part() -> None:
    answer = {
        "tasks": [{"taskArn": "arn:aws:ecs:eu-west-1:1:task/batch/1", "lastStatus": "PROVISIONING"}],
        "failures": [
            {"arn": "arn:of:instance-1", "reason": "RESOURCE:MEMORY"},
            {"arn": "arn:of:instance-2", "reason": "RESOURCE:MEMORY"},
            {"reason": "AGENT", "detail": "it is gone"},
            {},
        ],
    }
    assert launch(answer) == Launch(
        (Task("arn:aws:ecs:eu-west-1:1:task/batch/1", "PROVISIONING"),),
        (Failure("RESOURCE:MEMORY"), Failure("AGENT", "it is gone"), Failure("")),
    )
    assert launch({}) == Launch(())


def test_a_task_is_read() -> None:
    answer = {
        "taskArn": "arn:aws:ecs:eu-west-1:1:task/batch/0a1b",
        "lastStatus": "STOPPED",
        "taskDefinitionArn": "arn:of:definition",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "containers": [
            {"name": "app", "exitCode": 0, "runtimeId": "r1"},
            {"name": "proxy", "reason": "CannotPullContainerError"},
        ],
    }
    (task,) = tasks({"tasks": [answer]})
    assert task == Task(
        "arn:aws:ecs:eu-west-1:1:task/batch/0a1b",
        "STOPPED",
        "arn:of:definition",
        (TaskContainer("app", 0, "", "r1"), TaskContainer("proxy", None, "CannotPullContainerError")),
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    assert (task.id, task.is_stopped) == ("0a1b", True)


def test_a_task_definition_says_where_containers_log() -> None:
    options = {"awslogs-group": "/ecs/app", "awslogs-region": "eu-west-2", "awslogs-stream-prefix": "ecs"}
    containers = [
        {"name": "app", "logConfiguration": {"logDriver": "awslogs", "options": options}},
        {"name": "router", "essential": False, "logConfiguration": {"logDriver": "awsfirelens"}},
        {"name": "quiet", "essential": True},
    ]
    assert container_setups({"taskDefinition": {"containerDefinitions": containers}}) == (
        ContainerSetup("app", True, "awslogs", "/ecs/app", "eu-west-2", "ecs"),
        ContainerSetup("router", False, "awsfirelens"),
        ContainerSetup("quiet"),
    )


def test_a_stream_has_the_tasks_id_or_else_the_containers() -> None:
    task = Task("arn:aws:ecs:eu-west-1:1:task/batch/0a1b", containers=(TaskContainer("app", runtime_id="r1"),))
    assert ContainerSetup("app", stream_prefix="ecs").stream(task) == "ecs/app/0a1b"
    assert ContainerSetup("app").stream(task) == "r1"
    assert ContainerSetup("other").stream(task) == ""


def test_log_events_are_lines() -> None:
    events: list[dict[str, Any]] = [{"timestamp": 1, "message": "one\ntwo\n"}, {"timestamp": 2}]
    assert log_lines(events, "0a1b", "app") == [LogLine(1, "0a1b", "app", "one\ntwo"), LogLine(2, "0a1b", "app", "")]

"""RunTask's request for a task of a service's definition."""

from typing import Any

import pytest
from tests.aws.deploys.planning import SCOPE, a_config

from esprestack.backends.tasks_mapping import STARTED_BY_LENGTH
from esprestack.services.model import Comparison, ServicePlan
from esprestack.services.run import RunOptions, task_request

EVERYTHING: dict[str, Any] = {
    "serviceName": "web",
    "taskDefinition": "other:1",
    "desiredCount": 4,
    "launchType": "FARGATE",
    "platformVersion": "1.4.0",
    "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], "assignPublicIp": "ENABLED"}},
    "placementConstraints": [{"type": "distinctInstance"}],
    "placementStrategy": [{"type": "spread", "field": "attribute:zone"}],
    "enableExecuteCommand": True,
    "enableECSManagedTags": True,
    "propagateTags": "SERVICE",
    "tags": [{"key": "team", "value": "red"}, {"key": "cost", "value": "7"}],
    "volumeConfigurations": [
        {"name": "data", "managedEBSVolume": {"roleArn": "arn:aws:iam::1:role/ecs", "sizeInGiB": 20}}
    ],
    "loadBalancers": [{"targetGroupArn": "x", "containerName": "app", "containerPort": 80}],
    "deploymentConfiguration": {"maximumPercent": 200},
    "schedulingStrategy": "REPLICA",
}


def request_of(service: dict[str, Any] | None, **options: Any) -> dict[str, Any]:
    config = a_config({"family": "web", "containerDefinitions": [{"name": "app", "image": "app:1"}]}, service)
    nothing = Comparison(None, None)
    plan = ServicePlan(config, SCOPE, None, None, nothing, None, None, None, None)
    request = task_request(plan, "arn:web:7", RunOptions(**options))
    assert len(request.pop("clientToken")) == 36
    return request


def test_a_task_runs_where_and_how_the_services_tasks_do() -> None:
    assert request_of(EVERYTHING) == {
        "taskDefinition": "arn:web:7",
        "count": 1,
        "startedBy": "esprestack/web",
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"], "assignPublicIp": "ENABLED"}},
        "placementConstraints": [{"type": "distinctInstance"}],
        "placementStrategy": [{"type": "spread", "field": "attribute:zone"}],
        "enableExecuteCommand": True,
        "enableECSManagedTags": True,
        "volumeConfigurations": [
            {
                "name": "data",
                "managedEBSVolume": {
                    "roleArn": "arn:aws:iam::1:role/ecs",
                    "sizeInGiB": 20,
                    "terminationPolicy": {"deleteOnTermination": True},
                },
            }
        ],
        "tags": [{"key": "team", "value": "red"}, {"key": "cost", "value": "7"}],
    }


def test_the_definition_itself_stays_as_it_was() -> None:
    request_of(EVERYTHING)
    assert EVERYTHING["volumeConfigurations"][0]["managedEBSVolume"] == {
        "roleArn": "arn:aws:iam::1:role/ecs",
        "sizeInGiB": 20,
    }


def test_volumes_are_kept_where_asked() -> None:
    (volume,) = request_of(EVERYTHING, keep_volumes=True)["volumeConfigurations"]
    assert volume["managedEBSVolume"]["terminationPolicy"] == {"deleteOnTermination": False}


@pytest.mark.parametrize(
    ("given", "tags", "propagated"),
    [
        ("", {"team": "red", "cost": "7", "by": "me"}, None),
        ("SERVICE", {"team": "red", "cost": "7", "by": "me"}, None),
        ("TASK_DEFINITION", {"by": "me"}, "TASK_DEFINITION"),
        ("NONE", {"by": "me"}, None),
    ],
)
def test_tags_are_the_services_where_they_are_propagated(
    given: str, tags: dict[str, str], propagated: str | None
) -> None:
    request = request_of(EVERYTHING, propagate_tags=given, tags={"by": "me"})
    assert {tag["key"]: tag["value"] for tag in request["tags"]} == tags
    assert request.get("propagateTags") == propagated


def test_given_tags_go_before_the_services() -> None:
    assert request_of(EVERYTHING, tags={"team": "blue"})["tags"][0] == {"key": "team", "value": "blue"}


def test_without_a_service_definition_only_what_was_asked_for_is_there() -> None:
    overrides = {"containerOverrides": [{"name": "app", "command": ["true"]}]}
    assert request_of(None, count=3, overrides=overrides) == {
        "taskDefinition": "arn:web:7",
        "count": 3,
        "startedBy": "esprestack/web",
        "overrides": overrides,
    }


def test_the_mark_of_its_tasks_fits() -> None:
    assert len(request_of({"propagateTags": "NONE"})["startedBy"]) <= STARTED_BY_LENGTH

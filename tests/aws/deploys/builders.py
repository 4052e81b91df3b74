"""Small builders: a task definition and a service as requests have them."""

from typing import Any

from tests.aws.account import CLUSTER

BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}}


def a_container(name: str = "app", image: str = "app:1", **members: Any) -> dict[str, Any]:
    return {"name": name, "image": image, **members}


def a_definition(image: str = "app:1", *, family: str = "web", **members: Any) -> dict[str, Any]:
    """RegisterTaskDefinition's members; of one container `app` unless `containerDefinitions` says otherwise."""
    containers = members.pop("containerDefinitions", [a_container(image=image)])
    return {"family": family, "networkMode": "awsvpc", "containerDefinitions": containers, **members}


def a_service(*, breaker: bool = True, **members: Any) -> dict[str, Any]:
    """CreateService's members, but for cluster, name and task definition."""
    configuration = {"deploymentConfiguration": BREAKER} if breaker else {}
    return {"desiredCount": 2, **configuration, "networkConfiguration": NETWORK, **members}


def a_daemon(**members: Any) -> dict[str, Any]:
    return {"schedulingStrategy": "DAEMON", "deploymentConfiguration": BREAKER, **members}


def to_create(task_definition: str = "web", *, name: str = "web", **members: Any) -> dict[str, Any]:
    """CreateService's request."""
    return {"cluster": CLUSTER, "serviceName": name, "taskDefinition": task_definition, **a_service(**members)}

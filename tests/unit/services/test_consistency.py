"""What is wrong between a service, its task definition and their parts, whatever AWS has."""

from typing import Any

import pytest
from tests.unit.services.builders import a_container, a_service_config, a_service_definition, a_task_definition

from esprestack.config.source import MISSING
from esprestack.services.consistency import consistency


def said(task: dict[str, Any] | None = None, service: dict[str, Any] | None = None) -> list[tuple[str, str]]:
    found = consistency(a_service_config(task, service))
    return [(problem.code, str(problem).partition(": ")[2]) for problem in found]


def test_a_config_that_is_right_has_no_finding() -> None:
    assert said() == []


@pytest.mark.parametrize(
    ("task", "code", "line"),
    [
        pytest.param(
            a_task_definition({"name": "app"}), "container-unnamed",
            "`containerDefinitions[0]` has no `image` (add it)", id="no image",
        ),
        pytest.param(
            a_task_definition(a_container(), a_container()), "container-twice",
            "more than one container is called `app` (rename one)", id="two of a name",
        ),
        pytest.param(
            a_task_definition(a_container(dependsOn=[{"containerName": "db", "condition": "START"}])), "no-such-container",
            "`dependsOn` names the container `db`, which the task definition doesn't have (it has `app`)", id="dependsOn",
        ),
        pytest.param(
            a_task_definition(a_container(volumesFrom=[{"sourceContainer": "db"}])), "no-such-container",
            "`volumesFrom` names the container `db`, which the task definition doesn't have (it has `app`)",
            id="volumesFrom",
        ),
        pytest.param(
            a_task_definition(a_container(portMappings=[{"containerPort": 80, "hostPort": 8080}])), "host-port",
            "with the network mode `awsvpc` the host port 8080 has to be 80 as well (remove `hostPort`)", id="host port",
        ),
        pytest.param(
            a_task_definition(a_container(mountPoints=[{"sourceVolume": "d", "containerPath": "/d"}])), "no-such-volume",
            "`app` mounts the volume `d`, which isn't among `volumes` (add it, or mend the name)", id="mount point",
        ),
        pytest.param(
            a_task_definition(memory="256"), "fargate-size",
            "Fargate has no tasks of 256 CPU units and 256 MiB of memory "
            "(with 256 CPU units Fargate has 512, 1024 or 2048 MiB of memory)", id="size",
        ),
        pytest.param(
            a_task_definition(a_container(secrets=[{"name": "A", "valueFrom": "/a"}]), executionRoleArn=None),
            "no-execution-role",
            "`app` needs an execution role on Fargate, for secrets (add `executionRoleArn`)", id="secrets without a role",
        ),
        pytest.param(
            a_task_definition(
                a_container(image="123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1"), executionRoleArn=None
            ),
            "no-execution-role",
            "`app` needs an execution role on Fargate, for its image in ECR (add `executionRoleArn`)", id="ECR",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_task_definition(task: dict[str, Any], code: str, line: str) -> None:
    assert said(task) == [(code, line)]


HTTP = a_container(portMappings=[{"containerPort": 80, "name": "http"}])


@pytest.mark.parametrize(
    ("service", "code", "line"),
    [
        pytest.param(
            {"networkConfiguration": None}, "network-missing",
            "the network mode of the task definition is `awsvpc`, which needs `networkConfiguration` (add subnets)",
            id="no network",
        ),
        pytest.param(
            {"loadBalancers": [{"targetGroupArn": "t", "containerName": "web", "containerPort": 80}]}, "no-such-container",
            "`loadBalancers` names the container `web`, which the task definition doesn't have (it has `app`)",
            id="a container that isn't there",
        ),
        pytest.param(
            {"loadBalancers": [{"targetGroupArn": "t", "containerName": "app", "containerPort": 81}]}, "port-not-mapped",
            "`loadBalancers` names port 81 of `app`, which isn't among its `portMappings` (map it in task.json)",
            id="a port that isn't mapped",
        ),
        pytest.param(
            {"serviceRegistries": [{"registryArn": "r", "containerName": "app", "containerPort": 81}]}, "port-not-mapped",
            "`serviceRegistries` names port 81 of `app`, which isn't among its `portMappings` (map it in task.json)",
            id="a registry's port",
        ),
        pytest.param(
            {"serviceConnectConfiguration": {"enabled": True, "services": [{"portName": "grpc"}]}}, "port-name",
            "`portName: grpc` is the name of no port mapping (give a mapping in task.json that `name`)",
            id="Service Connect",
        ),
        pytest.param(
            {"vpcLatticeConfigurations": [{"roleArn": "r", "targetGroupArn": "t", "portName": "grpc"}]}, "port-name",
            "`portName: grpc` is the name of no port mapping (give a mapping in task.json that `name`)", id="Lattice",
        ),
        pytest.param(
            {"volumeConfigurations": [{"name": "data"}]}, "no-such-volume",
            "`volumeConfigurations` names the volume `data`, which the task definition doesn't have "
            "(add it there with `configuredAtLaunch: true`)", id="a volume",
        ),
        pytest.param(
            {"schedulingStrategy": "DAEMON"}, "daemon-count",
            "a daemon service has a task on each instance, and takes no `desiredCount` (remove it)", id="a daemon",
        ),
        pytest.param(
            {"capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}]}, "launch-type-and-strategy",
            "`launchType` and `capacityProviderStrategy` exclude each other (remove one)", id="two kinds of capacity",
        ),
        pytest.param(
            {"deploymentController": {"type": "CODE_DEPLOY"}}, "not-here",
            "deployments by CODE_DEPLOY are nothing that esprestack does "
            "(remove `deploymentController`; blue/green is `deploymentConfiguration.strategy: BLUE_GREEN`)",
            id="CodeDeploy",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_service(service: dict[str, Any], code: str, line: str) -> None:
    assert said(a_task_definition(HTTP), a_service_definition(**service)) == [(code, line)]


def test_a_network_that_the_mode_does_not_take_is_told() -> None:
    task = a_task_definition(networkMode="bridge", requiresCompatibilities=["EC2"])
    assert said(task) == [
        (
            "network-unexpected",
            "the network mode of the task definition is `bridge`, which takes no `networkConfiguration` "
            "(remove it, or use `awsvpc`)",
        )
    ]


def test_what_is_not_known_is_not_judged() -> None:
    unknown = {"targetGroupArn": "t", "containerName": MISSING, "containerPort": 80}
    ranged = {"targetGroupArn": "t", "containerName": "app", "containerPort": 8001}
    task = a_task_definition(a_container(portMappings=[{"containerPortRange": "8000-8010"}]))
    assert said(task, a_service_definition(loadBalancers=[unknown, ranged])) == []

"""What was just deployed makes no difference, whatever of it ECS filled in; nor does what changed, or went back.

For each member that has a default at the server: created without it, it is none; said as it is, it is none; changed and
deployed, there is none any more; left out again and deployed, there is none either.
"""

import copy
from typing import Any

import pytest
from tests.aws.account import arn
from tests.aws.conftest import Esprestack
from tests.aws.deploys.deploying import carried_out
from tests.aws.deploys.planning import ServiceFiles, a_plan
from tests.aws.deploys.waiting import Clock
from tests.aws.deploys.world import writes
from tests.support.ecs_server import EcsServer, ScriptedEcs

from esprestack.services.ecs import Ecs
from esprestack.services.members import OFF, TAKEN_AWAY
from esprestack.services.model import Document
from esprestack.services.normal import SERVICE, TASK_DEFINITION, Default, filled

TASK: dict[str, Any] = {
    "family": "web",
    "containerDefinitions": [
        {
            "name": "app",
            "image": "app:1",
            "memory": 128,
            "portMappings": [{"containerPort": 80, "name": "http"}],
            "healthCheck": {"command": ["CMD", "true"]},
            "restartPolicy": {"enabled": True},
            "linuxParameters": {"devices": [{"hostPath": "/dev/fuse"}], "maxSwap": 64},
        },
        {"name": "proxy", "image": "proxy:1", "memory": 64},
    ],
    "proxyConfiguration": {"containerName": "proxy"},
    "volumes": [
        {"name": "docker", "dockerVolumeConfiguration": {"labels": {"Team": "shop"}}},
        {"name": "efs", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}},
        {"name": "s3", "s3filesVolumeConfiguration": {"fileSystemArn": arn("s3files", "file-system/fs-1")}},
        {"name": "scratch"},
        {"name": "data", "configuredAtLaunch": True},
    ],
}
"""A task definition with every structure in which ECS fills something in, and nothing of what it fills in."""

HOOK = {
    "hookTargetArn": arn("lambda", "function:check"),
    "roleArn": arn("iam", "role/hooks"),
    "lifecycleStages": ["PRE_SCALE_UP"],
}
EBS = {
    "roleArn": arn("iam", "role/volumes"),
    "sizeInGiB": 20,
    "tagSpecifications": [{"resourceType": "volume", "tags": [{"key": "team", "value": "shop"}]}],
}
WEB: dict[str, Any] = {
    "desiredCount": 2,
    "capacityProviderStrategy": [{"capacityProvider": "ours"}],
    "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
    "deploymentConfiguration": {
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        "lifecycleHooks": [HOOK],
    },
    "serviceConnectConfiguration": {
        "enabled": True,
        "services": [{"portName": "http"}],
        "accessLogConfiguration": {"format": "JSON"},
    },
    "gatewayConnectors": [{"portName": "http"}],
    "volumeConfigurations": [{"name": "data", "managedEBSVolume": EBS}],
}
"""The same of a service."""

_TRUSTED = "trustedExecutionConfiguration.isolationMode"
_CONTAINER = "containerDefinitions[]."
TASK_CHANGES: dict[str, Any] = {
    "networkMode": "host",
    f"{_CONTAINER}essential": False,
    f"{_CONTAINER}cpu": 256,
    f"{_CONTAINER}versionConsistency": "disabled",
    f"{_CONTAINER}portMappings[].protocol": "udp",
    f"{_CONTAINER}portMappings[].hostPort": 8080,
    f"{_CONTAINER}healthCheck.interval": 10,
    f"{_CONTAINER}healthCheck.timeout": 7,
    f"{_CONTAINER}healthCheck.retries": 5,
    f"{_CONTAINER}healthCheck.startPeriod": 15,
    f"{_CONTAINER}restartPolicy.restartAttemptPeriod": 60,
    f"{_CONTAINER}linuxParameters.devices[].containerPath": "/dev/other",
    f"{_CONTAINER}linuxParameters.devices[].permissions": ["read"],
    f"{_CONTAINER}linuxParameters.swappiness": 0,
    "runtimePlatform.cpuArchitecture": "ARM64",
    "runtimePlatform.operatingSystemFamily": "WINDOWS_SERVER_2022_CORE",
    _TRUSTED: "ISOLATED_SANDBOX",
    "volumes[].dockerVolumeConfiguration.scope": "shared",
    "volumes[].dockerVolumeConfiguration.driver": "nfs",
    "volumes[].efsVolumeConfiguration.rootDirectory": "/data",
    "volumes[].efsVolumeConfiguration.transitEncryption": "ENABLED",
    "volumes[].efsVolumeConfiguration.authorizationConfig.iam": "ENABLED",
    "volumes[].s3filesVolumeConfiguration.rootDirectory": "/data",
}
"""Another value of each member with a default."""

_DEPLOYMENT = "deploymentConfiguration."
_THRESHOLD = f"{_DEPLOYMENT}deploymentCircuitBreaker.thresholdConfiguration"
_TIMEOUT = f"{_DEPLOYMENT}lifecycleHooks[].timeoutConfiguration"
WEB_CHANGES: dict[str, Any] = {
    f"{_DEPLOYMENT}strategy": "BLUE_GREEN",
    f"{_DEPLOYMENT}bakeTimeInMinutes": 5,
    f"{_DEPLOYMENT}maximumPercent": 150,
    f"{_DEPLOYMENT}minimumHealthyPercent": 50,
    f"{_DEPLOYMENT}deploymentCircuitBreaker.resetOnHealthyTask": False,
    f"{_THRESHOLD}.type": "COUNT",
    f"{_THRESHOLD}.value": 25,
    f"{_DEPLOYMENT}lifecycleHooks[].targetType": "PAUSE",
    f"{_TIMEOUT}.timeoutInMinutes": 60,
    f"{_TIMEOUT}.action": "CONTINUE",
    f"{_DEPLOYMENT}linearConfiguration.stepPercent": 20.0,
    f"{_DEPLOYMENT}linearConfiguration.stepBakeTimeInMinutes": 3,
    f"{_DEPLOYMENT}canaryConfiguration.canaryPercent": 25.0,
    f"{_DEPLOYMENT}canaryConfiguration.canaryBakeTimeInMinutes": 3,
    "capacityProviderStrategy[].weight": 3,
    "capacityProviderStrategy[].base": 1,
    "networkConfiguration.awsvpcConfiguration.assignPublicIp": "ENABLED",
    "healthCheckGracePeriodSeconds": 30,
    "platformVersion": "1.4.0",
    "propagateTags": "SERVICE",
    "serviceConnectConfiguration.services[].discoveryName": "shop",
    "serviceConnectConfiguration.accessLogConfiguration.includeQueryParameters": "ENABLED",
    "gatewayConnectors[].deregistrationDelay.timeoutSeconds": 60,
    "volumeConfigurations[].managedEBSVolume.filesystemType": "ext4",
    "volumeConfigurations[].managedEBSVolume.tagSpecifications[].propagateTags": "SERVICE",
}
TOGETHER: dict[str, dict[str, Any]] = {
    f"{_THRESHOLD}.type": {f"{_THRESHOLD}.value": 50},
    f"{_THRESHOLD}.value": {f"{_THRESHOLD}.type": "BOUNDED_PERCENT"},
}
"""Members that ECS takes only with another one."""
STRATEGIES = {"linear": "LINEAR", "canary": "CANARY"}
FOR_GOOD = frozenset({"proxyConfiguration.type", "schedulingStrategy", "deploymentController.type"})
"""With no other value, or with none that a service could be updated to."""


# -- documents -------------------------------------------------------------------------------------------------


def with_value(document: Document, path: str, value: Any) -> dict[str, Any]:
    """A copy with the member at the path set, in each entry of a list that has the structure for it."""
    changed = copy.deepcopy(dict(document))
    _set(changed, path.split("."), value)
    return changed


def _set(around: dict[str, Any], parts: list[str], value: Any) -> None:
    name, *rest = parts
    if not rest:
        around[name] = value
    elif name.endswith("[]"):
        items = around[name.removesuffix("[]")]
        for item in [item for item in items if rest[0].removesuffix("[]") in item] or items:
            _set(item, rest, value)
    else:
        _set(around.setdefault(name, {}), rest, value)


def value_at(document: Any, path: str) -> Any:
    """The member at the path, in the first entry of a list that has it."""
    found = [document]
    for part in path.split("."):
        found = [item[part.removesuffix("[]")] for item in found if part.removesuffix("[]") in item]
        if part.endswith("[]"):
            found = [entry for entries in found for entry in entries]
    return found[0]


def changed(document: Document, path: str, value: Any) -> dict[str, Any]:
    """The same with what ECS takes only together with it."""
    found = with_value(document, path, value)
    for other, beside in TOGETHER.get(path, {}).items():
        found = with_value(found, other, beside)
    return found


def with_default_said(document: Document, path: str, defaults: tuple[Default, ...]) -> dict[str, Any]:
    return changed(document, path, value_at(filled(document, defaults), path))


def web_for(path: str) -> dict[str, Any]:
    """The service with the strategy that the member is about."""
    strategy = next((name for start, name in STRATEGIES.items() if f".{start}" in path), None)
    return with_value(WEB, f"{_DEPLOYMENT}strategy", strategy) if strategy else WEB


def both_ways(changes: dict[str, Any]) -> list[Any]:
    """The cases, with an UpdateService that replaces a deployment configuration, and one that adds to it."""
    return [
        pytest.param(path, value, merges, id=f"{path}, {'added' if merges else 'replaced'}")
        for path, value in changes.items()
        for merges in ((False, True) if path.startswith(_DEPLOYMENT) else (False,))
    ]


def test_every_default_has_a_change_here() -> None:
    for defaults, changes in ((TASK_DEFINITION, TASK_CHANGES), (SERVICE, WEB_CHANGES)):
        members = {one.path for one in defaults if not any(other.path.startswith(f"{one.path}.") for other in defaults)}
        assert members - FOR_GOOD == changes.keys()


# -- each member -----------------------------------------------------------------------------------------------


class Deploying:
    """A service whose files change: deployed, and held against them again."""

    def __init__(self, client: Ecs, ecs: ScriptedEcs) -> None:
        self._client, self._ecs = client, ecs

    def differences(self, task: Document, service: Document) -> list[str]:
        plan = a_plan(self._client, task, service)
        found = plan.task_definition.fields + (plan.service.fields if plan.service else ())
        assert bool(found) is plan.changes
        assert plan.refusals == ()
        return [field.path for field in found]

    def deploy(self, task: Document, service: Document) -> None:
        """There is something to deploy, and nothing any more afterwards."""
        plan = a_plan(self._client, task, service)
        assert plan.changes
        carried_out(self._client, plan)
        self._ecs.settle()
        assert self.differences(task, service) == []


@pytest.fixture
def deploying(client: Ecs, ecs: ScriptedEcs) -> Deploying:
    return Deploying(client, ecs)


@pytest.mark.parametrize(("path", "value"), TASK_CHANGES.items(), ids=TASK_CHANGES)
def test_a_default_of_a_task_definition_makes_no_difference(deploying: Deploying, path: str, value: Any) -> None:
    deploying.deploy(TASK, WEB)
    assert deploying.differences(with_default_said(TASK, path, TASK_DEFINITION), WEB) == []
    deploying.deploy(changed(TASK, path, value), WEB)
    deploying.deploy(TASK, WEB)


@pytest.mark.parametrize(("path", "value", "merges"), both_ways(WEB_CHANGES))
def test_a_default_of_a_service_makes_no_difference(
    deploying: Deploying, ecs: ScriptedEcs, path: str, value: Any, merges: bool
) -> None:
    ecs.services.merges = merges
    web = web_for(path)
    deploying.deploy(TASK, web)
    assert deploying.differences(TASK, with_default_said(web, path, SERVICE)) == []
    deploying.deploy(TASK, changed(web, path, value))
    deploying.deploy(TASK, web)


# -- members that come and go ----------------------------------------------------------------------------------

PLAIN: dict[str, Any] = {"desiredCount": 2}
GROUP = arn("elasticloadbalancing", "targetgroup/web/0123456789abcdef")
COMING: dict[str, Any] = {
    "enableECSManagedTags": True,
    "enableExecuteCommand": True,
    "gatewayConnectors": WEB["gatewayConnectors"],
    "loadBalancers": [{"targetGroupArn": GROUP, "containerName": "app", "containerPort": 80}],
    "monitoring": {"metricConfigurations": [{"metricNames": ["CPUUtilization"], "resolutionSeconds": 20}]},
    "placementConstraints": [{"type": "distinctInstance"}],
    "placementStrategy": [{"type": "spread", "field": "host"}],
    "serviceConnectConfiguration": WEB["serviceConnectConfiguration"],
    "serviceRegistries": [{"registryArn": arn("servicediscovery", "service/srv-1")}],
    "volumeConfigurations": WEB["volumeConfigurations"],
    "vpcLatticeConfigurations": [{"roleArn": HOOK["roleArn"], "targetGroupArn": GROUP, "portName": "http"}],
    f"{_DEPLOYMENT}alarms": {"alarmNames": ["errors"], "enable": True, "rollback": True},
    f"{_DEPLOYMENT}deploymentCircuitBreaker": {"enable": True, "rollback": True},
    f"{_DEPLOYMENT}earlySuccessCriteria": {
        "enable": True, "healthyPercent": 100, "sourceServiceRevisionCleanup": "DEFERRED"
    },
    f"{_DEPLOYMENT}lifecycleHooks": [HOOK],
}  # fmt: skip
"""A value of each member that is taken away where a file doesn't have it any more."""


def test_every_member_that_can_be_taken_away_comes_and_goes_here() -> None:
    left_to_the_cluster = {"capacityProviderStrategy"}
    members = {*TAKEN_AWAY, *(f"{_DEPLOYMENT}{name}" for name in OFF)} - left_to_the_cluster
    assert members == COMING.keys()


@pytest.mark.parametrize(("path", "value", "merges"), both_ways(COMING))
def test_a_member_that_comes_and_goes_leaves_no_difference(
    deploying: Deploying, ecs: ScriptedEcs, path: str, value: Any, merges: bool
) -> None:
    ecs.services.merges = merges
    deploying.deploy(TASK, PLAIN)
    deploying.deploy(TASK, with_value(PLAIN, path, value))
    deploying.deploy(TASK, PLAIN)


# -- by the commands -------------------------------------------------------------------------------------------

ANYWAY = ("--allow", "host-port")
NO_CHANGES = "No changes: AWS is what the config says (2 unchanged)\n"


def all_of(document: Document, changes: dict[str, Any], *left_out: str) -> dict[str, Any]:
    """The document with every change that goes together with the others."""
    found = dict(document)
    for path, value in changes.items():
        if not path.startswith(left_out):
            found = with_value(found, path, value)
    return found


def test_a_diff_after_each_deploy_is_empty(
    esprestack: Esprestack, files: ServiceFiles, clock: Clock, server: EcsServer
) -> None:
    alone = tuple(f"{_DEPLOYMENT}{name}" for name in ("linear", "canary", "strategy"))
    web = {name: member for name, member in WEB.items() if name != "networkConfiguration"}  # of awsvpc alone
    other_task = all_of(TASK, TASK_CHANGES, f"{_CONTAINER}essential")
    other_web = all_of(web, WEB_CHANGES, "networkConfiguration", *alone)
    for task, service in ((TASK, web), (other_task, other_web), (TASK, web)):
        files.definition, files.service = task, service
        assert esprestack("diff", "--exit-code", *ANYWAY).code == 2
        deployed = esprestack("deploy", *ANYWAY)
        assert deployed.code == 0, deployed.err
        server.clear()
        said = esprestack("diff", "--exit-code", *ANYWAY)
        assert (said.code, said.out[-len(NO_CHANGES) :]) == (0, NO_CHANGES)
        again = esprestack("deploy", *ANYWAY)
        assert (again.code, writes(server)) == (0, [])

"""What AWS fills in where a definition says nothing, as one table, and the one way in which each value is compared.

In: a document of a definition or of AWS; out: the same with every default, so that equal things compare equal.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from esprestack.checks.sizes import cpu_units, memory_mib
from esprestack.config.tree import copied
from esprestack.rule import Scope
from esprestack.services.documents import SETS

_API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_"
_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"

Members: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Default:
    """`path` as in `containerDefinitions[].cpu`; without the structure around the member there is nothing to fill."""

    path: str
    value: Any
    link: str


def _host_port(document: Members, mapping: Members) -> Any:
    """The container's own where there is no bridge between them; 0 leaves the choice to ECS."""
    if document.get("networkMode") in ("awsvpc", "host"):
        return mapping.get("containerPort")
    return None if "containerPortRange" in mapping else 0


def _most_percent(document: Members, _: Members) -> int:
    return 100 if document.get("schedulingStrategy") == "DAEMON" else 200


def _least_percent(document: Members, _: Members) -> int:
    return 0 if document.get("schedulingStrategy") == "DAEMON" else 100


def _of_linear(_: Members, deployment: Members) -> Any:
    return {} if deployment.get("strategy") == "LINEAR" else None


def _of_canary(_: Members, deployment: Members) -> Any:
    return {} if deployment.get("strategy") == "CANARY" else None


def _discovery_name(_: Members, service: Members) -> Any:
    return service.get("portName")


def _container_path(_: Members, device: Members) -> Any:
    return device.get("hostPath")


TASK_DEFINITION: tuple[Default, ...] = (
    Default("networkMode", "bridge", _API + "RegisterTaskDefinition.html"),
    Default("containerDefinitions[].essential", True, _API + "ContainerDefinition.html"),
    Default("containerDefinitions[].cpu", 0, _API + "ContainerDefinition.html"),
    Default("containerDefinitions[].versionConsistency", "enabled", _API + "ContainerDefinition.html"),
    Default("containerDefinitions[].portMappings[].protocol", "tcp", _API + "PortMapping.html"),
    Default("containerDefinitions[].portMappings[].hostPort", _host_port, _API + "PortMapping.html"),
    Default("containerDefinitions[].healthCheck.interval", 30, _API + "HealthCheck.html"),
    Default("containerDefinitions[].healthCheck.timeout", 5, _API + "HealthCheck.html"),
    Default("containerDefinitions[].healthCheck.retries", 3, _API + "HealthCheck.html"),
    Default("containerDefinitions[].healthCheck.startPeriod", 0, _API + "HealthCheck.html"),
    Default("containerDefinitions[].restartPolicy.restartAttemptPeriod", 300, _API + "ContainerRestartPolicy.html"),
    Default("containerDefinitions[].linuxParameters.devices[].containerPath", _container_path, _API + "Device.html"),
    Default(
        "containerDefinitions[].linuxParameters.devices[].permissions", ["mknod", "read", "write"], _API + "Device.html"
    ),
    Default("containerDefinitions[].linuxParameters.swappiness", 60, _API + "LinuxParameters.html"),
    Default("proxyConfiguration.type", "APPMESH", _API + "ProxyConfiguration.html"),
    Default("runtimePlatform", {}, _API + "RuntimePlatform.html"),
    Default("runtimePlatform.cpuArchitecture", "X86_64", _API + "RuntimePlatform.html"),
    Default("runtimePlatform.operatingSystemFamily", "LINUX", _API + "RuntimePlatform.html"),
    Default("trustedExecutionConfiguration", {}, _API + "TrustedExecutionConfiguration.html"),
    Default("trustedExecutionConfiguration.isolationMode", "SHARED", _API + "TrustedExecutionConfiguration.html"),
    Default("volumes[].dockerVolumeConfiguration.scope", "task", _API + "DockerVolumeConfiguration.html"),
    Default("volumes[].dockerVolumeConfiguration.driver", "local", _GUIDE + "docker-volumes.html"),
    Default("volumes[].efsVolumeConfiguration.rootDirectory", "/", _API + "EFSVolumeConfiguration.html"),
    Default("volumes[].efsVolumeConfiguration.transitEncryption", "DISABLED", _API + "EFSVolumeConfiguration.html"),
    Default("volumes[].efsVolumeConfiguration.authorizationConfig", {}, _API + "EFSAuthorizationConfig.html"),
    Default(
        "volumes[].efsVolumeConfiguration.authorizationConfig.iam", "DISABLED", _API + "EFSAuthorizationConfig.html"
    ),
    Default("volumes[].s3filesVolumeConfiguration.rootDirectory", "/", _API + "S3FilesVolumeConfiguration.html"),
)
"""Where a default is false, empty or nothing at all, it needs no entry: `documents.leaves` has no leaf for those."""

SERVICE: tuple[Default, ...] = (
    Default("schedulingStrategy", "REPLICA", _API + "CreateService.html"),
    Default("deploymentController", {}, _API + "CreateService.html"),
    Default("deploymentController.type", "ECS", _API + "DeploymentController.html"),
    Default("deploymentConfiguration", {}, _API + "CreateService.html"),
    Default("deploymentConfiguration.strategy", "ROLLING", _API + "DeploymentConfiguration.html"),
    Default("deploymentConfiguration.bakeTimeInMinutes", 0, _API + "DeploymentConfiguration.html"),
    Default("deploymentConfiguration.maximumPercent", _most_percent, _API + "DeploymentConfiguration.html"),
    Default("deploymentConfiguration.minimumHealthyPercent", _least_percent, _API + "DeploymentConfiguration.html"),
    Default("deploymentConfiguration.deploymentCircuitBreaker", {}, _API + "DeploymentCircuitBreaker.html"),
    Default(
        "deploymentConfiguration.deploymentCircuitBreaker.resetOnHealthyTask",
        True,
        _API + "DeploymentCircuitBreaker.html",
    ),
    Default(
        "deploymentConfiguration.deploymentCircuitBreaker.thresholdConfiguration",
        {},
        _API + "ThresholdConfiguration.html",
    ),
    Default(
        "deploymentConfiguration.deploymentCircuitBreaker.thresholdConfiguration.type",
        "BOUNDED_PERCENT",
        _API + "ThresholdConfiguration.html",
    ),
    Default(
        "deploymentConfiguration.deploymentCircuitBreaker.thresholdConfiguration.value",
        50,
        _API + "ThresholdConfiguration.html",
    ),
    Default("deploymentConfiguration.lifecycleHooks[].targetType", "AWS_LAMBDA", _API + "DeploymentLifecycleHook.html"),
    Default("deploymentConfiguration.lifecycleHooks[].timeoutConfiguration", {}, _API + "DeploymentLifecycleHook.html"),
    Default(
        "deploymentConfiguration.lifecycleHooks[].timeoutConfiguration.timeoutInMinutes",
        1440,
        _API + "DeploymentLifecycleHookTimeoutConfiguration.html",
    ),
    Default(
        "deploymentConfiguration.lifecycleHooks[].timeoutConfiguration.action",
        "ROLLBACK",
        _API + "DeploymentLifecycleHookTimeoutConfiguration.html",
    ),
    Default("deploymentConfiguration.linearConfiguration", _of_linear, _API + "LinearConfiguration.html"),
    Default("deploymentConfiguration.canaryConfiguration", _of_canary, _API + "CanaryConfiguration.html"),
    Default("deploymentConfiguration.linearConfiguration.stepPercent", 10.0, _API + "LinearConfiguration.html"),
    Default("deploymentConfiguration.linearConfiguration.stepBakeTimeInMinutes", 6, _API + "LinearConfiguration.html"),
    Default("deploymentConfiguration.canaryConfiguration.canaryPercent", 5.0, _API + "CanaryConfiguration.html"),
    Default(
        "deploymentConfiguration.canaryConfiguration.canaryBakeTimeInMinutes", 10, _API + "CanaryConfiguration.html"
    ),
    Default("capacityProviderStrategy[].weight", 0, _API + "CapacityProviderStrategyItem.html"),
    Default("capacityProviderStrategy[].base", 0, _API + "CapacityProviderStrategyItem.html"),
    Default("networkConfiguration.awsvpcConfiguration.assignPublicIp", "DISABLED", _API + "AwsVpcConfiguration.html"),
    Default("healthCheckGracePeriodSeconds", 0, _API + "CreateService.html"),
    Default("platformVersion", "LATEST", _API + "CreateService.html"),
    Default("propagateTags", "NONE", _API + "CreateService.html"),
    Default(
        "serviceConnectConfiguration.services[].discoveryName", _discovery_name, _API + "ServiceConnectService.html"
    ),
    Default(
        "serviceConnectConfiguration.accessLogConfiguration.includeQueryParameters",
        "DISABLED",
        _API + "ServiceConnectAccessLogConfiguration.html",
    ),
    Default("gatewayConnectors[].deregistrationDelay", {}, _API + "GatewayConnectorDeregistrationDelay.html"),
    Default(
        "gatewayConnectors[].deregistrationDelay.timeoutSeconds", 300, _API + "GatewayConnectorDeregistrationDelay.html"
    ),
    Default(
        "volumeConfigurations[].managedEBSVolume.filesystemType",
        "xfs",
        _API + "ServiceManagedEBSVolumeConfiguration.html",
    ),
    Default(
        "volumeConfigurations[].managedEBSVolume.tagSpecifications[].propagateTags",
        "NONE",
        _API + "EBSTagSpecification.html",
    ),
)
"""The same of a service; what AWS settles by itself, `members.LEFT_ALONE` has."""


def filled(document: Members, defaults: tuple[Default, ...]) -> dict[str, Any]:
    """A copy of the document with every default in it."""
    full: dict[str, Any] = copied(dict(document))
    for default in defaults:
        *outer, name = default.path.split(".")
        for around in _structures(full, outer):
            if around.get(name) in (None, "", []):
                value = default.value(full, around) if callable(default.value) else copied(default.value)
                if value is not None:
                    around[name] = value
    return full


def bare(document: Members, defaults: tuple[Default, ...]) -> dict[str, Any]:
    """A copy of the document without what is its default anyway."""
    kept: dict[str, Any] = copied(dict(document))
    for default in reversed(defaults):
        *outer, name = default.path.split(".")
        for around in _structures(kept, outer):
            wanted = default.value(document, around) if callable(default.value) else default.value
            if name in around and around[name] == wanted:
                del around[name]
    return kept


def _structures(document: dict[str, Any], parts: list[str]) -> Iterator[dict[str, Any]]:
    """All structures at a path whose lists are marked `[]`."""
    if not parts:
        yield document
        return
    child = document.get(parts[0].removesuffix("[]"))
    for item in child if isinstance(child, list) else [child]:
        if isinstance(item, dict):
            yield from _structures(item, parts[1:])


def value_of(path: str, value: Any, scope: Scope) -> Any:
    """An opened value as it is compared: sizes in their small units, roles of the account by name, sets sorted."""
    name = path.rpartition(".")[2]
    if isinstance(value, list):
        return sorted(value) if name in SETS else value
    if not isinstance(value, str):
        return value
    match path:
        case "cpu":
            return str(cpu_units(value) or value)
        case "memory":
            return str(memory_mib(value) or value)
        case "taskRoleArn" | "executionRoleArn" | "role":
            return scope.shorten(value, "iam", "role/")
    return value

"""What ECS fills in where a request says nothing, and tells afterwards: written down from its API reference.

It knows nothing of the program's own table of defaults, so that either can show what the other lacks.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.support.ecs.shapes import Members

_Spec: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Inside:
    """Filled in where there is such a structure, or in each of a list of them; else `empty` is, if there is one."""

    members: _Spec
    empty: Mapping[str, Any] | tuple[()] | None = None


@dataclass(frozen=True, slots=True)
class _Of:
    """From the structure around the member; None: nothing."""

    value: Callable[[Members], Any]


_HEALTH_CHECK = {"interval": 30, "timeout": 5, "retries": 3, "startPeriod": 0}
_DEVICE = {"containerPath": _Of(lambda device: device["hostPath"]), "permissions": ["read", "write", "mknod"]}
_EFS = {
    "rootDirectory": "/",
    "transitEncryption": "DISABLED",
    "authorizationConfig": _Inside({"iam": "DISABLED"}, {}),
}
_VOLUME = {
    "dockerVolumeConfiguration": _Inside({"scope": "task", "autoprovision": False, "driver": "local"}),
    "efsVolumeConfiguration": _Inside(_EFS),
    "s3filesVolumeConfiguration": _Inside({"rootDirectory": "/"}),
}


def _container(has_no_bridge: bool) -> _Spec:
    port = _Of(lambda mapping: mapping.get("containerPort") if has_no_bridge else 0)
    return {
        "cpu": 0,
        "essential": True,
        "environment": [],
        "mountPoints": [],
        "portMappings": _Inside({"protocol": "tcp", "hostPort": port}, ()),
        "volumesFrom": [],
        "systemControls": [],
        "versionConsistency": "enabled",
        "healthCheck": _Inside(_HEALTH_CHECK),
        "restartPolicy": _Inside({"ignoredExitCodes": [], "restartAttemptPeriod": 300}),
        "linuxParameters": _Inside({"devices": _Inside(_DEVICE), "swappiness": 60, "initProcessEnabled": False}),
    }


def task_definition_as_told(document: Members) -> dict[str, Any]:
    """A registered document with all that ECS fills in."""
    mode = document.get("networkMode", "bridge")
    return _filled(
        document,
        {
            "networkMode": mode,
            "containerDefinitions": _Inside(_container(mode in ("awsvpc", "host"))),
            "volumes": _Inside(_VOLUME, ()),
            "placementConstraints": [],
            "proxyConfiguration": _Inside({"type": "APPMESH"}),
            "runtimePlatform": _Inside({"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"}, {}),
            "trustedExecutionConfiguration": _Inside({"isolationMode": "SHARED"}, {}),
            "enableFaultInjection": False,
        },
    )


_BREAKER = {
    "enable": False,
    "rollback": False,
    "resetOnHealthyTask": True,
    "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 50},
}
_HOOK = {
    "targetType": "AWS_LAMBDA",
    "timeoutConfiguration": _Inside({"timeoutInMinutes": 1440, "action": "ROLLBACK"}, {}),
}
_CONNECT = {
    "services": _Inside({"discoveryName": _Of(lambda service: service["portName"]), "clientAliases": []}),
    "accessLogConfiguration": _Inside({"includeQueryParameters": "DISABLED"}),
}
_EBS = {"filesystemType": "xfs", "tagSpecifications": _Inside({"propagateTags": "NONE"})}
_CONNECTOR = {"deregistrationDelay": _Inside({"timeoutSeconds": 300}, {})}


def _deployment(strategy: str, is_daemon: bool) -> _Spec:
    linear = {"linearConfiguration": _Inside({"stepPercent": 10.0, "stepBakeTimeInMinutes": 6}, {})}
    canary = {"canaryConfiguration": _Inside({"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 10}, {})}
    return {
        "deploymentCircuitBreaker": _Inside(_BREAKER, {}),
        "maximumPercent": 100 if is_daemon else 200,
        "minimumHealthyPercent": 0 if is_daemon else 100,
        "alarms": {"alarmNames": [], "enable": False, "rollback": False},
        "strategy": strategy,
        "bakeTimeInMinutes": 0,
        "lifecycleHooks": _Inside(_HOOK),
        "earlySuccessCriteria": {"enable": False},
        **(linear if strategy == "LINEAR" else canary if strategy == "CANARY" else {}),
    }


def service_as_told(settings: Members) -> dict[str, Any]:
    """What a service was told, with all that ECS fills in."""
    strategy = settings.get("deploymentConfiguration", {}).get("strategy", "ROLLING")
    is_daemon = settings.get("schedulingStrategy") == "DAEMON"
    return _filled(
        settings,
        {
            "schedulingStrategy": "REPLICA",
            "deploymentController": {"type": "ECS"},
            "deploymentConfiguration": _Inside(_deployment(strategy, is_daemon), {}),
            "capacityProviderStrategy": _Inside({"weight": 0, "base": 0}),
            "networkConfiguration": _Inside(
                {"awsvpcConfiguration": _Inside({"securityGroups": [], "assignPublicIp": "DISABLED"})}
            ),
            "healthCheckGracePeriodSeconds": 0,
            "platformVersion": "LATEST",
            "propagateTags": "NONE",
            "serviceConnectConfiguration": _Inside(_CONNECT),
            "volumeConfigurations": _Inside({"managedEBSVolume": _Inside(_EBS)}),
            "gatewayConnectors": _Inside(_CONNECTOR),
        },
    )


def _filled(document: Members, spec: _Spec) -> dict[str, Any]:
    filled = dict(document)
    for name, wanted in spec.items():
        match wanted:
            case _Inside(members, empty) if (inside := filled.get(name, empty)) is not None:
                is_list = isinstance(inside, list | tuple)
                filled[name] = [_filled(item, members) for item in inside] if is_list else _filled(inside, members)
            case _Inside():
                continue
            case _Of(value) if name not in filled:
                if (found := value(document)) is not None:
                    filled[name] = found
            case _ if name not in filled:
                filled[name] = wanted
    return filled

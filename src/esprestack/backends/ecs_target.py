"""An ECS target as rules and EventBridge Scheduler have it alike: `Target` → members of a request, and back.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_EcsParameters.html
https://docs.aws.amazon.com/scheduler/latest/APIReference/API_EcsParameters.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html (what stands in a target's Input)
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from esprestack.backends.members import known_override
from esprestack.rule import (
    CapacityProvider,
    ContainerOverride,
    EnvironmentFile,
    NetworkConfiguration,
    Pairs,
    PlacementConstraint,
    PlacementStrategy,
    ResourceRequirement,
    RetryPolicy,
    Scope,
    Target,
    TaskOverride,
)

Request: TypeAlias = dict[str, Any]
Answer: TypeAlias = Mapping[str, Any]


# -- target → request ------------------------------------------------------------------------------------------


def target_request(target: Target, scope: Scope) -> Request:
    """The members of a target but for its id and the tags of its task, in which the two services differ."""
    request: Request = {"Arn": scope.cluster_arn, "EcsParameters": _ecs_parameters(target, scope)}
    if target.role:
        request["RoleArn"] = scope.expand(target.role, "iam", "role/")
    if override := _input(target, scope):
        request["Input"] = json.dumps(override, ensure_ascii=False, separators=(",", ":"))
    if target.dead_letter_queue:
        request["DeadLetterConfig"] = {"Arn": scope.expand(target.dead_letter_queue, "sqs", "")}
    if target.retry_policy != RetryPolicy():
        request["RetryPolicy"] = {
            "MaximumRetryAttempts": target.retry_policy.maximum_retry_attempts,
            "MaximumEventAgeInSeconds": target.retry_policy.maximum_event_age_in_seconds,
        }
    return request


def _ecs_parameters(target: Target, scope: Scope) -> Request:
    parameters: Request = {
        "TaskDefinitionArn": scope.expand(target.task_definition, "ecs", "task-definition/"),
        "TaskCount": target.task_count,
    }
    optional: Request = {
        "LaunchType": target.launch_type,
        "PlatformVersion": target.platform_version,
        "Group": target.group,
        "CapacityProviderStrategy": [
            {"capacityProvider": item.capacity_provider, "base": item.base, "weight": item.weight}
            for item in target.capacity_provider_strategy
        ],
        "PlacementConstraints": [
            _said({"type": item.type, "expression": item.expression}) for item in target.placement_constraints
        ],
        "PlacementStrategy": [_said({"type": item.type, "field": item.field}) for item in target.placement_strategy],
        "PropagateTags": target.propagate_tags,
        "EnableExecuteCommand": target.enable_execute_command,
        "EnableECSManagedTags": target.enable_ecs_managed_tags,
        "ReferenceId": target.reference_id,
    }
    if network := target.network_configuration:
        optional["NetworkConfiguration"] = {
            "awsvpcConfiguration": {
                "Subnets": list(network.subnets),
                "SecurityGroups": list(network.security_groups),
                "AssignPublicIp": network.assign_public_ip,
            }
        }
    return parameters | _said(optional)


def _said(members: Request) -> Request:
    """The members that say something."""
    return {key: value for key, value in members.items() if value}


def _input(target: Target, scope: Scope) -> Request:
    override = target.task_override
    containers = [_container_request(container) for container in target.container_overrides]
    members = {
        "containerOverrides": containers,
        "cpu": override.cpu,
        "memory": override.memory,
        "taskRoleArn": override.task_role and scope.expand(override.task_role, "iam", "role/"),
        "executionRoleArn": override.execution_role and scope.expand(override.execution_role, "iam", "role/"),
        "ephemeralStorage": override.ephemeral_storage is not None and {"sizeInGiB": override.ephemeral_storage},
    }
    return _said(members)


def _container_request(override: ContainerOverride) -> Request:
    request: Request = {
        "name": override.name,
        "command": list(override.command),
        "environment": [{"name": name, "value": value} for name, value in override.environment],
        "environmentFiles": [_said({"value": item.value, "type": item.type}) for item in override.environment_files],
        "resourceRequirements": [
            _said({"type": item.type, "value": item.value}) for item in override.resource_requirements
        ],
    }
    numbers = {
        "cpu": override.cpu,
        "memory": override.memory,
        "memoryReservation": override.memory_reservation,
    }
    return _said(request) | {key: number for key, number in numbers.items() if number is not None}


# -- answer → target -------------------------------------------------------------------------------------------


def target_of(found: Answer, id_: str, tags: Pairs, scope: Scope, lost: list[str]) -> Target:
    """The target of an answer's known members; what a config can't say of it is added to `lost`."""
    parameters = found["EcsParameters"]
    override = known_override(found.get("Input", ""), lost)
    lost += _ambiguities(parameters, override, tags)
    retry = found.get("RetryPolicy", {})
    defaults = RetryPolicy()
    return Target(
        id=id_,
        task_definition=scope.shorten(parameters["TaskDefinitionArn"], "ecs", "task-definition/"),
        role=scope.shorten(found.get("RoleArn", ""), "iam", "role/"),
        task_count=parameters.get("TaskCount") or 1,
        launch_type=parameters.get("LaunchType", ""),
        platform_version=parameters.get("PlatformVersion", ""),
        group=parameters.get("Group", ""),
        capacity_provider_strategy=tuple(
            sorted(
                (
                    CapacityProvider(item.get("capacityProvider", ""), item.get("base", 0), item.get("weight", 0))
                    for item in parameters.get("CapacityProviderStrategy", [])
                ),
                key=lambda provider: provider.capacity_provider,
            )
        ),
        network_configuration=_network(parameters),
        placement_constraints=tuple(
            sorted(
                (
                    PlacementConstraint(item.get("type", ""), item.get("expression", ""))
                    for item in parameters.get("PlacementConstraints", [])
                ),
                key=lambda constraint: (constraint.type, constraint.expression),
            )
        ),
        placement_strategy=tuple(
            PlacementStrategy(item.get("type", ""), item.get("field", ""))
            for item in parameters.get("PlacementStrategy", [])
        ),
        propagate_tags=parameters.get("PropagateTags", ""),
        enable_execute_command=parameters.get("EnableExecuteCommand", False),
        enable_ecs_managed_tags=parameters.get("EnableECSManagedTags", False),
        reference_id=parameters.get("ReferenceId", ""),
        tags=tags,
        dead_letter_queue=scope.shorten(found.get("DeadLetterConfig", {}).get("Arn", ""), "sqs", ""),
        retry_policy=RetryPolicy(
            retry.get("MaximumRetryAttempts", defaults.maximum_retry_attempts),
            retry.get("MaximumEventAgeInSeconds", defaults.maximum_event_age_in_seconds),
        ),
        task_override=_task_override(override, scope),
        container_overrides=tuple(
            sorted(map(_container_override, override.get("containerOverrides", [])), key=lambda item: item.name)
        ),
    )


def _ambiguities(parameters: Answer, override: Answer, tags: Pairs) -> Iterator[str]:
    """What stands there without a name, or twice under one: a config tells all of these apart by name."""
    if parameters["TaskDefinitionArn"].startswith("$."):
        yield "its target's EcsParameters.TaskDefinitionArn, a path into the event"
    if _twice(key for key, _ in tags):
        yield "a task tag that is set twice"
    if _twice(item.get("capacityProvider") for item in parameters.get("CapacityProviderStrategy", [])):
        yield "a capacity provider that is listed twice"
    containers = override.get("containerOverrides", [])
    if not all(container.get("name") for container in containers):
        yield "a container override without name"
    if _twice(container.get("name") for container in containers):
        yield "a container that is overridden twice"
    for container in containers:
        variables = container.get("environment", [])
        if not all(variable.get("name") and "value" in variable for variable in variables):
            yield "an environment variable without name or value"
        if _twice(variable.get("name") for variable in variables):
            yield "an environment variable that is set twice"


def _twice(names: Iterable[str | None]) -> bool:
    every = list(names)
    return len(set(every)) < len(every)


def _network(parameters: Answer) -> NetworkConfiguration | None:
    vpc = parameters.get("NetworkConfiguration", {}).get("awsvpcConfiguration")
    if not vpc:
        return None
    return NetworkConfiguration(
        tuple(sorted(vpc.get("Subnets", []))),
        tuple(sorted(vpc.get("SecurityGroups", []))),
        vpc.get("AssignPublicIp") or "DISABLED",
    )


def _task_override(override: Answer, scope: Scope) -> TaskOverride:
    return TaskOverride(
        cpu=override.get("cpu", ""),
        memory=override.get("memory", ""),
        task_role=scope.shorten(override.get("taskRoleArn", ""), "iam", "role/"),
        execution_role=scope.shorten(override.get("executionRoleArn", ""), "iam", "role/"),
        ephemeral_storage=override.get("ephemeralStorage", {}).get("sizeInGiB"),
    )


def _container_override(override: Answer) -> ContainerOverride:
    return ContainerOverride(
        name=override.get("name", ""),
        command=tuple(override.get("command", [])),
        environment=tuple(
            sorted((item.get("name", ""), item.get("value", "")) for item in override.get("environment", []))
        ),
        environment_files=tuple(
            EnvironmentFile(item.get("value", ""), item.get("type") or "s3")
            for item in override.get("environmentFiles", [])
        ),
        cpu=override.get("cpu"),
        memory=override.get("memory"),
        memory_reservation=override.get("memoryReservation"),
        resource_requirements=tuple(
            sorted(
                (
                    ResourceRequirement(item.get("type", ""), item.get("value", ""))
                    for item in override.get("resourceRequirements", [])
                ),
                key=lambda requirement: (requirement.type, requirement.value),
            )
        ),
    )  # fmt: skip

"""EventBridge's requests and answers: `Rule` → PutRule and PutTargets, and back. The two are each other's inverse.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_EcsParameters.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskOverride.html (what stands in a target's Input)
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from esprestack.rule import (
    CapacityProvider,
    ContainerOverride,
    EnvironmentFile,
    LiveRule,
    NetworkConfiguration,
    Pairs,
    PlacementConstraint,
    PlacementStrategy,
    ResourceRequirement,
    RetryPolicy,
    Rule,
    Scope,
    Target,
    TaskOverride,
)

Request: TypeAlias = dict[str, Any]
Answer: TypeAlias = Mapping[str, Any]

_TARGET = {"Id", "Arn", "RoleArn", "Input", "EcsParameters", "DeadLetterConfig", "RetryPolicy"}
_ECS = {
    "TaskDefinitionArn", "TaskCount", "LaunchType", "NetworkConfiguration", "PlatformVersion", "Group",
    "CapacityProviderStrategy", "EnableECSManagedTags", "EnableExecuteCommand", "PlacementConstraints",
    "PlacementStrategy", "PropagateTags", "ReferenceId", "Tags",
}  # fmt: skip
_INPUT = {"containerOverrides", "cpu", "memory", "taskRoleArn", "executionRoleArn", "ephemeralStorage"}
_CONTAINER = {
    "name", "command", "environment", "environmentFiles", "cpu", "memory", "memoryReservation",
    "resourceRequirements",
}  # fmt: skip


# -- rule → requests -------------------------------------------------------------------------------------------


def put_rule(rule: Rule, scope: Scope) -> Request:
    """PutRule replaces the whole rule: what isn't sent is lost, and without State the rule would be enabled."""
    role = rule.rule_role or (rule.target.role if rule.target else "")
    request: Request = {
        "Name": rule.name,
        "ScheduleExpression": rule.schedule_expression,
        "State": "ENABLED" if rule.enabled else "DISABLED",
    }
    if rule.description:
        request["Description"] = rule.description
    if role:
        request["RoleArn"] = scope.expand(role, "iam", "role/")  # as ecschedule does
    return request


def put_target(target: Target, scope: Scope) -> Request:
    """One entry of PutTargets, which replaces the target of the same id as a whole."""
    request: Request = {
        "Id": target.id,
        "Arn": scope.cluster_arn,
        "EcsParameters": _ecs_parameters(target, scope),
    }
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
            {"type": item.type} | ({"expression": item.expression} if item.expression else {})
            for item in target.placement_constraints
        ],
        "PlacementStrategy": [
            {"type": item.type} | ({"field": item.field} if item.field else {}) for item in target.placement_strategy
        ],
        "PropagateTags": target.propagate_tags,
        "EnableExecuteCommand": target.enable_execute_command,
        "EnableECSManagedTags": target.enable_ecs_managed_tags,
        "ReferenceId": target.reference_id,
        "Tags": tag_list(target.tags),
    }
    if network := target.network_configuration:
        optional["NetworkConfiguration"] = {
            "awsvpcConfiguration": {
                "Subnets": list(network.subnets),
                "SecurityGroups": list(network.security_groups),
                "AssignPublicIp": network.assign_public_ip,
            }
        }
    return parameters | {key: value for key, value in optional.items() if value}


def _input(target: Target, scope: Scope) -> Request:
    override = target.task_override
    containers = [_container_request(container) for container in target.container_overrides]
    request = {
        "containerOverrides": containers,
        "cpu": override.cpu,
        "memory": override.memory,
        "taskRoleArn": override.task_role and scope.expand(override.task_role, "iam", "role/"),
        "executionRoleArn": override.execution_role and scope.expand(override.execution_role, "iam", "role/"),
        "ephemeralStorage": override.ephemeral_storage is not None and {"sizeInGiB": override.ephemeral_storage},
    }
    return {key: value for key, value in request.items() if value}


def _container_request(override: ContainerOverride) -> Request:
    request: Request = {
        "name": override.name,
        "command": list(override.command),
        "environment": [{"name": name, "value": value} for name, value in override.environment],
        "environmentFiles": [{"value": item.value, "type": item.type} for item in override.environment_files],
        "resourceRequirements": [{"type": item.type, "value": item.value} for item in override.resource_requirements],
    }
    numbers = {
        "cpu": override.cpu,
        "memory": override.memory,
        "memoryReservation": override.memory_reservation,
    }
    return {key: value for key, value in request.items() if value} | {
        key: number for key, number in numbers.items() if number is not None
    }


def tag_list(pairs: Pairs) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in pairs]


# -- answers → rule --------------------------------------------------------------------------------------------


def live_rule(answer: Answer, targets: Sequence[Answer], scope: Scope, target_id: str = "") -> LiveRule:
    """The rule of ListRules' entry and its targets. `target_id` says which of several targets of ours is meant."""
    would_lose = list(_rule_losses(answer))
    foreign = []
    ours = None
    on_cluster = [item for item in targets if item.get("Arn") == scope.cluster_arn and "EcsParameters" in item]
    if on_cluster:
        ours = next((item for item in on_cluster if item["Id"] == (target_id or answer["Name"])), on_cluster[0])
    foreign = [f"target `{item['Id']}` ({item['Arn']})" for item in targets if item is not ours]
    if targets and ours is None:
        would_lose.append("its targets, none of which is a task on this cluster")
    target = None
    if ours is not None:
        target = _target(ours, scope)
        would_lose += _target_losses(ours)
    rule_role = scope.shorten(answer.get("RoleArn") or "", "iam", "role/")
    rule = Rule(
        name=answer["Name"],
        schedule_expression=answer.get("ScheduleExpression") or "",
        description=answer.get("Description") or "",
        enabled=answer.get("State") != "DISABLED",
        rule_role="" if target is None or rule_role == target.role else rule_role,
        target=target,
    )
    ids = tuple(item["Id"] for item in targets)
    return LiveRule(rule, target_ids=ids, foreign=tuple(foreign), would_lose=tuple(would_lose))


def _rule_losses(answer: Answer) -> Iterator[str]:
    if answer.get("EventPattern"):
        yield "its event pattern"
    if answer.get("ManagedBy"):
        yield f"that it is managed by {answer['ManagedBy']}"
    if answer.get("State") not in ("ENABLED", "DISABLED"):
        yield f"its state {answer.get('State')}"


def _target_losses(target: Answer) -> Iterator[str]:
    """What of our own target a config can't say."""
    yield from (f"its target's {key}" for key in sorted(set(target) - _TARGET))
    yield from (f"its target's EcsParameters.{key}" for key in sorted(set(target["EcsParameters"]) - _ECS))
    override = _override(target)
    if override is None:
        yield "its target's Input, which is no task override"
        return
    yield from (f"its target's override of {key}" for key in sorted(set(override) - _INPUT))
    names = [container.get("name") for container in override.get("containerOverrides") or []]
    if len(names) != len(set(names)):
        yield "a container that is overridden twice"
    for container in override.get("containerOverrides") or []:
        yield from (f"its container override's {key}" for key in sorted(set(container) - _CONTAINER))
        variables = [item.get("name") for item in container.get("environment") or []]
        if len(variables) != len(set(variables)):
            yield "an environment variable that is set twice"


def _override(target: Answer) -> dict[str, Any] | None:
    """The task override in a target's Input, None where it is something else."""
    try:
        override = json.loads(target.get("Input") or "{}")
    except ValueError:
        return None
    if not isinstance(override, dict):
        return None
    containers = override.get("containerOverrides") or []
    if not isinstance(containers, list) or not all(isinstance(container, dict) for container in containers):
        return None
    return override


def _target(target: Answer, scope: Scope) -> Target:
    parameters = target["EcsParameters"]
    override = _override(target) or {}
    retry = target.get("RetryPolicy") or {}
    defaults = RetryPolicy()
    return Target(
        id=target["Id"],
        task_definition=scope.shorten(parameters["TaskDefinitionArn"], "ecs", "task-definition/"),
        role=scope.shorten(target.get("RoleArn") or "", "iam", "role/"),
        task_count=parameters.get("TaskCount") or 1,
        launch_type=parameters.get("LaunchType") or "",
        platform_version=parameters.get("PlatformVersion") or "",
        group=parameters.get("Group") or "",
        capacity_provider_strategy=tuple(
            sorted(
                (
                    CapacityProvider(item["capacityProvider"], item.get("base") or 0, item.get("weight") or 0)
                    for item in parameters.get("CapacityProviderStrategy") or []
                ),
                key=lambda provider: provider.capacity_provider,
            )
        ),
        network_configuration=_network(parameters),
        placement_constraints=tuple(
            sorted(
                (
                    PlacementConstraint(item.get("type") or "", item.get("expression") or "")
                    for item in parameters.get("PlacementConstraints") or []
                ),
                key=lambda constraint: (constraint.type, constraint.expression),
            )
        ),
        placement_strategy=tuple(
            PlacementStrategy(item.get("type") or "", item.get("field") or "")
            for item in parameters.get("PlacementStrategy") or []
        ),
        propagate_tags=parameters.get("PropagateTags") or "",
        enable_execute_command=bool(parameters.get("EnableExecuteCommand")),
        enable_ecs_managed_tags=bool(parameters.get("EnableECSManagedTags")),
        reference_id=parameters.get("ReferenceId") or "",
        tags=pairs(parameters.get("Tags")),
        dead_letter_queue=scope.shorten((target.get("DeadLetterConfig") or {}).get("Arn") or "", "sqs", ""),
        retry_policy=RetryPolicy(
            retry.get("MaximumRetryAttempts", defaults.maximum_retry_attempts),
            retry.get("MaximumEventAgeInSeconds", defaults.maximum_event_age_in_seconds),
        ),
        task_override=_task_override(override, scope),
        container_overrides=tuple(
            sorted(map(_container_override, override.get("containerOverrides") or []), key=lambda item: item.name)
        ),
    )


def _network(parameters: Answer) -> NetworkConfiguration | None:
    vpc = (parameters.get("NetworkConfiguration") or {}).get("awsvpcConfiguration")
    if not vpc:
        return None
    return NetworkConfiguration(
        tuple(sorted(vpc.get("Subnets") or [])),
        tuple(sorted(vpc.get("SecurityGroups") or [])),
        vpc.get("AssignPublicIp") or "DISABLED",
    )


def _task_override(override: Answer, scope: Scope) -> TaskOverride:
    storage = override.get("ephemeralStorage")
    return TaskOverride(
        cpu=str(override.get("cpu") or ""),
        memory=str(override.get("memory") or ""),
        task_role=scope.shorten(override.get("taskRoleArn") or "", "iam", "role/"),
        execution_role=scope.shorten(override.get("executionRoleArn") or "", "iam", "role/"),
        ephemeral_storage=storage.get("sizeInGiB") if isinstance(storage, dict) else None,
    )


def _container_override(override: Answer) -> ContainerOverride:
    return ContainerOverride(
        name=str(override.get("name") or ""),
        command=tuple(map(str, override.get("command") or [])),
        environment=tuple(
            sorted((str(item.get("name")), str(item.get("value") or "")) for item in override.get("environment") or [])
        ),
        environment_files=tuple(
            EnvironmentFile(item.get("value") or "", item.get("type") or "s3")
            for item in override.get("environmentFiles") or []
        ),
        cpu=override.get("cpu"),
        memory=override.get("memory"),
        memory_reservation=override.get("memoryReservation"),
        resource_requirements=tuple(
            sorted(
                (
                    ResourceRequirement(item.get("type") or "", str(item.get("value") or ""))
                    for item in override.get("resourceRequirements") or []
                ),
                key=lambda requirement: (requirement.type, requirement.value),
            )
        ),
    )  # fmt: skip


def pairs(tags: Sequence[Mapping[str, str]] | None) -> Pairs:
    return tuple(sorted((tag["Key"], tag.get("Value") or "") for tag in tags or []))

"""A rule in the config's own words: the inverse of `desired`, for diffs and for `dump`.

Out: a plain document (dicts, lists, texts, numbers) in ecschedule's spelling and order of keys, without defaults.
"""

from datetime import UTC
from typing import Any, TypeAlias

from esprestack.rule import ContainerOverride, Home, RetryPolicy, Rule, Target, TaskOverride, Timing

Words: TypeAlias = dict[str, Any]


def to_words(rule: Rule, default_role: str | None = None, default_home: Home = Home.RULES) -> Words:
    """`rule` as an entry under `rules:`; its role and home only where they aren't the defaults."""
    words: Words = {"name": rule.name}
    _put(words, "description", rule.description)
    words |= schedule_words(rule, default_home)
    if rule.target:
        words.update(_target_words(rule.name, rule.target, default_role))
    _put(words, "ruleRole", rule.rule_role)
    _put(words, "ruleTags", dict(rule.rule_tags or ()))
    return words


def schedule_words(rule: Rule, default_home: Home = Home.RULES) -> Words:
    """The part of the entry that says when `rule` runs."""
    words: Words = {"scheduleExpression": rule.schedule_expression}
    _put(words, "backend", str(rule.home) if rule.home is not default_home else "")
    words |= _timing_words(rule.timing)
    _put(words, "disabled", not rule.enabled)
    return words


def _timing_words(timing: Timing) -> Words:
    words: Words = {}
    _put(words, "timezone", timing.timezone)
    for key, moment in (("startDate", timing.start), ("endDate", timing.end)):
        _put(words, key, f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else "")
    if timing.window is not None:
        words["flexibleTimeWindow"] = {"mode": "FLEXIBLE", "maximumWindowInMinutes": timing.window}
    _put(words, "scheduleGroup", timing.group)
    _put(words, "actionAfterCompletion", timing.after_completion)
    _put(words, "kmsKey", timing.kms_key)
    return words


def _put(words: Words, key: str, value: Any) -> None:
    if value not in (None, "", False, [], {}):
        words[key] = value


def _target_words(name: str, target: Target, default_role: str | None) -> Words:
    words: Words = {}
    _put(words, "targetId", target.id if target.id != name else "")
    words["taskDefinition"] = target.task_definition
    _put(words, "taskCount", target.task_count if target.task_count != 1 else None)
    _put(words, "group", target.group)
    _put(words, "platform_version", target.platform_version)
    _put(words, "launch_type", target.launch_type)
    strategy = [
        {"capacityProvider": item.capacity_provider, "base": item.base, "weight": item.weight}
        for item in target.capacity_provider_strategy
    ]
    _put(words, "capacityProviderStrategy", strategy)
    if network := target.network_configuration:
        vpc: Words = {"subnets": list(network.subnets)}
        _put(vpc, "security_groups", list(network.security_groups))
        _put(
            vpc,
            "assign_public_ip",
            network.assign_public_ip if network.assign_public_ip != "DISABLED" else "",
        )
        words["network_configuration"] = {"aws_vpc_configuration": vpc}
    _put(words, "taskOverride", _task_override_words(target.task_override))
    _put(words, "containerOverrides", [_container_words(item) for item in target.container_overrides])
    if target.role != default_role:
        words["role"] = target.role
    _put(words, "dead_letter_config", {"sqs": target.dead_letter_queue} if target.dead_letter_queue else {})
    _put(words, "propagateTags", target.propagate_tags)
    _put(words, "enableExecuteCommand", target.enable_execute_command)
    _put(words, "enableECSManagedTags", target.enable_ecs_managed_tags)
    constraints = [
        {"type": item.type} | ({"expression": item.expression} if item.expression else {})
        for item in target.placement_constraints
    ]
    _put(words, "placementConstraints", constraints)
    strategies = [
        {"type": item.type} | ({"field": item.field} if item.field else {}) for item in target.placement_strategy
    ]
    _put(words, "placementStrategy", strategies)
    _put(words, "referenceId", target.reference_id)
    _put(words, "tags", dict(target.tags))
    if target.retry_policy != RetryPolicy():
        words["retryPolicy"] = {
            "maximumRetryAttempts": target.retry_policy.maximum_retry_attempts,
            "maximumEventAgeInSeconds": target.retry_policy.maximum_event_age_in_seconds,
        }
    return words


def _task_override_words(override: TaskOverride) -> Words:
    words: Words = {}
    _put(words, "cpu", override.cpu)
    _put(words, "memory", override.memory)
    _put(words, "taskRole", override.task_role)
    _put(words, "executionRole", override.execution_role)
    if override.ephemeral_storage is not None:
        words["ephemeralStorage"] = {"sizeInGiB": override.ephemeral_storage}
    return words


def _container_words(override: ContainerOverride) -> Words:
    words: Words = {"name": override.name}
    _put(words, "command", list(override.command))
    _put(words, "environment", dict(override.environment))
    _put(
        words,
        "environmentFiles",
        [{"value": item.value, "type": item.type} for item in override.environment_files],
    )
    for key, number in (
        ("cpu", override.cpu),
        ("memory", override.memory),
        ("memoryReservation", override.memory_reservation),
    ):
        if number is not None:
            words[key] = number
    requirements = [{"type": item.type, "value": item.value} for item in override.resource_requirements]
    _put(words, "resourceRequirements", requirements)
    return words

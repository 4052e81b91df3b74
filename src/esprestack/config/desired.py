"""From a checked config to desired rules, and from any rule back to the config's words: each other's inverse."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from esprestack.backends.base import Wanted
from esprestack.config import entries, model
from esprestack.config.examine import Loaded
from esprestack.config.source import Source, read_tree
from esprestack.config.tree import Path, Tree
from esprestack.config.words import Words
from esprestack.errors import Where
from esprestack.rule import (
    DEFAULT_ROLE,
    CapacityProvider,
    ContainerOverride,
    EnvironmentFile,
    Home,
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
    Timing,
)


@dataclass(frozen=True, slots=True)
class Desired:
    """A rule as a config wants it, and where it says so."""

    rule: Rule
    path: Path
    tree: Tree
    allow: tuple[str, ...] = ()
    """Codes of findings that are no obstacle for this rule."""
    keeps_revision: bool = False
    """Whether it takes no other revision of its task definition, whatever a service of the same run deploys."""

    @property
    def meant(self) -> Wanted:
        """Which live rule it is compared with."""
        rule = self.rule
        return Wanted(rule.target.id if rule.target else "", rule.home, rule.timing.group)

    def place(self, *keys: str) -> Where:
        """The place of the first of the rule's `keys` that is there, else of its name."""
        places = (self.tree.find((*self.path, key)) for key in keys)
        return next(filter(None, places), None) or self.tree.where((*self.path, "name"))


def desired_rules(loaded: Loaded, scope: Scope, now: datetime) -> list[Desired]:
    """The rules of a config, in its order, in canonical form, as they are to be at `now`."""
    return [
        Desired(
            _rule(entry, loaded.config, scope, now),
            ("rules", index),
            loaded.prepared.tree,
            tuple(entry.allow or ()),
            entry.keep_revision,
        )
        for index, entry in zip(loaded.indices, loaded.config.rules or [], strict=True)
    ]


def rule_of(words: Words, scope: Scope) -> Rule:
    """The rule that `words` are of: the inverse of `to_words`. Raises ValidationError."""
    text = json.dumps(words, ensure_ascii=False)
    source = Source("", text)
    data = read_tree(text, source, lambda line, column: Where("", line, column)).data
    rule = _rule(model.RuleEntry.model_validate(data), model.Config(cluster=scope.cluster), scope, _ANY_TIME)
    if words.get("role") == "" and rule.target:  # a live target without a role; in a config it is the default's
        return replace(rule, target=replace(rule.target, role=""))
    return rule


_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
"""Words of a live rule depend on no time."""


def _rule(entry: model.RuleEntry, config: model.Config, scope: Scope, now: datetime) -> Rule:
    home = Home(entry.backend or config.backend or Home.RULES)
    target = _target(entry, config, scope)
    if home is Home.SCHEDULER:
        target = replace(target, id=entry.name)  # a schedule has one target, and that has no id
    rule_role = scope.shorten(entry.rule_role or "", "iam", "role/")
    return Rule(
        name=entry.name,
        schedule_expression=entry.schedule_expression,
        description=entry.description or "",
        enabled=now >= entry.disabled.until
        if isinstance(entry.disabled, entries.DisabledUntil)
        else not entry.disabled,
        rule_role="" if rule_role == target.role else rule_role,
        rule_tags=None if entry.rule_tags is None else _pairs(entry.rule_tags),
        home=home,
        timing=_timing(entry, scope),
        target=target,
    )


def _timing(entry: model.RuleEntry, scope: Scope) -> Timing:
    window = entry.flexible_time_window
    return Timing(
        timezone="" if entry.timezone in (None, "UTC") else entry.timezone,
        start=entry.start_date and entry.start_date.replace(microsecond=0),
        end=entry.end_date and entry.end_date.replace(microsecond=0),
        window=window.maximum_window_in_minutes if window else None,
        group="" if entry.schedule_group in (None, scope.schedule_group) else entry.schedule_group,
        after_completion="DELETE" if entry.action_after_completion == "DELETE" else "",
        kms_key=entry.kms_key or "",
    )


def _target(entry: model.RuleEntry, config: model.Config, scope: Scope) -> Target:
    retry = entry.retry_policy
    return Target(
        id=entry.target_id or entry.name,
        task_definition=scope.shorten(entry.task_definition, "ecs", "task-definition/"),
        role=scope.shorten(entry.role or config.role or DEFAULT_ROLE, "iam", "role/"),
        task_count=max(entry.task_count or 1, 1),  # as ecschedule: anything below 1 is 1
        launch_type=entry.launch_type or "",
        platform_version=entry.platform_version or "",
        group=entry.group or "",
        capacity_provider_strategy=tuple(
            sorted(
                (
                    CapacityProvider(item.capacity_provider, item.base, item.weight)
                    for item in entry.capacity_provider_strategy or []
                ),
                key=lambda provider: provider.capacity_provider,
            )
        ),
        network_configuration=_network(entry.network_configuration),
        placement_constraints=tuple(
            sorted(
                (PlacementConstraint(item.type, item.expression or "") for item in entry.placement_constraints or []),
                key=lambda constraint: (constraint.type, constraint.expression),
            )
        ),
        placement_strategy=tuple(
            PlacementStrategy(item.type, item.field or "") for item in entry.placement_strategy or []
        ),
        propagate_tags=entry.propagate_tags or "",
        enable_execute_command=entry.enable_execute_command,
        enable_ecs_managed_tags=entry.enable_ecs_managed_tags,
        reference_id=entry.reference_id or "",
        tags=_pairs(entry.tags),
        dead_letter_queue=scope.shorten(
            entry.dead_letter_config.sqs if entry.dead_letter_config else "", "sqs", ""
        ),
        retry_policy=RetryPolicy(retry.maximum_retry_attempts, retry.maximum_event_age_in_seconds)
        if retry
        else RetryPolicy(),
        task_override=_task_override(entry.task_override, scope),
        container_overrides=tuple(
            sorted(map(_container_override, entry.container_overrides or []), key=lambda override: override.name)
        ),
    )  # fmt: skip


def _network(network: entries.NetworkConfiguration | None) -> NetworkConfiguration | None:
    if network is None:
        return None
    vpc = network.aws_vpc_configuration
    return NetworkConfiguration(
        tuple(sorted(vpc.subnets)),
        tuple(sorted(vpc.security_groups or [])),
        vpc.assign_public_ip or "DISABLED",
    )


def _task_override(override: entries.TaskOverride | None, scope: Scope) -> TaskOverride:
    if override is None:
        return TaskOverride()
    storage = override.ephemeral_storage
    return TaskOverride(
        cpu=override.cpu or "",
        memory=override.memory or "",
        task_role=scope.shorten(override.task_role or "", "iam", "role/"),
        execution_role=scope.shorten(override.execution_role or "", "iam", "role/"),
        ephemeral_storage=storage.size_in_gib if storage else None,
    )


def _container_override(override: entries.ContainerOverride) -> ContainerOverride:
    return ContainerOverride(
        name=override.name,
        command=tuple(override.command or []),
        environment=_pairs(override.environment),
        environment_files=tuple(EnvironmentFile(item.value, item.type) for item in override.environment_files or []),
        cpu=override.cpu,
        memory=override.memory,
        memory_reservation=override.memory_reservation,
        resource_requirements=tuple(
            sorted(
                (ResourceRequirement(item.type, item.value) for item in override.resource_requirements or []),
                key=lambda requirement: (requirement.type, requirement.value),
            )
        ),
    )  # fmt: skip


def _pairs(mapping: Mapping[str, str] | None) -> Pairs:
    return tuple(sorted((mapping or {}).items()))

"""From a checked config to desired rules, and from any rule back to the config's words: each other's inverse."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from esprestack.config import model
from esprestack.config.complaints import complaints, too_long
from esprestack.config.load import Prepared
from esprestack.config.source import MISSING, Path, Tree
from esprestack.errors import ConfigError, Problem, Where
from esprestack.rule import (
    DEFAULT_ROLE,
    CapacityProvider,
    ContainerOverride,
    EnvironmentFile,
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
from esprestack.secrets import Vault


@dataclass(frozen=True, slots=True)
class Desired:
    """A rule as a config wants it, and where it says so."""

    rule: Rule
    path: Path
    tree: Tree

    def place(self, *keys: str) -> Where:
        """The place of the first of the rule's `keys` that is there, else of its name."""
        places = (self.tree.find((*self.path, key)) for key in keys)
        return next(filter(None, places), None) or self.tree.where((*self.path, "name"))


@dataclass(frozen=True, slots=True)
class Loaded:
    """A config that passed its model."""

    config: model.Config
    prepared: Prepared

    @property
    def path(self) -> str:
        return self.prepared.source.path


def check(prepared: Prepared, vault: Vault) -> Loaded:
    """`prepared` as a Config. Raises ConfigError with everything that is wrong, templating's misses included."""
    tree = prepared.tree
    problems = list(prepared.missing)
    data = tree.data
    if not isinstance(data, dict):
        what = "a config is a mapping with `cluster:` and `rules:`"
        raise ConfigError([*problems, Problem(what, tree.where(()), "see docs/config.md")])
    config = None
    try:
        config = model.Config.model_validate(_without_tolerated(data, tree))
    except ValidationError as error:
        problems += complaints(error, tree)
    problems += _doubled_names(tree)
    problems += _broken_seals(tree, vault)
    problems += _long_secrets(tree, vault)
    if problems or config is None:
        raise ConfigError(problems)
    return Loaded(config, prepared)


def _without_tolerated(data: Mapping[str, object], tree: Tree) -> dict[str, object]:
    known = set(model.spellings(model.Config))
    return {
        key: value for key, value in data.items() if key in known or not (key.startswith("x-") or key in tree.shared)
    }


def _doubled_names(tree: Tree) -> list[Problem]:
    rules = tree.data.get("rules") if isinstance(tree.data, dict) else None
    seen: dict[str, int] = {}
    problems = []
    for index, entry in enumerate(rules if isinstance(rules, list) else []):
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not name or MISSING in name:
            continue
        if name in seen:
            first = tree.where(("rules", seen[name], "name"))
            what = f"the rule name `{name}` stands twice, first at {first}"
            place = tree.where(("rules", index, "name"))
            problems.append(Problem(what, place, "rename or remove one", "doubled-name"))
        seen.setdefault(name, index)
        problems += _doubled_containers(tree, index, entry)
    return problems


def _doubled_containers(tree: Tree, index: int, entry: object) -> list[Problem]:
    problems = []
    for key in ("containerOverrides", "container_overrides"):
        overrides = entry.get(key) if isinstance(entry, dict) else None
        seen: set[str] = set()
        for position, override in enumerate(overrides if isinstance(overrides, list) else []):
            name = override.get("name") if isinstance(override, dict) else None
            if isinstance(name, str) and name in seen and MISSING not in name:
                place = tree.where(("rules", index, key, position, "name"))
                problems.append(
                    Problem(f"the container `{name}` is overridden twice", place, "merge the two", "doubled-name")
                )
            seen.add(str(name))
    return problems


def _broken_seals(tree: Tree, vault: Vault) -> list[Problem]:
    """Secrets that a filter has cut, and secrets in places that AWS shows to everybody as names."""
    problems = []
    waiting: list[tuple[tuple[str | int, ...], object]] = [((), tree.data)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            for key, child in value.items():
                if vault.show(key) != key or vault.is_broken(key):
                    problems.append(
                        Problem("a secret can't be a key", tree.where_key((*path, key)), "use it as a value")
                    )
                waiting.append(((*path, key), child))
        elif isinstance(value, list):
            waiting.extend(((*path, index), child) for index, child in enumerate(value))
        elif isinstance(value, str) and vault.is_broken(value):
            what = "a secret was changed by a filter and can't be opened any more"
            problems.append(Problem(what, tree.where(path), "use secret('NAME') as it is", "broken-secret"))
    return problems


def _long_secrets(tree: Tree, vault: Vault) -> list[Problem]:
    """Texts that are too long once their secrets are opened: the model has only seen the seals."""
    rules = tree.data.get("rules") if isinstance(tree.data, dict) else None
    limits = [(name, most) for names, most in model.longest(model.RuleEntry) for name in names]
    problems = []
    for index, entry in enumerate(rules if isinstance(rules, list) else []):
        for name, most in limits:
            text = entry.get(name) if isinstance(entry, dict) else None
            if isinstance(text, str) and len(text) <= most < len(vault.open(text)):
                place = tree.where(("rules", index, name))
                problems.append(too_long(f"`{name}`", len(vault.open(text)), most, place))
    return problems


def desired_rules(loaded: Loaded, scope: Scope) -> list[Desired]:
    """The rules of a config, in its order, in canonical form."""
    return [
        Desired(_rule(entry, loaded.config, scope), ("rules", index), loaded.prepared.tree)
        for index, entry in enumerate(loaded.config.rules or [])
    ]


def _rule(entry: model.RuleEntry, config: model.Config, scope: Scope) -> Rule:
    target = _target(entry, config, scope)
    rule_role = scope.shorten(entry.rule_role or "", "iam", "role/")
    return Rule(
        name=entry.name,
        schedule_expression=entry.schedule_expression,
        description=entry.description or "",
        enabled=not entry.disabled,
        rule_role="" if rule_role == target.role else rule_role,
        rule_tags=None if entry.rule_tags is None else _pairs(entry.rule_tags),
        target=target,
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


def _network(network: model.NetworkConfiguration | None) -> NetworkConfiguration | None:
    if network is None:
        return None
    vpc = network.aws_vpc_configuration
    return NetworkConfiguration(
        tuple(sorted(vpc.subnets)),
        tuple(sorted(vpc.security_groups or [])),
        vpc.assign_public_ip or "DISABLED",
    )


def _task_override(override: model.TaskOverride | None, scope: Scope) -> TaskOverride:
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


def _container_override(override: model.ContainerOverride) -> ContainerOverride:
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

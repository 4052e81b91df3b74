"""Rules that a config can say, in canonical form as `config.desired` makes them, and texts that try to break things."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from esprestack.rule import (
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
    Target,
    TaskOverride,
    Timing,
)

QUICK = settings(deadline=None, max_examples=30, database=None, phases=set(Phase) - {Phase.explain})
"""For property tests beside example tests: they take a moment, and say what is wrong in another."""

ANY_CHARACTER = st.characters(exclude_categories=["Cs"])
"""All of Unicode but halves of surrogate pairs, which no file can hold."""

NASTY = ("", " ", "'", '"', ": ", " #", "\n", "{{", "}}", "{%", "%}", "{#", "<<", "*", "&", "- ", "yes", "null", "010")
"""Pieces that mean something to YAML, JSON or Jinja."""

TASK_DEFINITIONS = ("app", "app:3", "a_b-C:12", "arn:aws:ecs:us-east-1:999999999999:task-definition/app:1")
"""Names in the caller's own account, and one that isn't and so stays an ARN."""

ROLES = ("ecsEventsRole", "service-role/starter", "arn:aws:iam::999999999999:role/elsewhere")
QUEUES = ("dead-letters", "arn:aws:sqs:us-east-1:999999999999:elsewhere")
EXPRESSIONS = ("rate(1 hour)", "rate(5 minutes)", "cron(0 3 ? * MON-FRI *)", "cron(0/15 * 1 * ? 2030)")


def texts(*, min_size: int = 0, max_size: int = 30) -> SearchStrategy[str]:
    """Any text that a config may hold: all of Unicode but control, private-use and unassigned characters."""
    anything = st.characters(exclude_categories=("Cc", "Cs", "Co", "Cn"))
    plain = st.text(anything | st.sampled_from("\n\t"), min_size=min_size, max_size=max_size)
    nasty = st.lists(st.sampled_from(NASTY), min_size=1, max_size=5).map("".join)
    return plain | nasty.filter(lambda text: min_size <= len(text) <= max_size)


def names(max_size: int = 64) -> SearchStrategy[str]:
    """Names of rules, targets and containers."""
    return st.text("abcxyzABC0189._-", min_size=1, max_size=max_size)


def whole_minutes(first: str, last: str) -> SearchStrategy[datetime]:
    """Moments between two ISO dates, in UTC."""
    begin, end = (datetime.fromisoformat(text) for text in (first, last))
    moments = st.datetimes(begin, end, timezones=st.just(UTC))
    return moments.map(lambda moment: moment.replace(second=0, microsecond=0))


def pairs(*, min_size: int = 0, max_size: int = 4) -> SearchStrategy[Pairs]:
    """Names and values, sorted by name."""
    return st.dictionaries(texts(min_size=1, max_size=12), texts(), min_size=min_size, max_size=max_size).map(
        lambda values: tuple(sorted(values.items()))
    )


def _sizes(least: int) -> SearchStrategy[int | None]:
    return st.none() | st.integers(least, 30_000)


def container_overrides() -> SearchStrategy[tuple[ContainerOverride, ...]]:
    one = st.builds(
        ContainerOverride,
        name=names(12),
        command=st.lists(texts(), max_size=4).map(tuple),
        environment=pairs(),
        environment_files=st.lists(st.builds(EnvironmentFile, value=texts(min_size=1)), max_size=2).map(tuple),
        cpu=_sizes(0),
        memory=_sizes(4),
        memory_reservation=_sizes(4),
        resource_requirements=st.lists(
            st.builds(ResourceRequirement, type=st.sampled_from(["GPU", "InferenceAccelerator"]), value=texts()),
            max_size=2,
        ).map(lambda found: tuple(sorted(found, key=lambda item: (item.type, item.value)))),
    )
    return st.lists(one, max_size=3, unique_by=lambda override: override.name).map(
        lambda found: tuple(sorted(found, key=lambda override: override.name))
    )


def task_overrides() -> SearchStrategy[TaskOverride]:
    return st.builds(
        TaskOverride,
        cpu=st.sampled_from(["", "256", "1 vCPU"]),
        memory=st.sampled_from(["", "512", "3 GB"]),
        task_role=st.sampled_from(["", *ROLES]),
        execution_role=st.sampled_from(["", *ROLES]),
        ephemeral_storage=st.none() | st.integers(21, 200),
    )


def networks() -> SearchStrategy[NetworkConfiguration]:
    return st.builds(
        NetworkConfiguration,
        subnets=_sorted_names(16, min_size=1),
        security_groups=_sorted_names(5),
        assign_public_ip=st.sampled_from(["DISABLED", "ENABLED"]),
    )


def _sorted_names(max_size: int, min_size: int = 0) -> SearchStrategy[tuple[str, ...]]:
    return st.lists(names(12), min_size=min_size, max_size=max_size, unique=True).map(
        lambda found: tuple(sorted(found))
    )


def targets() -> SearchStrategy[Target]:
    providers = st.builds(
        CapacityProvider,
        capacity_provider=st.sampled_from(["FARGATE", "FARGATE_SPOT", "own"]),
        base=st.integers(0, 100_000),
        weight=st.integers(0, 1_000),
    )
    constraints = st.builds(PlacementConstraint, st.just("distinctInstance")) | st.builds(
        PlacementConstraint, st.just("memberOf"), texts()
    )
    strategies = st.builds(PlacementStrategy, st.just("random")) | st.builds(
        PlacementStrategy, st.sampled_from(["spread", "binpack"]), texts()
    )
    return st.builds(
        Target,
        id=names(),
        task_definition=st.sampled_from(TASK_DEFINITIONS),
        role=st.sampled_from(ROLES),
        task_count=st.integers(1, 10),
        launch_type=st.sampled_from(["", "EC2", "FARGATE", "EXTERNAL"]),
        platform_version=st.sampled_from(["", "LATEST", "1.4.0"]),
        group=texts(),
        capacity_provider_strategy=st.lists(
            providers, max_size=3, unique_by=lambda provider: provider.capacity_provider
        ).map(lambda found: tuple(sorted(found, key=lambda provider: provider.capacity_provider))),
        network_configuration=st.none() | networks(),
        placement_constraints=st.lists(constraints, max_size=3).map(
            lambda found: tuple(sorted(found, key=lambda item: (item.type, item.expression)))
        ),
        placement_strategy=st.lists(strategies, max_size=3).map(tuple),
        propagate_tags=st.sampled_from(["", "TASK_DEFINITION"]),
        enable_execute_command=st.booleans(),
        enable_ecs_managed_tags=st.booleans(),
        reference_id=texts(),
        tags=pairs(),
        dead_letter_queue=st.sampled_from(["", *QUEUES]),
        retry_policy=st.builds(
            RetryPolicy,
            maximum_retry_attempts=st.integers(0, 185),
            maximum_event_age_in_seconds=st.integers(60, 86_400),
        ),
        task_override=task_overrides(),
        container_overrides=container_overrides(),
    )


def rules() -> SearchStrategy[Rule]:
    """A rule of a config. Many targets have the rule's name as their id, as in files without `targetId`."""
    tags = pairs(min_size=1).filter(lambda found: not any(key.lower().startswith("aws:") for key, _ in found))
    rule = st.builds(
        Rule,
        name=names(),
        schedule_expression=st.sampled_from(EXPRESSIONS),
        target=targets(),
        description=texts(max_size=512),
        enabled=st.booleans(),
        rule_role=st.sampled_from(["", *ROLES]),
        rule_tags=st.none() | tags,
    )
    return (rule | rule.map(_with_its_own_name)).map(_with_another_role)


def schedules() -> SearchStrategy[Rule]:
    """A schedule of EventBridge Scheduler: its target has its name, and nothing of it is a rule's own."""
    return st.builds(
        lambda rule, timing, expression, tags: replace(
            rule,
            rule_role="",
            rule_tags=None,
            home=Home.SCHEDULER,
            timing=timing,
            schedule_expression=expression,
            target=rule.target and replace(rule.target, id=rule.name, tags=tags),
        ),
        rules(),
        timings(),
        st.sampled_from([*EXPRESSIONS, "at(2099-12-31T23:00:00)"]),
        st.dictionaries(texts(min_size=1, max_size=12), texts(min_size=1), max_size=4).map(
            lambda values: tuple(sorted(values.items()))
        ),
    )


def timings() -> SearchStrategy[Timing]:
    moments = st.none() | st.datetimes(datetime(2100, 1, 1), datetime(2150, 1, 1)).map(  # noqa: DTZ001 - in UTC below
        lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
    )
    return st.builds(
        Timing,
        timezone=st.sampled_from(["", "Asia/Tokyo", "America/New_York"]),
        start=moments,
        end=moments,
        window=st.none() | st.integers(1, 1440),
        group=st.sampled_from(["", "nightly"]),
        after_completion=st.sampled_from(["", "DELETE"]),
        kms_key=st.sampled_from(["", "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"]),
    )


def _with_its_own_name(rule: Rule) -> Rule:
    assert rule.target
    return replace(rule, target=replace(rule.target, id=rule.name))


def _with_another_role(rule: Rule) -> Rule:
    """A role of the rule is said only where it isn't the target's."""
    assert rule.target
    return replace(rule, rule_role="") if rule.rule_role == rule.target.role else rule

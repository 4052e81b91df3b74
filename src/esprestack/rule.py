"""The one type of both sides: a config's rule and a live rule are the same `Rule`.

It knows no file format and no AWS request. Its form is canonical, so that equal rules compare equal: what AWS treats
as a set is sorted, defaults are filled in, names in the caller's own account and region are short (`daily-report:3`,
`ecsEventsRole`), others stay ARNs.
"""

import dataclasses
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TypeAlias, TypeVar

TRACKING_TAG = "ecschedule:tracking-id"
"""The tag, ecschedule's own, that marks a rule as managed by one config."""

DEFAULT_ROLE = "ecsEventsRole"
"""ecschedule's default: the role that lets EventBridge start tasks."""

_LONGEST_GROUP = 64

Pairs: TypeAlias = tuple[tuple[str, str], ...]
"""Names and values, sorted by name."""


class Home(StrEnum):
    """Where a rule lives: among EventBridge's rules, or among EventBridge Scheduler's schedules."""

    RULES = "rules"
    SCHEDULER = "scheduler"

    @property
    def other(self) -> "Home":
        return Home.SCHEDULER if self is Home.RULES else Home.RULES


@dataclass(frozen=True, slots=True)
class Scope:
    """Where rules live and whose they are; makes ARNs of names, and names of ARNs that are the caller's own."""

    partition: str
    region: str
    account: str
    cluster: str
    tracking_id: str

    def arn(self, service: str, resource: str) -> str:
        region = "" if service == "iam" else self.region
        return f"arn:{self.partition}:{service}:{region}:{self.account}:{resource}"

    def expand(self, name: str, service: str, prefix: str) -> str:
        """The ARN of `name`, which may be one already."""
        return name if name.startswith("arn:") else self.arn(service, prefix + name)

    def shorten(self, name: str, service: str, prefix: str) -> str:
        """The name in `name` if it is an ARN of the caller's own account and region, else `name` as it is.

        `expand` makes the same ARN of it again.
        """
        short = name.removeprefix(self.arn(service, prefix))
        return short if short and not short.startswith("arn:") else name

    @property
    def cluster_arn(self) -> str:
        return self.expand(self.cluster, "ecs", "cluster/")

    @property
    def schedule_group(self) -> str:
        """The name of the group that schedules are in which name none: one for each tracking id, and nobody else's.

        https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateScheduleGroup.html
        """
        name = re.sub(r"[^0-9A-Za-z_.-]", "-", f"esprestack-{self.tracking_id}")
        if name == f"esprestack-{self.tracking_id}" and len(name) <= _LONGEST_GROUP:
            return name
        return f"{name[: _LONGEST_GROUP - 9]}-{hashlib.sha256(self.tracking_id.encode()).hexdigest()[:8]}"


@dataclass(frozen=True, slots=True)
class NetworkConfiguration:
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...] = ()
    assign_public_ip: str = "DISABLED"


@dataclass(frozen=True, slots=True)
class CapacityProvider:
    capacity_provider: str
    base: int = 0
    weight: int = 0


@dataclass(frozen=True, slots=True)
class PlacementConstraint:
    type: str
    expression: str = ""


@dataclass(frozen=True, slots=True)
class PlacementStrategy:
    type: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class EnvironmentFile:
    value: str
    type: str = "s3"


@dataclass(frozen=True, slots=True)
class ResourceRequirement:
    type: str
    value: str


@dataclass(frozen=True, slots=True)
class ContainerOverride:
    """What a run changes of one container; sizes in CPU units and MiB."""

    name: str
    command: tuple[str, ...] = ()
    environment: Pairs = ()
    environment_files: tuple[EnvironmentFile, ...] = ()
    cpu: int | None = None
    memory: int | None = None
    memory_reservation: int | None = None
    resource_requirements: tuple[ResourceRequirement, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskOverride:
    """What a run changes of the task; `cpu` and `memory` are texts (`256`, `1 vCPU`), storage is in GiB."""

    cpu: str = ""
    memory: str = ""
    task_role: str = ""
    execution_role: str = ""
    ephemeral_storage: int | None = None


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Defaults of EventBridge: 185 attempts within 86,400 seconds.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
    """

    maximum_retry_attempts: int = 185
    maximum_event_age_in_seconds: int = 86400


@dataclass(frozen=True, slots=True)
class Target:
    """The ECS task that a rule starts, on the scope's cluster."""

    id: str
    task_definition: str
    role: str = DEFAULT_ROLE
    task_count: int = 1
    launch_type: str = ""
    platform_version: str = ""
    group: str = ""
    capacity_provider_strategy: tuple[CapacityProvider, ...] = ()
    network_configuration: NetworkConfiguration | None = None
    placement_constraints: tuple[PlacementConstraint, ...] = ()
    placement_strategy: tuple[PlacementStrategy, ...] = ()
    propagate_tags: str = ""
    enable_execute_command: bool = False
    enable_ecs_managed_tags: bool = False
    reference_id: str = ""
    tags: Pairs = ()
    dead_letter_queue: str = ""
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    task_override: TaskOverride = field(default_factory=TaskOverride)
    container_overrides: tuple[ContainerOverride, ...] = ()


@dataclass(frozen=True, slots=True)
class Timing:
    """What EventBridge Scheduler knows of a schedule beyond its expression; of a rule it is always empty.

    https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
    """

    timezone: str = ""
    """An IANA name; empty for UTC."""
    start: datetime | None = None
    end: datetime | None = None
    window: int | None = None
    """Minutes within which a run may begin; None: on time."""
    group: str = ""
    """The schedule group; empty for the one that is named by the tracking id."""
    after_completion: str = ""
    """`DELETE`: AWS removes the schedule after its last run; empty: it stays."""
    kms_key: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule and its target. A live rule may have lost its target; a config's rule always has one."""

    name: str
    schedule_expression: str
    target: Target | None
    description: str = ""
    enabled: bool = True
    rule_role: str = ""
    """A role on the rule itself that isn't the target's; empty means the target's, or none."""
    rule_tags: Pairs | None = None
    """Tags of the rule but for the tracking tag and AWS's own; None in a config means: not ours to say."""
    home: Home = Home.RULES
    timing: Timing = field(default_factory=Timing)


@dataclass(frozen=True, slots=True)
class LiveRule:
    """A rule as AWS has it, and what `rule` can't hold of it."""

    rule: Rule
    tracking_id: str | None = None
    target_ids: tuple[str, ...] = ()
    """All targets of the rule, the foreign ones too."""
    foreign: tuple[str, ...] = ()
    """Targets beside ours: writes leave them alone."""
    would_lose: tuple[str, ...] = ()
    """What a write or a delete would destroy without a config being able to say it: such a rule isn't written."""

    @property
    def name(self) -> str:
        return self.rule.name


_Part = TypeVar("_Part")


def with_texts(part: _Part, change: Callable[[str], str]) -> _Part:
    """`part`, a rule or anything in one, with `change` made to each text of it."""
    if isinstance(part, str) and not isinstance(part, StrEnum):
        return change(part)  # type: ignore[return-value]
    if isinstance(part, tuple):
        return tuple(with_texts(item, change) for item in part)  # type: ignore[return-value]
    if dataclasses.is_dataclass(part) and not isinstance(part, type):
        names = [member.name for member in dataclasses.fields(part)]
        return dataclasses.replace(part, **{name: with_texts(getattr(part, name), change) for name in names})
    return part

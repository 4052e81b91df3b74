"""What flows between the stages of a service: its config, what ECS has, what is to be done, and what became of it.

Documents hold members as ECS's own requests do, so that whatever AWS adds is carried along; botocore's model of ECS
says what may stand in them. They are never changed once they are made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

from esprestack.config.tree import Tree
from esprestack.errors import Problem, Where
from esprestack.facts import Absent, Unanswered
from esprestack.plan.compare import FieldChange

Document: TypeAlias = Mapping[str, Any]
"""Members in AWS's spelling (`containerDefinitions`) and in JSON's types; texts may hold seals of the vault.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
"""


@dataclass(frozen=True, slots=True)
class ServiceScope:
    """Where a service lives; makes its ARNs."""

    partition: str
    region: str
    account: str
    cluster: str
    """The cluster's name."""
    service: str
    """Empty where a config has none: tasks are all that can be run then."""

    def arn(self, resource: str) -> str:
        return f"arn:{self.partition}:ecs:{self.region}:{self.account}:{resource}"

    @property
    def cluster_arn(self) -> str:
        return self.arn(f"cluster/{self.cluster}")

    @property
    def service_arn(self) -> str:
        return self.arn(f"service/{self.cluster}/{self.service}")


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition file: what it says, held against botocore's model, and where it says so."""

    path: str
    document: Document
    tree: Tree


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """An ecspresso.yml and its definition files, checked."""

    path: str
    region: str
    cluster: str
    service: str
    timeout: float
    """Seconds that a command of the service may take."""
    task_definition: Definition
    service_definition: Definition | None
    ignored_tags: tuple[str, ...] = ()
    """Keys of tags that others may set on the service and its task definition."""
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Revision:
    """A task definition as ECS has it; `document` has the members that RegisterTaskDefinition takes, tags included."""

    arn: str
    document: Document
    status: str = "ACTIVE"
    registered_at: datetime | None = None

    @property
    def name(self) -> str:
        """`family:revision`."""
        return self.arn.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class LiveService:
    """A service as ECS has it. `document` has the members that CreateService takes, tags included."""

    arn: str
    status: str
    document: Document
    revision: Revision | None
    """What its primary deployment runs."""
    controller: str = "ECS"
    desired: int = 0
    running: int = 0
    pending: int = 0
    digests: Mapping[str, str] = field(default_factory=dict)
    """From a container's name to the digest of the image that it runs, as far as AWS tells."""
    scaled: tuple[int, int] | None = None
    """Least and most tasks, where Application Auto Scaling looks after the desired count."""
    answer: Document = field(default_factory=dict)
    """DescribeServices' entry as it came: deployments, events."""
    unread: frozenset[str] = frozenset()
    """Members that nobody told: they are neither compared nor touched."""


@dataclass(frozen=True, slots=True)
class FoundImage:
    """An image in ECR."""

    digest: str
    parts: frozenset[str] = frozenset()
    """The digests of the images for each platform that it stands for, where that was asked."""


ImageFact: TypeAlias = FoundImage | Absent | Unanswered


@dataclass(frozen=True, slots=True)
class Seen:
    """What AWS has of one config."""

    service: LiveService | None
    """None: there is no such service, or it is INACTIVE."""
    family: Revision | None
    """The family's latest active revision; None: there is none."""
    images: Mapping[str, ImageFact] = field(default_factory=dict)
    """What ECR says of the file's images, by how they are written; images of other registries aren't in it."""
    notes: tuple[str, ...] = ()
    """What couldn't be asked, and so isn't known."""


class RiskKind(StrEnum):
    """How much a reviewer has to mind it."""

    STOPS = "stops"
    """The deploy would stall, fail or do harm: it is refused unless its code is allowed."""
    MIND = "mind"
    """It works, and somebody should know."""


@dataclass(frozen=True, slots=True)
class Risk:
    """One line about what a deploy brings with it; `code` can be allowed, as with findings."""

    code: str
    what: str
    kind: RiskKind = RiskKind.MIND
    todo: str = ""
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class ImageChange:
    """A container's image, before and after: as it is written, and its digest as far as it is known."""

    container: str
    before: str
    after: str
    digest_before: str = ""
    digest_after: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A definition beside what ECS has: both as they may be shown, and the fields that differ."""

    before: Document | None
    after: Document | None
    fields: tuple[FieldChange, ...] = ()
    marks: tuple[str, ...] = ()
    """A digest for each of `fields`, secrets by name: equal where the same field changes in the same way."""


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """What a deploy of one config would do. What may be shown holds no secret; requests hold seals."""

    config: ServiceConfig
    scope: ServiceScope
    live: LiveService | None
    """None: there is no such service, or it is INACTIVE."""
    family: Revision | None
    """The family's latest active revision; None: there is none."""
    task_definition: Comparison
    service: Comparison | None
    """None for a config without a service definition."""
    register: Document | None
    """RegisterTaskDefinition's members; None: a revision that is what the file says is there, nothing is registered."""
    create: Document | None
    """CreateService's members but for cluster and task definition; None: the service is there."""
    update: Document | None
    """UpdateService's members that differ, but for cluster, service and task definition; None: none differs."""
    tags_put: Mapping[str, str] = field(default_factory=dict)
    """Tags of the service to be set, by TagResource."""
    tags_removed: tuple[str, ...] = ()
    images: tuple[ImageChange, ...] = ()
    risks: tuple[Risk, ...] = ()
    refusals: tuple[Problem, ...] = ()
    """Why it may not be deployed at all: a create-only member that changes, CodeDeploy, EXTERNAL."""
    reuse: Revision | None = None
    """A revision that is what the file says and that the service doesn't run: it is deployed, nothing is registered."""
    notes: tuple[str, ...] = ()
    """What isn't known, and what else there is to say."""

    @property
    def revision(self) -> Revision | None:
        """The revision to deploy that is there already; None: `register` has to be registered."""
        if self.register is not None:
            return None
        return self.reuse or (self.live.revision if self.live else None) or self.family

    @property
    def moves(self) -> bool:
        """Whether the service gets another revision of the task definition."""
        return self.register is not None or self.reuse is not None

    @property
    def changes(self) -> bool:
        """Whether a deploy would change anything."""
        changed = self.register, self.create, self.update, self.reuse
        return any(part is not None for part in changed) or bool(self.tags_put or self.tags_removed)


@dataclass(frozen=True, slots=True)
class Handle:
    """Names one deployment of one service: what `wait` waits for, in whatever process it runs."""

    service_arn: str
    task_definition_arn: str
    """What it brings."""
    deployment_id: str
    """`ecs-svc/…`, of the service's deployments."""
    service_deployment_arn: str = ""
    """Of the service deployments' history; empty as long as ECS hasn't made it known."""
    previous_task_definition_arn: str = ""
    started_at: datetime | None = None
    """When ECS made it; None: it was there before, and nothing but counts has changed."""


class Verdict(StrEnum):
    """How one deployment ended."""

    SUCCEEDED = "succeeded"
    ROLLED_BACK = "rolled back"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    """Another deployment has taken its place before it was done."""
    TIMED_OUT = "timed out"
    STOPPED = "not waited for"
    """Nobody waits any more: a signal came."""


@dataclass(frozen=True, slots=True)
class StoppedTask:
    """A task of a deployment that didn't stay: why, and the last it wrote to its log."""

    id: str
    reason: str
    containers: tuple[tuple[str, int | None, str], ...] = ()
    """Of each container its name, exit code and reason."""
    last_lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """A line of a deployment's time line."""

    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class Deployed:
    """What became of one deployment."""

    handle: Handle
    verdict: Verdict
    reason: str = ""
    """ECS's own words for a verdict that isn't SUCCEEDED."""
    stopped: tuple[StoppedTask, ...] = ()
    timeline: tuple[Moment, ...] = ()
    todo: str = ""

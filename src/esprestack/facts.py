"""What AWS says of the things that rules name: task definitions, roles, the bus. Read by `backends.facts`.

In: nothing; out: frozen types that the checks look at. They hold what a check needs of AWS's answer, in AWS's words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from esprestack.errors import Problem


@dataclass(frozen=True, slots=True)
class Absent:
    """AWS says that there is no such thing."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """AWS didn't say: we may not ask, or the call failed; `problem` has its words and the next step."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class ContainerDefinition:
    """A container of a task definition; sizes in CPU units and MiB."""

    name: str
    cpu: int = 0
    memory: int | None = None
    memory_reservation: int | None = None


@dataclass(frozen=True, slots=True)
class TaskDefinition:
    """The revision that a run would use; `cpu` and `memory` are texts as in `TaskOverride`.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html
    """

    arn: str
    family: str
    revision: int
    active: bool = True
    network_mode: str = "bridge"
    """ECS's default where a definition says nothing."""
    compatibilities: frozenset[str] = frozenset()
    """Launch types that ECS found it fit for; empty where it doesn't say."""
    requires_compatibilities: frozenset[str] = frozenset()
    """Launch types that it was registered for."""
    cpu: str = ""
    memory: str = ""
    task_role: str = ""
    """An ARN, as `execution_role`; empty if it has none."""
    execution_role: str = ""
    operating_system: str = ""
    """`LINUX`, `WINDOWS_SERVER_2022_CORE`, …; empty means Linux."""
    containers: tuple[ContainerDefinition, ...] = ()

    @property
    def name(self) -> str:
        """`family:revision`."""
        return self.arn.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of a statement's conditions: all lines have to hold, of the values of one any."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of an IAM policy. None: said by its opposite (`NotAction`, …), which isn't kept.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_statement.html
    """

    allows: bool
    actions: tuple[str, ...] | None = ()
    resources: tuple[str, ...] | None = ()
    services: tuple[str, ...] | None = ()
    """Of a trust policy: the services that may take the role; None also for a principal `*`."""
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Role:
    """A role, who may take it and what it may do."""

    arn: str
    trust: tuple[Statement, ...] = ()
    policies: tuple[Statement, ...] | Unanswered = ()
    """The statements of all its policies, inline and attached ones."""
    bounded: bool = False
    """Whether a permissions boundary takes away from what the policies say."""


TaskDefinitionFact: TypeAlias = TaskDefinition | Absent | Unanswered
RoleFact: TypeAlias = Role | Absent | Unanswered


@dataclass(frozen=True, slots=True)
class Facts:
    """What was asked, by the names that rules use; a name that isn't here wasn't asked for."""

    task_definitions: Mapping[str, TaskDefinitionFact]
    roles: Mapping[str, RoleFact]
    rules_on_bus: frozenset[str] | None = None
    """The names of all rules on the default bus, None if nobody listed them."""

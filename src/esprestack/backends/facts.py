"""Asks AWS for the facts that checks look at: task definitions, and roles with their policies.

In: names as rules have them (seals and all); out: `Facts`. What may not be asked is a value, not an error.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from esprestack.errors import AwsError
from esprestack.facts import (
    Absent,
    Condition,
    ContainerDefinition,
    Facts,
    Role,
    Statement,
    TaskDefinition,
    TaskDefinitionFact,
    Unanswered,
)

_NO_TASK_DEFINITION = frozenset({"ClientException", "InvalidParameterException"})
"""What DescribeTaskDefinition answers for a family, or a revision, that isn't there."""

_NO_ROLE = frozenset({"NoSuchEntity", "ValidationError"})

_Fact = TypeVar("_Fact")


class Asked(Protocol):
    """The part of `aws.Aws` that is needed here. Calls raise AwsError."""

    @property
    def open(self) -> Callable[[str], str]: ...

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]: ...

    def pages(self, service: str, operation: str, token: str, /, **parameters: Any) -> Iterator[dict[str, Any]]: ...


class FactsReader:
    """Asks each question once, `parallel` of them side by side."""

    def __init__(self, aws: Asked, parallel: int) -> None:
        self._aws = aws
        self._parallel = parallel

    def read(self, task_definitions: Collection[str], roles: Collection[str]) -> Facts:
        """What AWS says of them. Raises AwsError where no call can succeed.

        A role is a name, with or without its path, or an ARN of the caller's own account.
        """
        with ThreadPoolExecutor(self._parallel) as pool:
            definitions = {name: pool.submit(self._task_definition, name) for name in dict.fromkeys(task_definitions)}
            found = {name: pool.submit(self._role, name) for name in dict.fromkeys(roles)}
            asked = {name: future.result() for name, future in found.items()}
            attached = {arn for read in asked.values() if isinstance(read, _RoleRead) for arn in read.attached}
            managed = dict(zip(attached, pool.map(self._managed, attached), strict=True))
            return Facts(
                {name: future.result() for name, future in definitions.items()},
                {name: read.role(managed) if isinstance(read, _RoleRead) else read for name, read in asked.items()},
            )

    def _task_definition(self, name: str) -> TaskDefinitionFact:
        try:
            answer = self._aws.call("ecs", "describe_task_definition", taskDefinition=self._aws.open(name))
        except AwsError as error:
            return _absent_or_unanswered(error, _NO_TASK_DEFINITION)
        return task_definition(answer["taskDefinition"])

    def _role(self, name: str) -> "_RoleRead | Absent | Unanswered":
        role_name = self._aws.open(name).rpartition("/")[2]
        try:
            answer = self._aws.call("iam", "get_role", RoleName=role_name)["Role"]
        except AwsError as error:
            return _absent_or_unanswered(error, _NO_ROLE)
        return _RoleRead(answer, *_answered(lambda: self._policies(role_name)))

    def _policies(self, role_name: str) -> tuple[tuple[str, ...], tuple[Statement, ...]]:
        """The ARNs of the policies that are attached, and the statements of those that are inline."""
        listed = self._aws.pages("iam", "list_attached_role_policies", "Marker", RoleName=role_name)
        attached = tuple(policy["PolicyArn"] for page in listed for policy in page.get("AttachedPolicies", []))
        inline: list[Statement] = []
        for page in self._aws.pages("iam", "list_role_policies", "Marker", RoleName=role_name):
            for policy in page.get("PolicyNames", []):
                answer = self._aws.call("iam", "get_role_policy", RoleName=role_name, PolicyName=policy)
                inline += statements(answer["PolicyDocument"])
        return attached, tuple(inline)

    def _managed(self, arn: str) -> tuple[Statement, ...] | Unanswered:
        def read() -> tuple[Statement, ...]:
            version = self._aws.call("iam", "get_policy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
            answer = self._aws.call("iam", "get_policy_version", PolicyArn=arn, VersionId=version)
            return tuple(statements(answer["PolicyVersion"]["Document"]))

        found, unanswered = _answered(read)
        return unanswered or found or ()


@dataclass(frozen=True, slots=True)
class _RoleRead:
    """A role before the policies that are attached to it are known."""

    answer: Mapping[str, Any]
    policies: tuple[tuple[str, ...], tuple[Statement, ...]] | None
    unanswered: Unanswered | None

    @property
    def attached(self) -> tuple[str, ...]:
        return self.policies[0] if self.policies else ()

    def role(self, managed: Mapping[str, tuple[Statement, ...] | Unanswered]) -> Role:
        every = list(self.policies[1]) if self.policies else []
        unanswered = self.unanswered
        for arn in self.attached:
            part = managed[arn]
            if isinstance(part, Unanswered):
                unanswered = part
            else:
                every += part
        return Role(
            arn=self.answer["Arn"],
            trust=tuple(statements(self.answer.get("AssumeRolePolicyDocument"))),
            policies=unanswered or tuple(every),
            bounded="PermissionsBoundary" in self.answer,
        )


def _answered(ask: Callable[[], _Fact]) -> tuple[_Fact | None, Unanswered | None]:
    try:
        return ask(), None
    except AwsError as error:
        if error.final:
            raise
        return None, Unanswered(error.problems[0])


def _absent_or_unanswered(error: AwsError, absent: Collection[str]) -> Absent | Unanswered:
    if error.final:
        raise error
    return Absent() if error.code in absent else Unanswered(error.problems[0])


def task_definition(answer: Mapping[str, Any]) -> TaskDefinition:
    """ECS's answer as a fact."""
    platform = answer.get("runtimePlatform") or {}
    return TaskDefinition(
        arn=answer["taskDefinitionArn"],
        family=answer["family"],
        revision=int(answer["revision"]),
        active=answer.get("status", "ACTIVE") == "ACTIVE",
        network_mode=answer.get("networkMode") or "bridge",
        compatibilities=frozenset(answer.get("compatibilities") or ()),
        requires_compatibilities=frozenset(answer.get("requiresCompatibilities") or ()),
        cpu=str(answer.get("cpu") or ""),
        memory=str(answer.get("memory") or ""),
        task_role=answer.get("taskRoleArn") or "",
        execution_role=answer.get("executionRoleArn") or "",
        operating_system=platform.get("operatingSystemFamily") or "",
        containers=tuple(
            ContainerDefinition(
                container["name"],
                container.get("cpu") or 0,
                container.get("memory"),
                container.get("memoryReservation"),
            )
            for container in answer.get("containerDefinitions") or ()
        ),
    )


def statements(document: Any) -> Iterator[Statement]:
    """The statements of a policy document; what isn't as IAM writes it is left out."""
    given = document.get("Statement") if isinstance(document, Mapping) else None
    for statement in given if isinstance(given, list) else [given]:
        if isinstance(statement, Mapping):
            yield Statement(
                allows=statement.get("Effect") == "Allow",
                actions=None if "NotAction" in statement else _texts(statement.get("Action")),
                resources=None if "NotResource" in statement else _texts(statement.get("Resource")),
                services=_services(statement),
                conditions=tuple(_conditions(statement.get("Condition"))),
            )


def _services(statement: Mapping[str, Any]) -> tuple[str, ...] | None:
    principal = statement.get("Principal")
    of_aws = principal.get("AWS") if isinstance(principal, Mapping) else principal
    if "NotPrincipal" in statement or "*" in _texts(of_aws):
        return None
    return _texts(principal.get("Service")) if isinstance(principal, Mapping) else ()


def _conditions(given: Any) -> Iterator[Condition]:
    for operator, lines in (given or {}).items():
        for key, values in lines.items():
            yield Condition(operator, key, _texts(values))


def _texts(given: Any) -> tuple[str, ...]:
    """One text or a list of them; JSON's booleans and numbers as IAM takes them."""
    if given is None:
        return ()
    return tuple(
        str(item).lower() if isinstance(item, bool) else str(item)
        for item in (given if isinstance(given, list) else [given])
    )

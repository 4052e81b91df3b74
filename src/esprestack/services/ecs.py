"""The calls to ECS about one service and its task definitions.

In: documents with their seals, names; out: ECS's answers as types. What is opened goes into a request and nowhere else.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from esprestack.aws import Answer, Aws
from esprestack.errors import AwsError, InputError, Problem
from esprestack.services.compare import is_registered
from esprestack.services.deployments import ServiceNow, service_now
from esprestack.services.documents import with_texts
from esprestack.services.model import Document, Revision, ServiceScope
from esprestack.services.shapes import taken

_NO_SUCH = frozenset({"ClientException", "InvalidParameterException"})
"""What DescribeTaskDefinition answers for a family, or a revision, that isn't there."""


class Ecs:
    """ECS, as far as one service is concerned."""

    def __init__(self, aws: Aws, scope: ServiceScope) -> None:
        self.aws = aws
        self.scope = scope

    # -- the service -------------------------------------------------------------------------------------------

    def entry(self) -> Document | None:
        """DescribeServices' entry with its tags; None where there is no such service, or it is INACTIVE.

        Raises InputError where the config has no service, and AwsError, as all other methods do.
        """
        if not self.scope.service:
            raise InputError(Problem("the config names no service", todo="add `service: NAME`"))
        answer = self.aws.call(
            "ecs",
            "describe_services",
            cluster=self.scope.cluster_arn,
            services=[self.scope.service],
            include=["TAGS"],
        )
        for failure in answer.get("failures") or ():
            if failure.get("reason") != "MISSING":
                what = f"ecs:DescribeServices of `{self.scope.service}`: {failure.get('reason')}: "
                raise AwsError(Problem(f"{what}{failure.get('detail', '')}".rstrip(": ")), str(failure.get("reason")))
        found = (answer.get("services") or [None])[0]
        return None if found is None or found.get("status") == "INACTIVE" else found

    def now(self) -> ServiceNow | None:
        """The service; None where there is none."""
        entry = self.entry()
        return service_now(entry) if entry else None

    def create(self, document: Document, made: Callable[[], Answer | None]) -> ServiceNow:
        request = with_texts(document, self.aws.open)
        answer = self.aws.call_once(made, "ecs", "create_service", cluster=self.scope.cluster_arn, **request)
        return service_now(answer["service"])

    def update(self, members: Document, made: Callable[[], Answer | None]) -> ServiceNow:
        request = with_texts(members, self.aws.open)
        where = {"cluster": self.scope.cluster_arn, "service": self.scope.service}
        return service_now(self.aws.call_once(made, "ecs", "update_service", **where, **request)["service"])

    def tag(self, tags: Mapping[str, str]) -> None:
        """https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TagResource.html"""
        pairs = [{"key": self.aws.open(key), "value": self.aws.open(value)} for key, value in tags.items()]
        self.aws.call("ecs", "tag_resource", resourceArn=self.scope.service_arn, tags=pairs)

    def untag(self, keys: tuple[str, ...]) -> None:
        self.aws.call("ecs", "untag_resource", resourceArn=self.scope.service_arn, tagKeys=list(keys))

    # -- task definitions --------------------------------------------------------------------------------------

    def revision(self, name: str) -> Revision | None:
        """By ARN or `family:revision`, or of a family the latest active one; None: there is no such thing."""
        if not name:
            return None
        try:
            answer = self.aws.call("ecs", "describe_task_definition", taskDefinition=name, include=["TAGS"])
        except AwsError as error:
            if error.code in _NO_SUCH:
                return None
            raise
        return _revision(answer)

    def arns(self, family: str) -> list[str]:
        """The family's active revisions, the newest first, by number: not every listing is in its order."""
        return sorted(self._listed(family), key=number_of, reverse=True)

    def latest(self, family: str) -> Revision | None:
        """The family's active revision with the highest number."""
        return self.revision(family)

    def register(self, document: Document, before: Revision | None) -> Revision:
        """Registers it once, also where the answer is lost: then it is looked for. `before`: the latest one so far."""
        request = with_texts(document, self.aws.open)

        def made() -> Answer | None:
            latest = self.latest(request["family"])
            is_new = latest is not None and (before is None or latest.arn != before.arn)
            return (
                {"revision": latest}
                if is_new and latest and is_registered(request, latest.document, self.scope)
                else None
            )

        answer = self.aws.call_once(made, "ecs", "register_task_definition", **request)
        found: Revision = answer["revision"] if "revision" in answer else _revision(answer)
        return found

    def deregister(self, arn: str) -> None:
        self.aws.call("ecs", "deregister_task_definition", taskDefinition=arn)

    def _listed(self, family: str) -> Iterator[str]:
        pages = self.aws.pages(
            "ecs", "list_task_definitions", "nextToken", familyPrefix=family, status="ACTIVE", sort="DESC"
        )
        return (arn for page in pages for arn in page.get("taskDefinitionArns") or ())


def number_of(arn: str) -> int:
    """The revision's number in its ARN, or in `family:7`."""
    number = arn.rpartition(":")[2]
    return int(number) if number.isdecimal() else 0


def family_of(arn: str) -> str:
    """`web` of `arn:…:task-definition/web:7`."""
    return arn.rpartition("/")[2].rpartition(":")[0]


def _revision(answer: Mapping[str, Any]) -> Revision:
    found = answer["taskDefinition"]
    document = taken("RegisterTaskDefinition", {**found, "tags": answer.get("tags") or []})
    return Revision(found["taskDefinitionArn"], document, found.get("status") or "", found.get("registeredAt"))

"""The history of a service's deployments, as ECS keeps it for 90 days: which there were, and what each brought.

In: the service; out: types, or AwsError where nobody may read it or the region doesn't have it.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-deployment.html
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from esprestack.errors import Again, AwsError, Problem, Severity
from esprestack.services.deployments import ServiceDeployment, service_deployment
from esprestack.services.ecs import Ecs
from esprestack.services.model import Handle

_AT_ONCE = 20
"""Revisions that DescribeServiceRevisions takes.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceRevisions.html
"""

SLACK = timedelta(seconds=2)
"""By how much the two entries of one deployment, here and at the service, may differ in when it was created."""

_Said = TypeVar("_Said")
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def readable(ask: Callable[[], _Said]) -> tuple[_Said | None, Problem | None]:
    """What `ask` reads in a history, or why it can't while all else can: denied, or not there in this region.

    Raises AwsError where nothing can be asked.
    """
    try:
        return ask(), None
    except AwsError as error:
        if error.final or error.again is not Again.NO:
            raise
        return None, replace(error.problems[0], severity=Severity.WARNING)


class History:
    """Of one service. Every method raises AwsError."""

    def __init__(self, ecs: Ecs) -> None:
        self._ecs = ecs

    def entry(self, arn: str) -> ServiceDeployment | None:
        """One deployment with all that is known of it; None: there is no such one."""
        answer = self._ecs.aws.call("ecs", "describe_service_deployments", serviceDeploymentArns=[arn])
        found = answer.get("serviceDeployments") or []
        return service_deployment(found[0]) if found else None

    def listed(self, **filters: Any) -> list[ServiceDeployment]:
        """The deployments that ListServiceDeployments' `filters` leave, the newest first."""
        where = {"cluster": self._ecs.scope.cluster_arn, "service": self._ecs.scope.service, "maxResults": 100}
        pages = self._ecs.aws.pages("ecs", "list_service_deployments", "nextToken", **where, **filters)
        found = [service_deployment(entry) for page in pages for entry in page.get("serviceDeployments") or ()]
        return sorted(found, key=lambda one: one.created_at or _BEGINNING, reverse=True)

    def definitions(self, revisions: Collection[str]) -> dict[str, str]:
        """The task definition's ARN of each service revision that ECS knows."""
        wanted = list(dict.fromkeys(filter(None, revisions)))
        batches = [wanted[at : at + _AT_ONCE] for at in range(0, len(wanted), _AT_ONCE)]
        answers = [
            self._ecs.aws.call("ecs", "describe_service_revisions", serviceRevisionArns=arns) for arns in batches
        ]
        found = [revision for answer in answers for revision in answer.get("serviceRevisions") or ()]
        return {one["serviceRevisionArn"]: one["taskDefinition"] for one in found if one.get("taskDefinition")}

    def last(self) -> ServiceDeployment | None:
        """The newest deployment, however it went."""
        return next(iter(self.listed()), None)

    def find(self, handle: Handle, others: Collection[str] = ()) -> ServiceDeployment | None:
        """The entry of a deployment of which only the service's own entry is known; None as long as there is none.

        It is the first one since then that brings the same task definition. `others` were there before.
        """
        if handle.started_at is None:
            return None
        since = handle.started_at - SLACK
        found = [one for one in self.listed(createdAt={"after": since}) if one.arn not in others]
        known = [one for one in found if one.created_at and one.created_at >= since]
        brings = self.definitions([one.target for one in known])
        of_it = [one for one in known if brings.get(one.target) == handle.task_definition_arn]
        return of_it[-1] if of_it else None

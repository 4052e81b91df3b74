"""The history of a service of the scripted ECS: service deployments, and the revisions that they brought."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.support.ecs.definitions import Registered
from tests.support.ecs.shapes import Members

RUNNING = ("PENDING", "IN_PROGRESS")
"""Of a deployment that can be stopped."""


@dataclass(frozen=True, slots=True)
class ServiceRevision:
    """What a deployment brings; a rollback returns to an earlier one."""

    arn: str
    definition: Registered
    settings: Members
    created_at: datetime

    def described(self, service_arn: str, cluster_arn: str) -> dict[str, Any]:
        images = [
            {
                "containerName": container["name"],
                "image": container["image"],
                "imageDigest": digest_of(container["image"]),
            }
            for container in self.definition.containers
        ]
        return {
            "serviceRevisionArn": self.arn,
            "serviceArn": service_arn,
            "clusterArn": cluster_arn,
            "taskDefinition": self.definition.arn,
            "containerImages": images,
            "createdAt": self.created_at,
            **{
                name: member
                for name, member in self.settings.items()
                if name in ("networkConfiguration", "loadBalancers", "gatewayConnectors", "monitoring")
            },
        }


@dataclass(slots=True)
class ServiceDeployment:
    """One entry of the history. `hidden`: looks at the list at which it isn't there yet."""

    arn: str
    target: ServiceRevision
    sources: tuple[ServiceRevision, ...]
    created_at: datetime
    hidden: int = 0
    status: str = "PENDING"
    reason: str = ""
    finished_at: datetime | None = None
    stopped_at: datetime | None = None
    rollback: dict[str, Any] = field(default_factory=dict)
    failures: int = 0
    breaker: str = "DISABLED"

    @property
    def is_running(self) -> bool:
        return self.status in RUNNING

    def listed(self, service_arn: str, cluster_arn: str) -> dict[str, Any]:
        return {
            "serviceDeploymentArn": self.arn,
            "serviceArn": service_arn,
            "clusterArn": cluster_arn,
            "targetServiceRevisionArn": self.target.arn,
            "status": self.status,
            "createdAt": self.created_at,
            "startedAt": self.created_at,
            **({"finishedAt": self.finished_at} if self.finished_at else {}),
            **({"statusReason": self.reason} if self.reason else {}),
        }

    def described(self, service_arn: str, cluster_arn: str, counts: Members) -> dict[str, Any]:
        """`counts` has (requested, running, pending) by the ARNs of revisions."""
        listed = self.listed(service_arn, cluster_arn)
        del listed["targetServiceRevisionArn"]
        return {
            **listed,
            "targetServiceRevision": _counted(self.target, counts),
            "sourceServiceRevisions": [_counted(source, counts) for source in self.sources],
            "deploymentCircuitBreaker": {"status": self.breaker, "failureCount": self.failures, "threshold": 3},
            **({"stoppedAt": self.stopped_at} if self.stopped_at else {}),
            **({"rollback": self.rollback} if self.rollback else {}),
        }


def visible(history: list[ServiceDeployment]) -> Iterator[ServiceDeployment]:
    """The entries that a listing has, the newest first; each look uncovers those that are still hidden."""
    for entry in history[::-1]:
        if entry.hidden:
            entry.hidden -= 1
        else:
            yield entry


def digest_of(image: str) -> str:
    return f"sha256:{hashlib.sha256(image.encode()).hexdigest()}"


def _counted(revision: ServiceRevision, counts: Members) -> dict[str, Any]:
    requested, running, pending = counts.get(revision.arn, (0, 0, 0))
    return {
        "arn": revision.arn,
        "requestedTaskCount": requested,
        "runningTaskCount": running,
        "pendingTaskCount": pending,
    }

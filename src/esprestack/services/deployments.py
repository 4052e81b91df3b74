"""ECS's answers about a service's deployments as types, in ECS's words. Pure.

In: DescribeServices' entry, ListServiceDeployments' and DescribeServiceDeployments'; out: what a wait looks at.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from esprestack.plan.outcome import Moment
from esprestack.services.model import Document

IN_PROGRESS, COMPLETED, FAILED = "IN_PROGRESS", "COMPLETED", "FAILED"
"""Rollout states of a deployment; it ends in the last two.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html
"""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One entry of a service's `deployments`."""

    id: str
    status: str
    task_definition: str
    desired: int = 0
    running: int = 0
    pending: int = 0
    failed: int = 0
    state: str = ""
    """`rolloutState`; empty for services behind a Classic Load Balancer, which have none."""
    reason: str = ""
    created_at: datetime | None = None

    @property
    def is_settled(self) -> bool:
        """Whether it is done, and runs as many tasks as it should."""
        return self.state in (COMPLETED, "") and self.running == self.desired and not self.pending


@dataclass(frozen=True, slots=True)
class ServiceNow:
    """A service at a moment."""

    name: str
    arn: str
    status: str
    controller: str
    is_daemon: bool
    deployments: tuple[Deployment, ...]
    events: tuple[tuple[str, Moment], ...]
    """With their ids, the newest first."""
    is_express: bool = False

    @property
    def primary(self) -> Deployment | None:
        return next((one for one in self.deployments if one.status == "PRIMARY"), None)

    def deployment(self, id_: str) -> Deployment | None:
        return next((one for one in self.deployments if one.id == id_), None)


@dataclass(frozen=True, slots=True)
class ServiceDeployment:
    """One entry of the history of service deployments; a listing leaves out the last three.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html
    """

    arn: str
    status: str
    target: str
    """The ARN of the service revision that it brings."""
    reason: str = ""
    created_at: datetime | None = None
    stage: str = ""
    broken: bool = False
    """Whether the circuit breaker or an alarm ended it."""
    rollback_reason: str = ""


def service_now(entry: Document) -> ServiceNow:
    return ServiceNow(
        name=entry["serviceName"],
        arn=entry["serviceArn"],
        status=entry.get("status") or "",
        controller=(entry.get("deploymentController") or {}).get("type") or "ECS",
        is_daemon=entry.get("schedulingStrategy") == "DAEMON",
        deployments=tuple(map(_deployment, entry.get("deployments") or ())),
        events=tuple(
            (event.get("id") or "", Moment(event["createdAt"], event.get("message") or ""))
            for event in entry.get("events") or ()
        ),
        is_express=entry.get("resourceManagementType") == "ECS",
    )


def _deployment(entry: Document) -> Deployment:
    return Deployment(
        id=entry["id"],
        status=entry.get("status") or "",
        task_definition=entry.get("taskDefinition") or "",
        desired=entry.get("desiredCount") or 0,
        running=entry.get("runningCount") or 0,
        pending=entry.get("pendingCount") or 0,
        failed=entry.get("failedTasks") or 0,
        state=entry.get("rolloutState") or "",
        reason=entry.get("rolloutStateReason") or "",
        created_at=entry.get("createdAt"),
    )


def service_deployment(entry: Document) -> ServiceDeployment:
    watchers: list[Any] = [entry.get("deploymentCircuitBreaker") or {}, entry.get("alarms") or {}]
    return ServiceDeployment(
        arn=entry["serviceDeploymentArn"],
        status=entry.get("status") or "",
        target=entry.get("targetServiceRevisionArn") or (entry.get("targetServiceRevision") or {}).get("arn") or "",
        reason=entry.get("statusReason") or "",
        created_at=entry.get("createdAt"),
        stage=entry.get("lifecycleStage") or "",
        broken=any(watcher.get("status") == "TRIGGERED" for watcher in watchers),
        rollback_reason=(entry.get("rollback") or {}).get("reason") or "",
    )

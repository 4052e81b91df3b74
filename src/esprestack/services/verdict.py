"""How one deployment ended, judged by what ECS says of that deployment and of nothing else. Pure.

In: the handle, the service, and the deployment's entry in the history where there is one; out: a verdict, or none yet.
A service that is stable says nothing: it also is after a rollback.
"""

from dataclasses import dataclass
from datetime import timedelta

from esprestack.services.deployments import COMPLETED, FAILED, Deployment, ServiceDeployment, ServiceNow
from esprestack.services.model import Handle, Verdict

PATIENCE = 10
"""Looks at which a deployment may be missing before it is called gone: AWS's reads lag behind its writes."""

_FAILED = "deployment failed"
"""What ECS's event says after the deployment's id."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """No verdict: it goes on."""

    verdict: Verdict | None = None
    reason: str = ""


GOES_ON = Judgement()


def by_history(handle: Handle, entry: ServiceDeployment, now: ServiceNow) -> Judgement:
    """By the deployment's own entry.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/view-service-deployment-status.html
    """
    said = entry.reason or entry.rollback_reason
    match entry.status:
        case "SUCCESSFUL":
            return Judgement(Verdict.SUCCEEDED)
        case "ROLLBACK_SUCCESSFUL":
            return Judgement(Verdict.ROLLED_BACK, said or "ECS doesn't say why")
        case "ROLLBACK_FAILED":
            return Judgement(Verdict.FAILED, f"the rollback failed as well: {said or 'ECS does not say why'}")
        case "STOPPED" if not entry.broken and _is_replaced(handle, entry, now):
            return Judgement(Verdict.SUPERSEDED, _by_whom(now))
        case "STOPPED":
            return Judgement(Verdict.FAILED, said or "the deployment was stopped")
        case _:
            return GOES_ON


def _is_replaced(handle: Handle, entry: ServiceDeployment, now: ServiceNow) -> bool:
    primary = now.primary
    if primary is None:
        return False
    if handle.deployment_id:
        return primary.id != handle.deployment_id
    later = timedelta(seconds=1)
    return bool(primary.created_at and entry.created_at and primary.created_at > entry.created_at + later)


def by_deployments(handle: Handle, now: ServiceNow, missed: int) -> Judgement:
    """By the service's deployments, where nobody may read the history or the deployment isn't in it (yet).

    `missed`: looks in a row at which it wasn't among them.
    """
    primary = now.primary
    if now.status != "ACTIVE" or primary is None:
        return Judgement(Verdict.FAILED, f"the service is {now.status or 'gone'}")
    ours = now.deployment(handle.deployment_id)
    if ours is not None and ours.id == primary.id:
        return _of_primary(ours, now)
    if (ours is not None and ours.state == FAILED) or _rolls_back(handle, now):
        return _of_rollback(ours, primary, handle, now)
    if ours is not None or _is_later(primary, handle):
        return Judgement(Verdict.SUPERSEDED, _by_whom(now))
    if missed < PATIENCE:
        return GOES_ON
    return Judgement(
        Verdict.FAILED, f"ECS doesn't list {handle.deployment_id} any more; the service runs {_name(primary)}"
    )


def _of_primary(ours: Deployment, now: ServiceNow) -> Judgement:
    if ours.state == FAILED:
        return Judgement(Verdict.FAILED, ours.reason or "ECS doesn't say why")
    is_alone = len(now.deployments) == 1  # what counts where ECS tells no rollout state
    return Judgement(Verdict.SUCCEEDED) if ours.is_settled and (ours.state or is_alone) else GOES_ON


def _of_rollback(ours: Deployment | None, primary: Deployment, handle: Handle, now: ServiceNow) -> Judgement:
    said = ours.reason if ours is not None and ours.state == FAILED else _failure(handle, now) or primary.reason
    if primary.state == FAILED:
        return Judgement(Verdict.FAILED, f"the rollback failed as well: {primary.reason or said}")
    done = primary.state == COMPLETED and primary.is_settled
    return Judgement(Verdict.ROLLED_BACK, said) if done else GOES_ON


def _rolls_back(handle: Handle, now: ServiceNow) -> bool:
    """Whether ECS has said that it takes the deployment back; events outlive the deployment's own entry."""
    primary = now.primary
    of_it = bool(_failure(handle, now))
    under_way = primary is not None and "rolling back" in primary.reason
    return of_it or (under_way and not _is_foreign(handle, now))


def _is_foreign(handle: Handle, now: ServiceNow) -> bool:
    """Whether it is another deployment than ours that failed."""
    listed = any(one.state == FAILED and one.id != handle.deployment_id for one in now.deployments)
    since = handle.started_at
    told = (moment for _, moment in now.events if _FAILED in moment.what and (since is None or moment.at >= since))
    return listed or any(handle.deployment_id not in moment.what for moment in told)


def _failure(handle: Handle, now: ServiceNow) -> str:
    """The event that says that the deployment failed.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html
    """
    mark = f"(deployment {handle.deployment_id}) {_FAILED}"
    said = (moment.what for _, moment in now.events)
    return next((what for what in said if handle.deployment_id and mark in what), "")


def _is_later(primary: Deployment, handle: Handle) -> bool:
    return bool(primary.created_at and handle.started_at and primary.created_at > handle.started_at)


def _by_whom(now: ServiceNow) -> str:
    primary = now.primary
    return f"{primary.id} with {_name(primary)} took its place" if primary else "another deployment took its place"


def _name(deployment: Deployment) -> str:
    return deployment.task_definition.rpartition("/")[2]

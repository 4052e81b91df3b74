"""A service, taken back to the last revision that was deployed successfully before the current one.

In: the service; out: what a rollback would do and why, and then the handle of the deployment that does it.
"""

from dataclasses import dataclass, replace

from esprestack.aws import Answer
from esprestack.errors import Again, AwsError, Problem, RefusedError, Severity
from esprestack.services.choice import Told
from esprestack.services.deployments import COMPLETED, Deployment, ServiceDeployment, ServiceNow
from esprestack.services.ecs import Ecs, family_of
from esprestack.services.history import History, readable
from esprestack.services.meant import last_deployment
from esprestack.services.model import Handle, Verdict
from esprestack.services.target import Candidate, Past, candidates, later_ones, names
from esprestack.services.update_service import Pause, handle_of, service_of, update_service

_STOPPABLE = ("PENDING", "IN_PROGRESS")
_ROLLING_BACK = ("ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")
"""Of a service deployment: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html"""


@dataclass(frozen=True, slots=True)
class Rollback:
    """What a rollback would do."""

    before: ServiceNow
    current: str
    """The ARN of what the service leaves."""
    target: str
    why: str
    stops: ServiceDeployment | None = None
    """The deployment under way that ECS is asked to take back; None: the service is updated to the target."""
    is_under_way: bool = False
    """ECS takes it back already: there is nothing to do but wait."""
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class RollbackStarted:
    """What to wait for, and the verdict that is the good one."""

    handle: Handle
    wanted: Verdict


def plan_rollback(ecs: Ecs) -> Rollback:
    """Chooses the target and says why. Raises InputError, RefusedError where there is none, AwsError."""
    now, primary = service_of(ecs)
    entries, problem = readable(History(ecs).listed)
    history = None
    if entries is not None:
        history, problem = readable(lambda: _history(ecs, entries))
    last = entries[0] if entries else None
    if last is not None and last.status in _ROLLING_BACK:
        why = last.rollback_reason or last.reason or "it was asked to"
        failed = history[-1].task_definition if history else primary.task_definition
        return Rollback(now, failed, primary.task_definition, why, is_under_way=True)
    target, warnings = _chosen(ecs, now, primary, history)
    if problem:
        blind = replace(problem, what=f"which deployments succeeded can't be read: {problem.what}")
        warnings = (blind, *warnings)
    is_running = last is not None and last.status in _STOPPABLE and primary.state != COMPLETED
    stops = last if is_running else None
    return Rollback(now, primary.task_definition, target.task_definition, target.why, stops, warnings=warnings)


def roll_back(ecs: Ecs, rollback: Rollback, told: Told, pause: Pause) -> RollbackStarted:
    """Begins it. Raises AwsError."""
    name = rollback.before.name
    if rollback.is_under_way:
        told(f"ECS is rolling back the service `{name}` already")
        return RollbackStarted(last_deployment(ecs), Verdict.ROLLED_BACK)
    primary = rollback.before.primary
    if rollback.stops is not None and primary is not None and _stopped(ecs, rollback.stops, told):
        told(f"ECS was told to stop the deployment of {names([rollback.current])}, and to roll it back")
        handle = replace(handle_of(rollback.before, primary), service_deployment_arn=rollback.stops.arn)
        return RollbackStarted(handle, Verdict.ROLLED_BACK)
    updated = update_service(ecs, rollback.before, {"taskDefinition": rollback.target}, pause)
    told(
        f"updated the service `{name}`: {names([rollback.target])} is being deployed as {updated.handle.deployment_id}"
    )
    return RollbackStarted(updated.handle, Verdict.SUCCEEDED)


def _history(ecs: Ecs, entries: list[ServiceDeployment]) -> list[Past]:
    """The oldest first; those of which ECS doesn't know any more what they brought are left out."""
    brought = History(ecs).definitions([entry.target for entry in entries])
    known = [entry for entry in reversed(entries) if entry.target in brought]
    return [Past(brought[entry.target], entry.status, entry.created_at) for entry in known]


def _chosen(
    ecs: Ecs, now: ServiceNow, primary: Deployment, history: list[Past] | None
) -> tuple[Candidate, tuple[Problem, ...]]:
    """The first candidate that tasks can be started of."""
    current, warnings = primary.task_definition, []
    never = history is not None and not any(past.status == "SUCCESSFUL" for past in history)
    for candidate in candidates(now, current, history, lambda: ecs.arns(family_of(current))):
        name = names([candidate.task_definition])
        if not candidate.proven and never and primary.state != COMPLETED:
            break
        revision = ecs.revision(candidate.task_definition)
        if revision is None or revision.status != "ACTIVE":
            what = f"{name} was deployed successfully, and can't be deployed any more: it was deregistered"
            warnings.append(Problem(what, severity=Severity.WARNING))
            continue
        if not candidate.proven:
            what = f"{name} is only the next lower revision: nobody knows whether it ever ran"
            todo = "ECS knows deployments of the last 90 days, to who may call ecs:ListServiceDeployments"
            warnings.append(Problem(what, todo=todo, severity=Severity.WARNING))
        return candidate, tuple(warnings)
    raise RefusedError([*warnings, _none(now, current, history or [])])


def _none(now: ServiceNow, current: str, history: list[Past]) -> Problem:
    later = later_ones(current, history)
    what = f"no revision was deployed successfully to the service `{now.name}` before {names([current])}"
    if later:
        return Problem(f"{what}; {names(later)} was, after it", todo="choose one: `esprestack deploy --revision N`")
    return Problem(what, todo="deploy one that is good: `esprestack deploy`, or with --revision N")


def _stopped(ecs: Ecs, entry: ServiceDeployment, told: Told) -> bool:
    """Whether ECS takes the deployment back itself, attributes and all; if not, that is said.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html
    """

    def made() -> Answer | None:
        seen = History(ecs).entry(entry.arn)
        return {} if seen is not None and seen.status in _ROLLING_BACK else None

    asked = {"serviceDeploymentArn": entry.arn, "stopType": "ROLLBACK"}
    try:
        ecs.aws.call_once(made, "ecs", "stop_service_deployment", **asked)
    except AwsError as error:
        if error.final or error.again is not Again.NO:
            raise
        told(f"ECS doesn't take the deployment back itself, so the service is updated: {error.problems[0].what}")
        return False
    return True

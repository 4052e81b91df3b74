"""How a service of the scripted ECS rolls out: one step further each time somebody looks, whatever the clock says.

An image whose tag begins with `bad` never gets healthy: at each look another task of it fails.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.support.ecs.definitions import Registered
from tests.support.ecs.history import ServiceDeployment, ServiceRevision
from tests.support.ecs.place import Place
from tests.support.ecs.shapes import Members, invalid
from tests.support.ecs.tasks import CANNOT_PULL, Ending, Tasks, tag_of

FAILURES_BEFORE_BREAKING = 3
_SHOWN = frozenset(
    {"networkConfiguration", "serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations"}
)
"""Of the settings that a deployment has."""
INSTANCES = 2
"""Container instances of a cluster: a DAEMON service has a task on each."""


@dataclass(slots=True)
class Deployment:
    """An entry of a service's `deployments`."""

    id: str
    revision: ServiceRevision
    desired: int
    created_at: datetime
    updated_at: datetime
    status: str = "PRIMARY"
    running: int = 0
    pending: int = 0
    failed: int = 0
    state: str = "IN_PROGRESS"
    reason: str = ""
    entry: ServiceDeployment | None = None
    """Its place in the history."""
    rolls_back: bool = False

    @property
    def is_bad(self) -> bool:
        return any(tag_of(image).startswith("bad") for image in self.revision.definition.images)

    def described(self) -> dict[str, Any]:
        settings = {name: member for name, member in self.revision.settings.items() if name in _SHOWN}
        return {
            "id": self.id,
            "status": self.status,
            "taskDefinition": self.revision.definition.arn,
            "desiredCount": self.desired,
            "runningCount": self.running,
            "pendingCount": self.pending,
            "failedTasks": self.failed,
            "createdAt": self.created_at,
            "updatedAt": self.updated_at,
            "rolloutState": self.state,
            "rolloutStateReason": self.reason or f"ECS deployment {self.id} in progress.",
            **settings,
        }


@dataclass(slots=True)
class Rollout:
    """The deployments of one service, its history and its events."""

    name: str
    cluster: str
    place: Place
    tasks: Tasks
    is_daemon: bool
    has_history: bool = True
    """Services with another controller have none."""
    rollback_returns: bool = False
    """Whether a rollback brings back the old deployment, instead of a new one of the old revision."""
    hides_new: int = 0
    """Looks at the history at which a new deployment isn't there yet."""
    breaker: Members = field(default_factory=dict)
    deployments: list[Deployment] = field(default_factory=list)
    history: list[ServiceDeployment] = field(default_factory=list)
    revisions: list[ServiceRevision] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    _left: dict[str, str] = field(default_factory=dict)
    """The ids of deployments that have completed, by the ARN of their revision, the last one last."""

    @property
    def primary(self) -> Deployment:
        return self.deployments[0]

    def begin(self, definition: Registered, settings: Members, desired: int) -> Deployment:
        """A new deployment; what was under way is replaced."""
        now = self.place.pass_time(1)
        number = 4_000_000_000_000_000_000 + self.place.number()
        revision = ServiceRevision(self._arn("service-revision", number), definition, dict(settings), now)
        self.revisions.append(revision)
        sources = tuple(deployment.revision for deployment in self.deployments)
        made = self._primary(revision, desired)
        if self.has_history:
            for entry in self.history:
                if entry.is_running:
                    entry.status, entry.stopped_at, entry.finished_at = "STOPPED", now, now
                    entry.reason = "Service deployment stopped: it was replaced by a new one."
            arn = self._arn("service-deployment", f"{self.place.number():021x}")
            watches = "MONITORING" if self.breaker.get("enable") else "DISABLED"
            made.entry = ServiceDeployment(arn, revision, sources, now, self.hides_new, breaker=watches)
            self.history.append(made.entry)
        return made

    def _primary(self, revision: ServiceRevision, desired: int, id_: str = "") -> Deployment:
        now = self.place.now
        for deployment in self.deployments:
            deployment.status = "ACTIVE"
        id_ = id_ or f"ecs-svc/{7_000_000_000_000_000_000 + self.place.number()}"
        made = Deployment(id_, revision, INSTANCES if self.is_daemon else desired, now, now)
        self.deployments.insert(0, made)
        return made

    def _arn(self, kind: str, name: object) -> str:
        return self.place.arn(f"{kind}/{self.cluster}/{self.name}/{name}")

    def say(self, message: str) -> None:
        event = {
            "id": f"event-{self.place.number()}",
            "createdAt": self.place.now,
            "message": f"(service {self.name}) {message}",
        }
        self.events.insert(0, event)
        del self.events[100:]

    def stop(self, arn: str) -> None:
        """StopServiceDeployment's rollback: it begins at the next look."""
        primary = self.primary
        if not primary.entry or primary.entry.arn != arn or not primary.entry.is_running:
            raise invalid("The service deployment can't be stopped: it isn't in progress.")
        if not primary.entry.sources:
            raise invalid("The service deployment can't be rolled back: there is no earlier service revision.")
        primary.entry.status = "ROLLBACK_REQUESTED"

    # -- time passes -------------------------------------------------------------------------------------------

    def move(self) -> None:
        """One step."""
        self.place.pass_time(5)
        if not self.deployments:
            return
        primary = self.primary
        if primary.entry and primary.entry.status == "PENDING":
            primary.entry.status = "IN_PROGRESS"
        if primary.entry and primary.entry.status == "ROLLBACK_REQUESTED":
            self._roll_back(primary, "Service deployment rolled back because of a StopServiceDeployment request.")
        elif primary.state == "FAILED":
            return
        elif primary.is_bad:
            self._fail_once(primary)
        elif primary.running != primary.desired:
            self._scale(primary)
        elif self.deployments[1:]:
            self._drain()
        elif primary.state == "IN_PROGRESS":
            self._complete(primary)

    def _scale(self, deployment: Deployment) -> None:
        missing = deployment.desired - deployment.running
        if missing < 0:
            for task in self._tasks_of(deployment, "RUNNING")[:-missing]:
                task.stop("ServiceSchedulerInitiated", f"Scaling activity initiated by deployment {deployment.id}")
            self.say(f"has stopped {-missing} running tasks.")
            deployment.running = deployment.desired
        elif deployment.pending:
            for task in self._tasks_of(deployment, "PENDING"):
                task.status = "RUNNING"
            deployment.running, deployment.pending = deployment.running + deployment.pending, 0
        else:
            for _ in range(missing):
                self._start(deployment)
            deployment.pending = missing
            self.say(f"has started {missing} tasks.")

    def _drain(self) -> None:
        old = self.deployments[-1]
        if not old.running and not old.pending:
            self.deployments.remove(old)
            return
        for status in ("RUNNING", "PENDING"):
            for task in self._tasks_of(old, status):
                task.stop("ServiceSchedulerInitiated", f"Scaling activity initiated by deployment {self.primary.id}")
        self.say(f"has stopped {old.running} running tasks.")
        old.desired = old.running = old.pending = 0

    def _complete(self, deployment: Deployment) -> None:
        deployment.state, deployment.reason = "COMPLETED", f"ECS deployment {deployment.id} completed."
        deployment.updated_at = self.place.now
        self._left.pop(deployment.revision.arn, None)
        self._left[deployment.revision.arn] = deployment.id
        if deployment.entry:
            deployment.entry.status = "ROLLBACK_SUCCESSFUL" if deployment.rolls_back else "SUCCESSFUL"
            deployment.entry.finished_at = self.place.now
            if deployment.entry.breaker == "MONITORING":
                deployment.entry.breaker = "MONITORING_COMPLETE"
        self.say(f"(deployment {deployment.id}) deployment completed.")
        self.say("has reached a steady state.")

    def _fail_once(self, deployment: Deployment) -> None:
        deployment.failed += 1
        task = self._start(deployment)
        task.ending = CANNOT_PULL if task.ending.never_starts else _exited_badly(deployment)
        task.end()
        if deployment.entry and not deployment.rolls_back:
            deployment.entry.failures = deployment.failed
        if deployment.failed == 1:
            self.say(f"has started 1 tasks: (task {task.arn.rpartition('/')[2]}).")
        if self.breaker.get("enable") and deployment.failed >= FAILURES_BEFORE_BREAKING:
            self._break(deployment)

    def _break(self, deployment: Deployment) -> None:
        deployment.state, deployment.updated_at = "FAILED", self.place.now
        deployment.reason = "ECS deployment circuit breaker: tasks failed to start."
        self.say(f"(deployment {deployment.id}) deployment failed: tasks failed to start.")
        entry = deployment.entry
        if deployment.rolls_back:
            if entry:
                entry.status, entry.finished_at = "ROLLBACK_FAILED", self.place.now
            return
        if entry:
            entry.breaker = "TRIGGERED"
        reason = "Service deployment rolled back because the circuit breaker threshold was exceeded."
        if self.breaker.get("rollback") and self._left:
            self._roll_back(deployment, reason)
        elif entry:
            entry.status, entry.finished_at, entry.stopped_at = "STOPPED", self.place.now, self.place.now
            entry.reason = "The circuit breaker threshold was exceeded."

    def _roll_back(self, deployment: Deployment, reason: str) -> None:
        arn = list(self._left)[-1] if self._left else deployment.entry.sources[0].arn  # type: ignore[union-attr]
        revision = next(one for one in self.revisions if one.arn == arn)
        entry, old_id = deployment.entry, self._left.get(arn, "")
        still_there = [one for one in self.deployments if one.revision.arn == arn]
        made = self._primary(revision, deployment.desired, old_id if self.rollback_returns else "")
        for one in still_there:  # its tasks stay
            made.running += one.running
            for task in self._tasks_of(one, "RUNNING"):
                task.started_by = made.id
            if self.rollback_returns:
                made.created_at = one.created_at
            self.deployments.remove(one)
        made.rolls_back, made.entry = True, entry
        made.reason = f"ECS deployment circuit breaker: rolling back to deploymentId {old_id}."
        self.say(f"rolling back to deployment {old_id}.")
        if entry:
            entry.status, entry.reason = "ROLLBACK_IN_PROGRESS", reason
            entry.rollback = {"reason": reason, "startedAt": self.place.now, "serviceRevisionArn": arn}

    def _start(self, deployment: Deployment) -> Any:
        task = self.tasks.start(self.cluster, deployment.revision.definition, f"service:{self.name}", deployment.id)
        task.status = "PENDING"
        return task

    def _tasks_of(self, deployment: Deployment, status: str) -> list[Any]:
        return [task for task in self.tasks.of_deployment(deployment.id) if task.status == status]


def _exited_badly(deployment: Deployment) -> Ending:
    names = [container["name"] for container in deployment.revision.definition.containers]
    return Ending(dict.fromkeys(names, 1))

"""What is new about a deployment since the last look: its counts, its state, the service's events, each said once.

In: looks; out: moments, ECS's own with ECS's time. Pure.
"""

from datetime import datetime

from esprestack.plan.outcome import Moment
from esprestack.services.deployments import Deployment, ServiceDeployment, ServiceNow
from esprestack.services.model import Handle


class Progress:
    """Of one deployment."""

    def __init__(self, handle: Handle) -> None:
        self._since = handle.started_at
        self._told_events: set[str] | None = None
        self._told_counts = ""
        self._told_state = ""

    def news(self, now: ServiceNow, entry: ServiceDeployment | None, at: datetime) -> list[Moment]:
        """What this look, made at `at`, shows that the last one didn't."""
        return [*self._events(now), *self._state(entry, at), *self._counts(now, at)]

    def _events(self, now: ServiceNow) -> list[Moment]:
        """Those since the deployment began; where nobody knows when that was, those since the first look."""
        if self._told_events is None:
            old = [id_ for id_, moment in now.events if self._since is None or moment.at < self._since]
            self._told_events = set(old)
        new = [(id_, moment) for id_, moment in reversed(now.events) if id_ not in self._told_events]
        self._told_events.update(id_ for id_, _ in new)
        return sorted((moment for _, moment in new), key=lambda moment: moment.at)

    def _state(self, entry: ServiceDeployment | None, at: datetime) -> list[Moment]:
        if entry is None:
            return []
        reason = entry.reason or entry.rollback_reason
        said = f"deployment {entry.status}{f', {entry.stage}' if entry.stage else ''}{f': {reason}' if reason else ''}"
        is_new, self._told_state = said != self._told_state, said
        return [Moment(at, said)] if is_new else []

    def _counts(self, now: ServiceNow, at: datetime) -> list[Moment]:
        said = "; ".join(map(counts_text, now.deployments))
        is_new, self._told_counts = said != self._told_counts, said
        return [Moment(at, said)] if is_new and said else []


def counts_text(deployment: Deployment) -> str:
    """`web:2 1 of 2 running, 1 pending, IN_PROGRESS`."""
    parts = [
        f"{deployment.task_definition.rpartition('/')[2]} {deployment.running} of {deployment.desired} running",
        f"{deployment.pending} pending" if deployment.pending else "",
        f"{deployment.failed} failed" if deployment.failed else "",
        deployment.state if deployment.state != "COMPLETED" else "",
    ]
    return ", ".join(filter(None, parts))

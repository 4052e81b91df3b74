"""A service at a moment, as text and as JSON. Pure.

In: the service and the last entry of its history; out: what people want to know first.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from esprestack.plan.outcome import Moment
from esprestack.reports.text import iso
from esprestack.services.deployments import ServiceDeployment, ServiceNow
from esprestack.services.progress import counts_text


def status_text(now: ServiceNow, cluster: str, last: ServiceDeployment | None, events: int) -> str:
    """Some lines: state, deployments, the last deployment of the history, the last events, the newest one last."""
    return "".join(f"{line}\n" for line in _lines(now, cluster, last, events))


def _lines(now: ServiceNow, cluster: str, last: ServiceDeployment | None, events: int) -> Iterator[str]:
    kind = "" if now.controller == "ECS" else f", deployed by {now.controller}"
    yield f"service {now.name} of the cluster {cluster}: {now.status}{', DAEMON' if now.is_daemon else ''}{kind}"
    for one in now.deployments:
        yield f"  {one.status} {counts_text(one)} ({one.id})"
    if last is not None:
        reason = last.reason or last.rollback_reason
        yield f"  last deployment: {last.status}{f': {reason}' if reason else ''}{_since(last.created_at)}"
    shown = _last(now, events)
    if shown:
        yield "events:"
    for moment in shown:
        yield f"  {moment.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} {moment.what}"


def status_json(now: ServiceNow, last: ServiceDeployment | None, events: int) -> str:
    """One object."""
    document: dict[str, Any] = {
        "service": now.name,
        "service_arn": now.arn,
        "status": now.status,
        "deployments": [
            {
                "id": one.id,
                "status": one.status,
                "task_definition": one.task_definition,
                "desired": one.desired,
                "running": one.running,
                "pending": one.pending,
                "failed": one.failed,
                "rollout_state": one.state,
                "rollout_state_reason": one.reason,
                "created_at": iso(one.created_at) if one.created_at else None,
            }
            for one in now.deployments
        ],
        "last_deployment": {
            "arn": last.arn,
            "status": last.status,
            "reason": last.reason or last.rollback_reason,
            "created_at": iso(last.created_at) if last.created_at else None,
        }
        if last
        else None,
        "events": [{"at": iso(moment.at), "message": moment.what} for moment in _last(now, events)],
    }
    return json.dumps(document, ensure_ascii=False) + "\n"


def _last(now: ServiceNow, events: int) -> list[Moment]:
    return [moment for _, moment in now.events[:events]][::-1]


def _since(at: datetime | None) -> str:
    return f", begun {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else ""

"""How a deployment ended, judged by what ECS says of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from esprestack.plan.outcome import Moment
from esprestack.services.deployments import Deployment, ServiceDeployment, ServiceNow, service_deployment, service_now
from esprestack.services.model import Handle, Verdict
from esprestack.services.verdict import PATIENCE, by_deployments, by_history

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
OURS = "ecs-svc/2"


def later(seconds: int) -> datetime:
    return NOON + timedelta(seconds=seconds)


HANDLE = Handle("arn", "web:2", OURS, started_at=later(2))


def a_deployment(number: int, status: str = "PRIMARY", **members: Any) -> Deployment:
    usual: dict[str, Any] = {"desired": 2, "running": 2, "state": "COMPLETED", "created_at": later(number)}
    return Deployment(f"ecs-svc/{number}", status, f"web:{number}", **(usual | members))


def a_service(*deployments: Deployment, events: tuple[str, ...] = (), status: str = "ACTIVE") -> ServiceNow:
    """Events come ten seconds later, the newest first."""
    moments = tuple((f"event-{what}", Moment(later(10), what)) for what in events)
    return ServiceNow("web", "arn", status, "ECS", False, deployments, moments)


def verdict(now: ServiceNow, missed: int = 0) -> Verdict | None:
    return by_deployments(HANDLE, now, missed).verdict


OTHER = a_deployment(1, "ACTIVE", state="IN_PROGRESS")
BACK = a_deployment(3, reason="ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1.")
FAILED = a_deployment(2, "ACTIVE", state="FAILED", running=0, reason="tasks failed to start.")
SAID = f"(service web) (deployment {OURS}) deployment failed: tasks failed to start."


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (a_service(a_deployment(2)), Verdict.SUCCEEDED),
        (a_service(a_deployment(2), OTHER), Verdict.SUCCEEDED),
        (a_service(a_deployment(2, running=1)), None),
        (a_service(a_deployment(2, pending=1)), None),
        (a_service(a_deployment(2, state="IN_PROGRESS")), None),
        (a_service(a_deployment(2, state="FAILED")), Verdict.FAILED),
        (a_service(a_deployment(2, state="")), Verdict.SUCCEEDED),
        (a_service(a_deployment(2, state=""), OTHER), None),
        (a_service(a_deployment(2), status="DRAINING"), Verdict.FAILED),
        (a_service(), Verdict.FAILED),
        (a_service(BACK, FAILED), Verdict.ROLLED_BACK),
        (a_service(a_deployment(3, state="IN_PROGRESS"), FAILED), None),
        (a_service(a_deployment(3, state="FAILED"), FAILED), Verdict.FAILED),
        (a_service(BACK), Verdict.ROLLED_BACK),
        (a_service(a_deployment(3), events=(SAID,)), Verdict.ROLLED_BACK),
        (a_service(a_deployment(1), events=(SAID,)), Verdict.ROLLED_BACK),
        (a_service(a_deployment(3)), Verdict.SUPERSEDED),
        (a_service(a_deployment(3), a_deployment(2, "ACTIVE", state="IN_PROGRESS")), Verdict.SUPERSEDED),
        (a_service(BACK, events=(SAID.replace(OURS, "ecs-svc/9"),)), Verdict.SUPERSEDED),
        (a_service(a_deployment(1)), None),
    ],
)
def test_the_services_deployments_tell_how_ours_ended(now: ServiceNow, expected: Verdict | None) -> None:
    assert verdict(now) is expected


def test_a_deployment_that_stays_missing_is_called_gone_after_some_looks() -> None:
    stale = a_service(a_deployment(1))
    assert [verdict(stale, missed) for missed in (PATIENCE - 1, PATIENCE)] == [None, Verdict.FAILED]


_deployments = st.builds(
    a_deployment,
    st.integers(1, 4),
    st.sampled_from(["PRIMARY", "ACTIVE"]),
    state=st.sampled_from(["COMPLETED", "IN_PROGRESS", "FAILED", ""]),
    running=st.integers(0, 2),
    reason=st.sampled_from(["", BACK.reason]),
)


@settings(max_examples=80)
@given(
    st.lists(_deployments, max_size=3, unique_by=lambda one: one.id), st.integers(0, 12), st.sampled_from([(), (SAID,)])
)
def test_nothing_but_our_own_completed_deployment_is_a_success(
    found: list[Deployment], missed: int, events: tuple[str, ...]
) -> None:
    now = a_service(*found, events=events)
    if verdict(now, missed) is Verdict.SUCCEEDED:
        primary = now.primary
        assert primary is not None
        assert (primary.id, primary.running) == (OURS, 2)
        assert primary.state in ("COMPLETED", "")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("PENDING", None),
        ("IN_PROGRESS", None),
        ("STOP_REQUESTED", None),
        ("ROLLBACK_REQUESTED", None),
        ("ROLLBACK_IN_PROGRESS", None),
        ("SUCCESSFUL", Verdict.SUCCEEDED),
        ("ROLLBACK_SUCCESSFUL", Verdict.ROLLED_BACK),
        ("ROLLBACK_FAILED", Verdict.FAILED),
        ("STOPPED", Verdict.FAILED),
        ("SOMETHING_NEW", None),
    ],
)
def test_the_history_tells_how_ours_ended(status: str, expected: Verdict | None) -> None:
    entry = ServiceDeployment("arn", status, "target", created_at=later(2))
    assert by_history(HANDLE, entry, a_service(a_deployment(2))).verdict is expected


@pytest.mark.parametrize("handle", [HANDLE, Handle("arn", "web:2", "", "arn", started_at=later(2))])
def test_a_stopped_deployment_was_superseded_or_failed(handle: Handle) -> None:
    entry = ServiceDeployment("arn", "STOPPED", "target", created_at=later(2))
    broken = ServiceDeployment("arn", "STOPPED", "target", "the breaker", later(2), broken=True)
    replaced = a_service(a_deployment(4))
    assert by_history(handle, entry, replaced).verdict is Verdict.SUPERSEDED
    assert by_history(handle, entry, replaced).reason == "ecs-svc/4 with web:4 took its place"
    assert by_history(handle, broken, replaced).reason == "the breaker"
    assert by_history(handle, entry, a_service(a_deployment(2))).verdict is Verdict.FAILED


def test_answers_with_as_little_as_aws_requires_are_read() -> None:
    now = service_now({"serviceName": "web", "serviceArn": "arn"})
    assert (now.primary, now.events, now.controller) == (None, (), "ECS")
    entry = service_deployment({"serviceDeploymentArn": "arn"})
    assert (entry.status, entry.target, entry.broken) == ("", "", False)
    alarmed = {"serviceDeploymentArn": "arn", "alarms": {"status": "TRIGGERED"}, "rollback": {"reason": "alarm"}}
    assert (service_deployment(alarmed).broken, service_deployment(alarmed).rollback_reason) == (True, "alarm")

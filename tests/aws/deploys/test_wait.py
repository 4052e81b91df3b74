"""The wait for one deployment: how it ended, said by that deployment alone, in this process or in another one."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.aws.account import CLUSTER, arn, just_before
from tests.aws.deploys.builders import a_container, a_daemon, a_definition, a_service
from tests.aws.deploys.deploying import deployed
from tests.aws.deploys.waiting import Clock, Told, waited
from tests.aws.deploys.world import World
from tests.support.ecs_server import EcsServer, ScriptedEcs
from tests.support.shaky_front import Fault

from esprestack.errors import AwsError, InputError
from esprestack.services import handles, meant
from esprestack.services.ecs import Ecs
from esprestack.services.model import Handle, StoppedTask, Verdict

NO_BREAKER = {"deploymentCircuitBreaker": {"enable": False, "rollback": False}}
NO_ROLLBACK = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}


def in_another_process(handle: Handle) -> Handle:
    """The handle as `deploy --no-wait --format json` printed it."""
    return handles.from_text(handles.to_json(handle))


@pytest.fixture(params=["with the history", "without the history"])
def history(request: pytest.FixtureRequest, server: EcsServer) -> None:
    """Every verdict is the same where nobody may read the history of service deployments."""
    if request.param == "without the history":
        for operation in ("ListServiceDeployments", "DescribeServiceDeployments", "DescribeServiceRevisions"):
            server.fail(operation, "AccessDeniedException", times=None)


@pytest.fixture(params=[False, True], ids=["as a new deployment", "as the old deployment"])
def rolled_back(request: pytest.FixtureRequest, ecs: ScriptedEcs) -> None:
    """A rollback brings the old revision back, in either form that a service may show."""
    ecs.services.rollback_returns = request.param


# -- verdicts --------------------------------------------------------------------------------------------------


def test_a_deployment_that_completes_is_a_success(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, history: None
) -> None:
    world.runs("app:1")
    ended = waited(client, ecs, clock, deployed(client))
    assert (ended.verdict, ended.reason, ended.stopped, ended.todo) == (Verdict.SUCCEEDED, "", (), "")
    assert world.running == "web:2"


def test_a_deploy_that_the_circuit_breaker_rolled_back_is_no_success(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, history: None, rolled_back: None
) -> None:
    world.runs("app:1")
    ended = waited(client, ecs, clock, deployed(client, "app:bad2"))
    assert ended.verdict is Verdict.ROLLED_BACK
    assert "circuit breaker" in ended.reason or "tasks failed to start" in ended.reason
    assert [one.state for one in ecs.service().rollout.deployments] == ["COMPLETED"]  # it waited for the rollback
    assert world.running == "web:1"


def test_a_deploy_that_was_rolled_back_is_no_success_for_a_wait_in_another_process(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, history: None, rolled_back: None
) -> None:
    world.runs("app:1")
    handle = deployed(client, "app:bad2")
    ecs.settle()  # the service is stable again, with web:1
    ended = waited(client, ecs, clock, in_another_process(handle))
    assert ended.verdict is Verdict.ROLLED_BACK
    assert clock.pauses == []


def test_a_service_that_is_stable_again_is_no_success_where_nobody_names_a_deployment(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, history: None, rolled_back: None
) -> None:
    world.runs("app:1")
    deployed(client, "app:bad2")
    ecs.settle()
    assert waited(client, ecs, clock, meant.last_deployment(client)).verdict is Verdict.ROLLED_BACK
    deployed(client, "app:3")
    ecs.settle()
    assert waited(client, ecs, clock, meant.last_deployment(client)).verdict is Verdict.SUCCEEDED


def test_a_first_deployment_that_fails_is_a_failure(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, history: None
) -> None:
    ended = waited(client, ecs, clock, deployed(client, "app:bad1"))
    assert ended.verdict is Verdict.FAILED
    assert "circuit breaker" in ended.reason


def test_a_breaker_that_does_not_roll_back_is_a_failure(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, history: None
) -> None:
    service = a_service(deploymentConfiguration=NO_ROLLBACK)
    world.runs("app:1", deploymentConfiguration=NO_ROLLBACK)
    ended = waited(client, ecs, clock, deployed(client, "app:bad2", service))
    assert ended.verdict is Verdict.FAILED
    assert world.running == "web:2"


def test_a_rollback_that_fails_as_well_is_a_failure(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, history: None
) -> None:
    world.runs("app:1")
    handle = deployed(client, "app:bad2")
    world.ecs.definitions.find("web:1").document["containerDefinitions"][0]["image"] = "app:bad1"
    ended = waited(client, ecs, clock, handle)
    assert ended.verdict is Verdict.FAILED
    assert ended.reason.startswith("the rollback failed as well: ")


@pytest.mark.parametrize("later", ["at once", "when all is over"])
def test_another_deployment_in_its_place_is_said(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, history: None, later: str
) -> None:
    world.runs("app:1")
    handle = deployed(client)
    world.registers("app:3")
    world.deploys("web:3")
    newer = ecs.service().rollout.primary.id
    if later == "when all is over":
        ecs.settle()
    ended = waited(client, ecs, clock, in_another_process(handle))
    assert (ended.verdict, ended.reason) == (Verdict.SUPERSEDED, f"{newer} with web:3 took its place")


def test_another_deployment_that_is_rolled_back_is_not_ours(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, history: None, rolled_back: None
) -> None:
    world.runs("app:1")
    handle = deployed(client)
    world.registers("app:bad3")
    world.deploys("web:3")
    ecs.settle()
    assert waited(client, ecs, clock, handle).verdict in (Verdict.SUPERSEDED, Verdict.FAILED)


def test_a_deployment_that_never_gets_healthy_times_out(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, history: None
) -> None:
    world.runs("app:1", deploymentConfiguration=NO_BREAKER)
    handle = deployed(client, "app:bad2", a_service(breaker=False))
    ended = waited(client, ecs, clock, handle, timeout=60.0)
    assert (ended.verdict, ended.reason) == (Verdict.TIMED_OUT, "it isn't done after 60 s")
    assert ended.todo == f"it goes on; wait for it with `esprestack wait --deployment {handles.to_text(ended.handle)}`"
    assert clock.now == 60.0
    assert clock.pauses[:5] == [2.0, 3.0, 4.5, 6.75, 10.0]


def test_who_presses_ctrl_c_does_not_wait(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, history: None
) -> None:
    world.runs("app:1")
    clock.stops_at = 2
    ended = waited(client, ecs, clock, deployed(client))
    assert (ended.verdict, ended.reason) == (Verdict.STOPPED, "nobody waits for it any more")
    assert ended.todo.startswith("it goes on; wait for it with `esprestack wait --deployment ")


def test_a_service_that_is_deleted_meanwhile_is_a_failure(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, history: None
) -> None:
    world.runs("app:1")
    handle = deployed(client)
    ecs.answer("DeleteService", {"cluster": CLUSTER, "service": "web", "force": True})
    ended = waited(client, ecs, clock, handle)
    assert (ended.verdict, ended.reason) == (Verdict.FAILED, "there is no service `web` any more")


def test_a_daemon_is_waited_for(client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, history: None) -> None:
    daemon = a_daemon()
    assert waited(client, ecs, clock, deployed(client, "app:1", daemon)).verdict is Verdict.SUCCEEDED
    assert waited(client, ecs, clock, deployed(client, "app:bad2", daemon)).verdict is Verdict.ROLLED_BACK


def test_a_new_count_is_waited_for_though_there_is_no_deployment_of_it(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, history: None
) -> None:
    world.runs("app:1")
    handle = deployed(client, "app:1", tasks=4)
    ended = waited(client, ecs, clock, in_another_process(handle))
    assert (ended.verdict, ecs.service().rollout.primary.running) == (Verdict.SUCCEEDED, 4)
    assert len(clock.pauses) > 0


# -- which deployment ------------------------------------------------------------------------------------------


def test_a_deployment_is_found_in_the_history_when_it_shows(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock
) -> None:
    world.runs("app:1")
    ecs.service().rollout.hides_new = 3
    handle = deployed(client, "app:bad2")
    assert handle.service_deployment_arn == ""
    ended = waited(client, ecs, clock, handle)
    assert ended.verdict is Verdict.ROLLED_BACK
    assert ended.handle.service_deployment_arn == ecs.service().rollout.history[-1].arn


def test_reads_that_lag_behind_are_no_verdict(client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock) -> None:
    world.runs("app:1")
    stale = ecs.answer("DescribeServices", {"cluster": CLUSTER, "services": ["web"]})
    handle = replace(deployed(client), service_deployment_arn="")
    ecs.service().rollout.history[-1].hidden = 99
    describe, looks = ecs.services.describe, iter([stale] * 4)
    ecs.replace("DescribeServices", lambda asked: next(looks, None) or describe(asked))
    assert waited(client, ecs, clock, handle).verdict is Verdict.SUCCEEDED
    assert len(clock.pauses) > 4


def test_a_deployment_that_ecs_never_heard_of_is_no_success(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, history: None
) -> None:
    world.runs("app:1")
    ended = waited(client, ecs, clock, Handle(arn("ecs", f"service/{CLUSTER}/web"), "", "ecs-svc/42"))
    assert (ended.verdict, ended.reason) == (
        Verdict.FAILED,
        "ECS doesn't list ecs-svc/42 any more; the service runs web:1",
    )


@pytest.mark.parametrize("image", ["app:2", "app:bad2"])
@pytest.mark.parametrize(
    "form", [handles.to_json, lambda one: one.service_deployment_arn, lambda one: one.deployment_id]
)
def test_a_handle_in_any_form_leads_to_the_same_verdict(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, image: str, form: Callable[[Handle], str]
) -> None:
    world.runs("app:1")
    handle = deployed(client, image)
    again = meant.completed(client, handles.from_text(form(handle), handle.service_arn))
    assert (again.deployment_id, again.task_definition_arn) == (handle.deployment_id, handle.task_definition_arn)
    assert handles.scope_of(again) == client.scope
    expected = Verdict.ROLLED_BACK if "bad" in image else Verdict.SUCCEEDED
    assert waited(client, ecs, clock, again).verdict is expected


def test_the_active_deployment_is_waited_for_where_none_is_named(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, history: None
) -> None:
    world.runs("app:1")
    handle = deployed(client)
    last = meant.last_deployment(client)
    assert (last.deployment_id, last.task_definition_arn) == (handle.deployment_id, handle.task_definition_arn)
    assert waited(client, ecs, clock, last).verdict is Verdict.SUCCEEDED


@pytest.mark.parametrize("looks", range(3, 9))
def test_a_deployment_that_is_being_taken_back_is_the_last_one_at_any_moment(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, history: None, rolled_back: None, looks: int
) -> None:
    world.runs("app:1")
    deployed(client, "app:bad2")
    for _ in range(looks):
        ecs.service().rollout.move()
    assert waited(client, ecs, clock, meant.last_deployment(client)).verdict is Verdict.ROLLED_BACK


def test_a_deployment_that_the_history_does_not_know_yet_is_the_last_one(
    client: Ecs, ecs: ScriptedEcs, world: World
) -> None:
    world.runs("app:1")
    ecs.service().rollout.hides_new = 9
    ecs.place.pass_time(60)
    handle = deployed(client)
    assert meant.last_deployment(client).deployment_id == handle.deployment_id


def test_without_a_service_there_is_nothing_to_wait_for(client: Ecs) -> None:
    with pytest.raises(InputError, match="there is no service `web` in the cluster `jobs`"):
        meant.last_deployment(client)


# -- what is told ----------------------------------------------------------------------------------------------


def test_counts_states_and_events_are_told_once_each(client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock) -> None:
    world.runs("app:1")
    told = Told()
    handle = deployed(client)
    ended = waited(client, ecs, clock, handle, told)
    assert told.lines == [
        "(service web) has started 2 tasks.",
        "deployment IN_PROGRESS",
        "web:2 0 of 2 running, 2 pending, IN_PROGRESS; web:1 2 of 2 running",
        "web:2 2 of 2 running, IN_PROGRESS; web:1 2 of 2 running",
        "(service web) has stopped 2 running tasks.",
        "web:2 2 of 2 running, IN_PROGRESS; web:1 0 of 0 running",
        "web:2 2 of 2 running, IN_PROGRESS",
        f"(service web) (deployment {handle.deployment_id}) deployment completed.",
        "(service web) has reached a steady state.",
        "deployment SUCCESSFUL",
        "web:2 2 of 2 running",
    ]
    assert [moment.what for moment in ended.timeline] == [*told.lines, "succeeded"]
    times = [moment.at for moment in ended.timeline]
    assert times == sorted(times)


@pytest.mark.parametrize("image", ["app:1", "app:2"], ids=["a count", "a deployment"])
def test_events_of_before_are_not_told(client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, image: str) -> None:
    world.runs("app:1")
    completed = f"(service web) (deployment {ecs.service().rollout.primary.id}) deployment completed."
    assert completed in [event["message"] for event in ecs.service().rollout.events]
    told = Told()
    waited(client, ecs, clock, deployed(client, image, tasks=3), told)
    assert completed not in told.lines
    assert told.lines[-1].endswith(" 3 of 3 running")


def test_why_tasks_stopped_is_told_with_their_last_lines(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, server: EcsServer, past: Mapping[str, Any]
) -> None:
    logs = {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web", "awslogs-stream-prefix": "web"}}
    definition = a_definition(containerDefinitions=[a_container(image="app:bad2", logConfiguration=logs)])
    world.runs("app:1")
    handle = deployed(client, definition)
    past["logs"].create_log_group(logGroupName="/ecs/web")

    def write() -> None:
        for task in ecs.tasks.of_deployment(handle.deployment_id):
            stream = {"logGroupName": "/ecs/web", "logStreamName": f"web/app/{task.arn.rpartition('/')[2]}"}
            past["logs"].create_log_stream(**stream)
            lines = [{"timestamp": 1_795_770_000_000 + at, "message": f"line {at}"} for at in range(1, 13)]
            past["logs"].put_log_events(**stream, logEvents=lines)

    just_before(server, "ListTasks", write)
    ended = waited(client, ecs, clock, handle)
    ids = [task.arn.rpartition("/")[2] for task in ecs.tasks.of_deployment(handle.deployment_id)]
    assert len(ids) == 3
    assert ended.stopped == tuple(
        StoppedTask(
            id_, "Essential container in task exited", (("app", 1, ""),), tuple(f"line {n}" for n in range(3, 13))
        )
        for id_ in ids
    )


def test_why_a_task_did_not_start_is_told_with_a_remedy(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, history: None
) -> None:
    world.runs("app:1")
    ended = waited(client, ecs, clock, deployed(client, "app:bad-pull"))
    assert ended.verdict is Verdict.ROLLED_BACK
    assert ended.stopped[-1].reason.startswith("CannotPullContainerError")
    assert ended.stopped[-1].containers == (("app", None, "CannotPullContainerError: not found"),)
    assert ended.todo.startswith("check image and tag, and that the execution role")


def test_what_cannot_be_seen_of_stopped_tasks_is_said(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, server: EcsServer
) -> None:
    server.fail("ListTasks", "AccessDeniedException", "not you")
    world.runs("app:1")
    told = Told()
    ended = waited(client, ecs, clock, deployed(client, "app:bad2"), told)
    assert (ended.verdict, ended.stopped) == (Verdict.ROLLED_BACK, ())
    assert told.lines[-1].startswith("why tasks stopped can't be seen: ecs:ListTasks: AccessDeniedException: not you")


def test_log_lines_that_cannot_be_read_are_said_once(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, server: EcsServer
) -> None:
    logs = {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web", "awslogs-stream-prefix": "web"}}
    definition = a_definition(containerDefinitions=[a_container(image="app:bad2", logConfiguration=logs)])
    server.fail("GetLogEvents", "AccessDeniedException", "not you", times=None)
    world.runs("app:1")
    told = Told()
    ended = waited(client, ecs, clock, deployed(client, definition), told)
    assert [(task.reason, task.last_lines) for task in ended.stopped] == [
        ("Essential container in task exited", ())
    ] * 3
    assert [line.partition(":")[0] for line in told.lines if "log lines" in line] == [
        "log lines of stopped tasks can't be read"
    ]


def test_a_verdict_stands_where_credentials_end_with_it(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, server: EcsServer
) -> None:
    server.fail("ListTasks", "ExpiredTokenException", "too late")
    world.runs("app:1")
    assert waited(client, ecs, clock, deployed(client, "app:bad2")).verdict is Verdict.ROLLED_BACK


def test_a_history_that_nobody_may_read_is_said_once(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, server: EcsServer
) -> None:
    server.fail("ListServiceDeployments", "AccessDeniedException", "not you", times=None)
    world.runs("app:1")
    told = Told()
    assert waited(client, ecs, clock, deployed(client), told).verdict is Verdict.SUCCEEDED
    assert len([line for line in told.lines if line.startswith("how it ends is taken from DescribeServices")]) == 1


# -- AWS goes wrong --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Fault.LOST_BEFORE, Fault.BROKEN, Fault.THROTTLED], ids=str)
def test_a_network_that_fails_for_a_while_does_not_end_it(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, server: EcsServer, fault: Fault,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    world.runs("app:1")
    handle = deployed(client)
    server.choose = lambda *_: fault
    clock.acts[5] = server.calm
    told = Told()
    assert waited(client, ecs, clock, handle, told).verdict is Verdict.SUCCEEDED
    assert len([line for line in told.lines if line.startswith("AWS can't be asked")]) == 1


def test_a_network_that_stays_away_is_no_verdict(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, server: EcsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    world.runs("app:1")
    handle = deployed(client)
    server.choose = lambda *_: Fault.LOST_BEFORE
    with pytest.raises(AwsError) as error:
        waited(client, ecs, clock, handle)
    assert f"ask again with `esprestack wait --deployment {handle.service_deployment_arn}`" in str(error.value)
    assert len(clock.pauses) == 10


def test_who_may_not_look_gets_an_error_at_once(
    client: Ecs, ecs: ScriptedEcs, world: World, clock: Clock, server: EcsServer
) -> None:
    world.runs("app:1")
    handle = deployed(client)
    server.fail("DescribeServices", "AccessDeniedException", times=None)
    with pytest.raises(AwsError, match=r"allow ecs:DescribeServices .*nobody knows how the deployment ended"):
        waited(client, ecs, clock, handle)


# -- handles ---------------------------------------------------------------------------------------------------


def test_a_handle_survives_its_json(client: Ecs, world: World) -> None:
    world.runs("app:1")
    handle = deployed(client)
    assert in_another_process(handle) == handle
    assert set(json.loads(handles.to_json(handle))) == set(Handle.__dataclass_fields__)


@pytest.mark.parametrize(
    "text",
    ["", "web", "{}", "[]", '{"service_arn": 1}', '{"service_arn": "x", "deployment_id": "y", "z": "1"}', '{"started_at": 3}',
     "arn:aws:ecs:eu-central-1:1:service-deployment/x", '{"service_arn": "x", "deployment_id": "y", "started_at": "now"}'],
)  # fmt: skip
def test_what_is_no_handle_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        handles.from_text(text, "arn:aws:ecs:eu-central-1:123456789012:service/jobs/web")


def test_a_deployments_id_needs_its_service() -> None:
    with pytest.raises(InputError, match="together with --config"):
        handles.from_text("ecs-svc/42")
    with pytest.raises(InputError, match="is no service's ARN"):
        handles.scope_of(Handle("web", "", "ecs-svc/42"))

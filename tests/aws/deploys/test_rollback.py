"""A service that is taken back: to which revision and why, by ECS itself or by an update, and what is left alone."""

import contextlib
from collections.abc import Mapping
from typing import Any

import pytest
from tests.aws.account import CLUSTER_ARN, arn
from tests.aws.deploys.builders import a_daemon
from tests.aws.deploys.deploying import carried_out, cut_off, no_pause
from tests.aws.deploys.planning import a_plan
from tests.aws.deploys.waiting import Clock, waited
from tests.aws.deploys.world import World, name, updates, writes
from tests.support.ecs_server import EcsServer, ScriptedEcs
from tests.support.shaky_front import Fault

from esprestack.errors import EsprestackError, InputError, RefusedError
from esprestack.services.ecs import Ecs
from esprestack.services.in_use import of_service
from esprestack.services.model import Deployed, Verdict
from esprestack.services.pins import AccountPins
from esprestack.services.revisions import require_unused
from esprestack.services.rollback import Rollback, RollbackStarted, plan_rollback, roll_back


def begun(client: Ecs, said: list[str] | None = None) -> RollbackStarted:
    told: list[str] = [] if said is None else said
    return roll_back(client, plan_rollback(client), told.append, no_pause)


def rolled_back(client: Ecs, ecs: ScriptedEcs, clock: Clock) -> tuple[RollbackStarted, Deployed]:
    started = begun(client)
    return started, waited(client, ecs, clock, started.handle)


def planned(client: Ecs) -> tuple[str, str, list[str]]:
    """Target, reason and warnings."""
    rollback: Rollback = plan_rollback(client)
    return name(rollback.target), rollback.why, [warning.what for warning in rollback.warnings]


def refused(kind: type[EsprestackError], client: Ecs) -> str:
    with pytest.raises(kind) as error:
        plan_rollback(client)
    return str(error.value)


def deploys(world: World, *images: str) -> None:
    """Each is registered and deployed, whether it gets healthy or not."""
    for image in images:
        world.registers(image)
        world.deploys("web")
        world.ecs.settle()


def denies_the_history(server: EcsServer) -> None:
    server.fail("ListServiceDeployments", "AccessDeniedException", "not you", times=None)


# -- the target ------------------------------------------------------------------------------------------------


def test_the_last_revision_that_succeeded_before_the_current_one_is_the_target(
    client: Ecs, world: World, server: EcsServer, ecs: ScriptedEcs, clock: Clock
) -> None:
    world.runs("app:1", "app:2", "app:3")
    target, why, warnings = planned(client)
    assert (target, warnings) == ("web:2", [])
    assert why.startswith("it was deployed successfully at 2026-11-27 09:")
    assert writes(server) == []
    started, ended = rolled_back(client, ecs, clock)
    assert (ended.verdict, started.wanted, world.running) == (Verdict.SUCCEEDED, Verdict.SUCCEEDED, "web:2")
    assert updates(server) == [{"taskDefinition": arn("ecs", "task-definition/web:2")}]
    assert writes(server) == ["UpdateService"]


def test_a_rollback_does_not_pick_a_revision_that_never_ran(client: Ecs, world: World) -> None:
    world.runs("app:1", "app:2")
    deploys(world, "app:bad3", "app:bad-pull4")
    world.registers("app:5")  # a run registered it, nothing deployed it
    world.runs("app:6")
    assert (world.running, planned(client)[0]) == ("web:6", "web:2")


def test_a_run_and_a_deploy_of_one_image_do_not_make_it_its_own_target(client: Ecs, world: World) -> None:
    world.runs("app:1", "app:2")
    world.registers("app:3")
    carried_out(client, a_plan(client, "app:3"))
    world.ecs.settle()
    assert (world.running, planned(client)[0]) == ("web:3", "web:2")


def test_what_the_breaker_took_back_already_is_not_what_is_rolled_back(client: Ecs, world: World) -> None:
    world.runs("app:1", "app:2")
    deploys(world, "app:bad3")
    assert (world.running, planned(client)[0]) == ("web:2", "web:1")


def test_a_second_rollback_goes_further_back_and_not_forth(
    client: Ecs, world: World, ecs: ScriptedEcs, clock: Clock
) -> None:
    world.runs("app:1", "app:2", "app:3")
    for expected in ("web:2", "web:1"):
        rolled_back(client, ecs, clock)
        ecs.settle()
        assert world.running == expected
    said = refused(RefusedError, client)
    assert said.startswith("no revision was deployed successfully to the service `web` before web:1; web:2, web:3 was")


def test_a_revision_that_was_deregistered_is_passed_over(client: Ecs, world: World) -> None:
    world.runs("app:1", "app:2", "app:3")
    world.ecs.answer("DeregisterTaskDefinition", {"taskDefinition": "web:2"})
    assert planned(client) == (
        "web:1",
        planned(client)[1],
        ["web:2 was deployed successfully, and can't be deployed any more: it was deregistered"],
    )


def test_a_history_that_has_only_the_current_one_leaves_a_guess_that_is_called_one(
    client: Ecs, world: World, ecs: ScriptedEcs
) -> None:
    world.registers("app:1")
    world.runs("app:2")
    del ecs.service().rollout.history[:]
    assert planned(client) == (
        "web:1",
        "it is the next lower revision",
        ["web:1 is only the next lower revision: nobody knows whether it ever ran"],
    )


def test_a_history_that_nobody_may_read_leaves_a_guess_that_is_called_one(
    client: Ecs, world: World, server: EcsServer
) -> None:
    world.runs("app:1", "app:2")
    denies_the_history(server)
    target, why, warnings = planned(client)
    assert (target, why) == ("web:1", "it is the next lower revision")
    assert warnings == [
        "which deployments succeeded can't be read: ecs:ListServiceDeployments: AccessDeniedException: not you",
        "web:1 is only the next lower revision: nobody knows whether it ever ran",
    ]


def test_without_a_history_what_still_has_tasks_is_no_guess(client: Ecs, world: World, server: EcsServer) -> None:
    world.runs("app:1")
    world.registers("app:2", "app:bad3")
    world.deploys("web:3")
    denies_the_history(server)
    target, why, warnings = planned(client)
    assert (target, why) == ("web:1", "it completed, and still has tasks beside the new one")
    assert len(warnings) == 1


def test_a_service_that_never_succeeded_has_no_target(client: Ecs, world: World) -> None:
    world.registers("app:1")
    world.runs("app:bad2")
    assert refused(RefusedError, client).startswith("no revision was deployed successfully to the service `web`")


def test_a_service_that_is_not_there_or_not_ours_is_refused(client: Ecs, world: World) -> None:
    assert refused(InputError, client).startswith("there is no service `web` in the cluster `jobs`")
    world.runs("app:1", deploymentController={"type": "CODE_DEPLOY"})
    assert "is deployed by CodeDeploy" in refused(RefusedError, client)


# -- a deployment under way ------------------------------------------------------------------------------------


def under_way(world: World, image: str = "app:bad3") -> None:
    world.runs("app:1", "app:2")
    world.registers(image)
    world.deploys("web:3")


def test_ecs_takes_a_deployment_under_way_back_itself(
    client: Ecs, world: World, server: EcsServer, ecs: ScriptedEcs, clock: Clock
) -> None:
    under_way(world)
    said: list[str] = []
    assert planned(client)[0] == "web:2"
    started = begun(client, said)
    assert writes(server) == ["StopServiceDeployment"]
    assert said == ["ECS was told to stop the deployment of web:3, and to roll it back"]
    ended = waited(client, ecs, clock, started.handle)
    assert ended.verdict is started.wanted is Verdict.ROLLED_BACK
    assert world.running == "web:2"


@pytest.mark.parametrize("code", ["AccessDeniedException", "UnsupportedFeatureException", "ConflictException"])
def test_where_ecs_cannot_take_it_back_the_service_is_updated(
    client: Ecs, world: World, server: EcsServer, ecs: ScriptedEcs, clock: Clock, code: str
) -> None:
    under_way(world)
    server.fail("StopServiceDeployment", code, "can't")
    said: list[str] = []
    started = begun(client, said)
    assert updates(server) == [{"taskDefinition": arn("ecs", "task-definition/web:2")}]
    assert said[0].startswith("ECS doesn't take the deployment back itself, so the service is updated: ")
    ended = waited(client, ecs, clock, started.handle)
    assert (ended.verdict, world.running) == (Verdict.SUCCEEDED, "web:2")


def test_a_deployment_that_ecs_takes_back_already_is_only_waited_for(
    client: Ecs, world: World, server: EcsServer, ecs: ScriptedEcs, clock: Clock
) -> None:
    under_way(world)
    for _ in range(3):
        ecs.service().rollout.move()
    assert ecs.service().rollout.history[-1].status == "ROLLBACK_IN_PROGRESS"
    started, ended = rolled_back(client, ecs, clock)
    assert writes(server) == []
    assert ended.verdict is started.wanted is Verdict.ROLLED_BACK
    assert world.running == "web:2"


def test_a_deployment_that_failed_and_stayed_is_replaced(
    client: Ecs, world: World, server: EcsServer, ecs: ScriptedEcs, clock: Clock
) -> None:
    no_rollback = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    world.runs("app:1", deploymentConfiguration=no_rollback)
    deploys(world, "app:bad2")
    assert (world.running, planned(client)[0]) == ("web:2", "web:1")
    assert rolled_back(client, ecs, clock)[1].verdict is Verdict.SUCCEEDED
    assert (world.running, writes(server)) == ("web:1", ["UpdateService"])


def test_a_lost_answer_of_the_stop_is_no_second_rollback(
    client: Ecs, world: World, server: EcsServer, ecs: ScriptedEcs, clock: Clock
) -> None:
    under_way(world)
    server.drop("StopServiceDeployment", after_storing=True)
    assert rolled_back(client, ecs, clock)[1].verdict is Verdict.ROLLED_BACK
    assert writes(server) == ["StopServiceDeployment"]


# -- kinds of services, failures -------------------------------------------------------------------------------


def test_a_daemon_is_rolled_back_without_a_count(
    client: Ecs, world: World, server: EcsServer, ecs: ScriptedEcs, clock: Clock
) -> None:
    for image in ("app:1", "app:2"):
        carried_out(client, a_plan(client, image, a_daemon()))
        ecs.settle()
    server.clear()
    assert rolled_back(client, ecs, clock)[1].verdict is Verdict.SUCCEEDED
    assert (world.running, updates(server)) == ("web:1", [{"taskDefinition": arn("ecs", "task-definition/web:1")}])


def test_a_rollback_that_is_cut_off_anywhere_goes_no_further_than_one_step(
    client: Ecs, server: EcsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off before UpdateService nothing has happened; after it the target is under way."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    for fault in (Fault.LOST_BEFORE, Fault.LOST_AFTER):
        for number in range(9):
            server.reset()
            world = World(server.ecs)
            world.runs("app:1", "app:2", "app:3")
            cut_off(server, number, fault)
            with contextlib.suppress(EsprestackError):
                begun(client)
            server.calm()
            assert world.running in ("web:3", "web:2"), (fault, number)
            assert len(world.deployments) <= 4, (fault, number)
            assert world.revisions == ["web:1", "web:2", "web:3"]


# -- what is left alone ----------------------------------------------------------------------------------------


def test_a_rollback_deregisters_nothing(client: Ecs, world: World, ecs: ScriptedEcs, clock: Clock) -> None:
    world.runs("app:1", "app:2")
    rolled_back(client, ecs, clock)
    assert world.revisions == ["web:1", "web:2"]


def test_a_revision_that_a_schedule_is_pinned_to_is_not_deregistered(
    client: Ecs, world: World, past: Mapping[str, Any]
) -> None:
    world.runs("app:1", "app:2")
    events = past["events"]
    events.put_rule(Name="nightly", ScheduleExpression="rate(1 day)")
    target = {"TaskDefinitionArn": arn("ecs", "task-definition/web:2"), "TaskCount": 1}
    events.put_targets(
        Rule="nightly",
        Targets=[{"Id": "1", "Arn": CLUSTER_ARN, "RoleArn": arn("iam", "role/x"), "EcsParameters": target}],
    )
    own = of_service("web", client.scope.cluster_arn)
    web_2 = arn("ecs", "task-definition/web:2")
    with pytest.raises(RefusedError) as error:
        require_unused(client, "web", web_2, AccountPins(client.aws), but_for=own)
    assert str(error.value).startswith("web:2 isn't deregistered: the rule nightly couldn't start tasks of it any more")
    events.remove_targets(Rule="nightly", Ids=["1"])
    require_unused(client, "web", web_2, AccountPins(client.aws), but_for=own)
    with pytest.raises(RefusedError, match="the service web of the cluster jobs couldn't start tasks"):
        require_unused(client, "web", web_2, AccountPins(client.aws))

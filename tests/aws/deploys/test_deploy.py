"""A plan of a service, carried out: what is registered, the one UpdateService, and the handle that comes out."""

from dataclasses import replace
from typing import Any

import pytest
from tests.aws.account import CLUSTER, arn
from tests.aws.deploys.builders import a_container, a_daemon, a_definition, a_service
from tests.aws.deploys.deploying import carried_out
from tests.aws.deploys.planning import a_plan
from tests.aws.deploys.world import World, name, updates, writes
from tests.support.ecs_server import EcsServer, ScriptedEcs
from tests.support.shaky_front import Fault

from esprestack.errors import AwsError, EsprestackError, InputError, PlanChangedError, Problem, RefusedError
from esprestack.secrets import Vault
from esprestack.services.choice import Choice, Source
from esprestack.services.ecs import Ecs
from esprestack.services.model import Risk, RiskKind, ServicePlan

CURRENT, LATEST = Choice(Source.CURRENT), Choice(Source.LATEST)


def refused(kind: type[EsprestackError], client: Ecs, plan: ServicePlan, **options: Any) -> str:
    with pytest.raises(kind) as error:
        carried_out(client, plan, **options)
    return str(error.value)


def task_definition(revision: str) -> str:
    return arn("ecs", f"task-definition/{revision}")


# -- what is done ----------------------------------------------------------------------------------------------


def test_a_new_image_is_registered_and_deployed_with_one_update(client: Ecs, world: World, server: EcsServer) -> None:
    world.runs("app:1")
    said: list[str] = []
    started = carried_out(client, a_plan(client, "app:2"), said)
    assert writes(server) == ["RegisterTaskDefinition", "UpdateService"]
    assert updates(server) == [{"taskDefinition": task_definition("web:2")}]
    assert (world.running, world.deployments) == ("web:2", ["web:1", "web:2"])
    primary = world.ecs.service().rollout.primary
    assert said == ["registered web:2", f"updated the service `web`: web:2 is being deployed as {primary.id}"]
    handle = started.handle
    assert started.changed
    assert handle.service_arn == arn("ecs", f"service/{CLUSTER}/web")
    assert handle.task_definition_arn == task_definition("web:2")
    assert handle.previous_task_definition_arn == task_definition("web:1")
    assert handle.deployment_id == primary.id
    assert primary.entry is not None
    assert handle.service_deployment_arn == primary.entry.arn
    assert handle.started_at == primary.created_at


def test_attributes_task_definition_and_count_go_together(client: Ecs, world: World, server: EcsServer) -> None:
    world.runs("app:1")
    service = a_service(enableExecuteCommand=True, tags=[{"key": "team", "value": "red"}])
    carried_out(client, a_plan(client, "app:2", service), tasks=5)
    assert updates(server) == [
        {"enableExecuteCommand": True, "taskDefinition": task_definition("web:2"), "desiredCount": 5}
    ]
    assert writes(server) == ["RegisterTaskDefinition", "TagResource", "UpdateService"]
    assert world.ecs.service().tags == {"team": "red"}


def test_an_identical_definition_makes_no_second_revision(client: Ecs, world: World, server: EcsServer) -> None:
    world.runs("app:1")
    carried_out(client, a_plan(client, "app:1", a_service(enableExecuteCommand=True)))
    assert world.revisions == ["web:1"]
    assert writes(server) == ["UpdateService"]


def test_where_nothing_differs_no_deployment_is_made(client: Ecs, world: World, server: EcsServer) -> None:
    world.runs("app:1")
    said: list[str] = []
    started = carried_out(client, a_plan(client, "app:1"), said)
    assert (writes(server), started.changed) == ([], False)
    assert said == ["nothing to do: the service `web` runs web:1 already"]
    assert started.handle.deployment_id == world.ecs.service().rollout.primary.id


def test_force_makes_a_deployment_of_the_same(client: Ecs, world: World, server: EcsServer) -> None:
    world.runs("app:1")
    started = carried_out(client, a_plan(client, "app:1"), force=True)
    assert updates(server) == [{"forceNewDeployment": True, "taskDefinition": task_definition("web:1")}]
    assert world.deployments == ["web:1", "web:1"]
    assert started.handle.deployment_id == world.ecs.service().rollout.primary.id


def test_what_another_deploy_has_under_way_is_waited_for(client: Ecs, world: World, server: EcsServer) -> None:
    world.runs("app:1")
    world.registers("app:2")
    world.deploys("web:2")
    said: list[str] = []
    started = carried_out(client, a_plan(client, "app:2"), said)
    assert (writes(server), name(started.handle.task_definition_arn)) == ([], "web:2")
    assert said == ["nothing to do: the service `web` is being deployed with web:2 already"]


def test_a_deployment_that_failed_and_stayed_is_said_and_not_taken_for_done(client: Ecs, world: World) -> None:
    no_rollback = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    world.runs("app:bad1", deploymentConfiguration=no_rollback)
    said: list[str] = []
    carried_out(client, a_plan(client, "app:bad1", a_service(deploymentConfiguration=no_rollback)), said)
    assert said == [
        "nothing to do: the service `web` was deployed with web:1 already, which failed; --force-new-deployment tries it again"
    ]


def test_what_runs_and_was_deregistered_is_registered_anew(client: Ecs, world: World) -> None:
    world.runs("app:1")
    world.ecs.answer("DeregisterTaskDefinition", {"taskDefinition": "web:1"})
    carried_out(client, a_plan(client, "app:1"), force=True)
    assert (world.revisions, world.running) == (["web:2"], "web:2")


def test_a_deployment_under_way_that_another_takes_the_place_of_is_named(client: Ecs, world: World) -> None:
    world.runs("app:1")
    world.registers("app:2")
    world.deploys("web:2")
    old = world.ecs.service().rollout.primary.id
    said: list[str] = []
    carried_out(client, a_plan(client, "app:3"), said)
    assert said[1] == f"the deployment of web:2 under way, {old}, is superseded"
    assert world.running == "web:3"


def test_only_tags_that_differ_are_written(client: Ecs, world: World, server: EcsServer) -> None:
    world.runs("app:1", tags=[{"key": "old", "value": "1"}, {"key": "same", "value": "2"}])
    tags = [{"key": "same", "value": "2"}, {"key": "new", "value": "3"}]
    said: list[str] = []
    started = carried_out(client, a_plan(client, "app:1", a_service(tags=tags)), said)
    assert writes(server) == ["TagResource", "UntagResource"]
    assert world.ecs.service().tags == {"same": "2", "new": "3"}
    assert said == ["tagged the service `web`", "nothing else to do: the service `web` runs web:1 already"]
    assert started.changed


def test_the_desired_count_is_left_alone_unless_asked(client: Ecs, world: World, server: EcsServer) -> None:
    world.runs("app:1")
    service = a_service()
    del service["desiredCount"]
    carried_out(client, a_plan(client, "app:2", service))
    assert "desiredCount" not in updates(server)[0]
    assert world.ecs.service().desired == 2


def test_a_count_alone_makes_no_deployment_and_its_handle_says_so(client: Ecs, world: World) -> None:
    world.runs("app:1")
    said: list[str] = []
    started = carried_out(client, a_plan(client, "app:1"), said, tasks=4)
    assert (world.ecs.service().desired, world.deployments) == (4, ["web:1"])
    assert started.handle.started_at is None
    assert said == ["updated the service `web`: no new deployment was needed"]


def test_a_daemon_never_gets_a_desired_count(client: Ecs, world: World, server: EcsServer) -> None:
    daemon = a_daemon()
    carried_out(client, a_plan(client, "app:1", {**daemon, "desiredCount": 3}))
    world.ecs.settle()
    carried_out(client, a_plan(client, "app:2", {**daemon, "desiredCount": 3}))
    world.ecs.settle()
    carried_out(client, a_plan(client, "app:2", daemon), force=True)
    asked = [call.parameters for call in server.writes() if call.operation in ("CreateService", "UpdateService")]
    assert len(asked) == 3
    assert not any("desiredCount" in parameters for parameters in asked)
    said = refused(InputError, client, a_plan(client, "app:2", daemon), tasks=3)
    assert said.startswith("the service `web` is a DAEMON: it has a task on each instance, and no desired count")


# -- which task definition -------------------------------------------------------------------------------------


def test_the_latest_revision_is_deployed_whatever_the_file_says(client: Ecs, world: World, server: EcsServer) -> None:
    world.runs("app:1")
    world.registers(*(f"app:{number}" for number in range(2, 12)))
    carried_out(client, a_plan(client, "app:99"), choice=LATEST)
    assert writes(server) == ["UpdateService"]
    assert world.running == "web:11"


def test_a_revision_is_deployed_by_its_number(client: Ecs, world: World, server: EcsServer) -> None:
    world.runs("app:1", "app:2")
    carried_out(client, a_plan(client, "app:2"), choice=Choice(Source.NUMBER, 1))
    assert (world.running, writes(server)) == ("web:1", ["UpdateService"])


def test_a_revision_that_is_not_there_or_inactive_is_refused(client: Ecs, world: World, server: EcsServer) -> None:
    world.runs("app:1", "app:2")
    world.ecs.answer("DeregisterTaskDefinition", {"taskDefinition": "web:1"})
    plan = a_plan(client, "app:2")
    said = refused(InputError, client, plan, choice=Choice(Source.NUMBER, 9))
    assert said == "there is no task definition web:9 (see `esprestack revisions`)"
    said = refused(RefusedError, client, plan, choice=Choice(Source.NUMBER, 1))
    assert said.startswith("web:1 is INACTIVE: no task can be started of it")
    assert writes(server) == []


def test_skipping_the_task_definition_registers_and_sends_none(client: Ecs, world: World, server: EcsServer) -> None:
    world.runs("app:1")
    plan = a_plan(client, "app:2", a_service(healthCheckGracePeriodSeconds=30))
    carried_out(client, plan, choice=CURRENT)
    assert updates(server) == [{"healthCheckGracePeriodSeconds": 30}]
    assert (world.running, world.revisions) == ("web:1", ["web:1"])


def test_attributes_are_left_alone_where_asked(client: Ecs, world: World, server: EcsServer) -> None:
    world.runs("app:1")
    service = a_service(enableExecuteCommand=True, tags=[{"key": "team", "value": "red"}])
    carried_out(client, a_plan(client, "app:2", service), attributes=False)
    assert writes(server) == ["RegisterTaskDefinition", "UpdateService"]
    assert updates(server) == [{"taskDefinition": task_definition("web:2")}]


def test_a_revision_that_a_run_before_registered_is_deployed(client: Ecs, world: World, server: EcsServer) -> None:
    world.runs("app:1")
    world.registers("app:2")
    said: list[str] = []
    carried_out(client, a_plan(client, "app:2"), said)
    assert writes(server) == ["UpdateService"]
    assert said[0] == "web:2 is what the file says already: nothing is registered"
    assert world.running == "web:2"


def test_keys_that_people_chose_are_registered_as_they_wrote_them(client: Ecs, world: World) -> None:
    """ecspresso writes `Type` for `type` in all maps but two."""
    options = {"type": "nfs", "o": "addr=fs,rw", "device": ":/", "Mixed_Case": "1"}
    volume = {
        "name": "data",
        "dockerVolumeConfiguration": {"driver": "local", "driverOpts": options, "labels": options},
    }
    logs = {"logDriver": "awsfirelens", "options": options}
    container = a_container(
        dockerLabels=options, logConfiguration=logs, firelensConfiguration={"type": "fluentbit", "options": options}
    )
    carried_out(client, a_plan(client, a_definition(containerDefinitions=[container], volumes=[volume])))
    (registered,) = world.ecs.definitions.families["web"]
    assert registered.document["volumes"] == [volume]
    assert registered.containers == [container]


def test_what_runs_nothing_has_no_task_definition_to_keep(client: Ecs, server: EcsServer) -> None:
    said = refused(InputError, client, a_plan(client, "app:1"), choice=CURRENT)
    assert said == "the service `web` runs nothing yet (leave out --skip-task-definition)"
    assert writes(server) == []


# -- creating --------------------------------------------------------------------------------------------------


def test_a_service_that_is_not_there_is_created(client: Ecs, world: World, server: EcsServer) -> None:
    said: list[str] = []
    plan = a_plan(client, "app:1", a_service(tags=[{"key": "team", "value": "red"}]))
    started = carried_out(client, plan, said, tasks=3)
    assert writes(server) == ["RegisterTaskDefinition", "CreateService"]
    service = world.ecs.service()
    assert (service.desired, service.tags, world.running) == (3, {"team": "red"}, "web:1")
    assert len(service.token) == 36
    assert said == ["registered web:1", "created the service `web`"]
    assert started.handle.previous_task_definition_arn == ""


def test_a_service_is_created_with_a_revision_that_is_there(client: Ecs, world: World, server: EcsServer) -> None:
    world.registers("app:1")
    carried_out(client, a_plan(client, "app:1", register=None))
    assert (world.running, writes(server)) == ("web:1", ["CreateService"])


def test_a_service_is_created_anew_where_one_was_deleted(client: Ecs, world: World) -> None:
    world.runs("app:1")
    world.ecs.answer("DeleteService", {"cluster": CLUSTER, "service": "web", "force": True})
    carried_out(client, a_plan(client, "app:1"))
    assert (world.ecs.service().status, world.revisions) == ("ACTIVE", ["web:1"])


def test_a_service_without_a_count_is_not_created(client: Ecs, server: EcsServer) -> None:
    service = a_service()
    del service["desiredCount"]
    said = refused(RefusedError, client, a_plan(client, "app:1", service))
    assert said.startswith("service.json:1:1: the service is new, and its file has no `desiredCount`")
    said = refused(InputError, client, a_plan(client, "app:1", service, risks=()))
    assert said.startswith("the service `web` is to be created, and nobody says how many tasks it has")
    assert writes(server) == []
    carried_out(client, a_plan(client, "app:1", service), tasks=3)
    assert server.ecs.service().desired == 3


def test_a_config_without_a_service_deploys_nothing(client: Ecs, server: EcsServer) -> None:
    alone = Ecs(client.aws, replace(client.scope, service=""))
    said = refused(InputError, alone, a_plan(client, "app:1"))
    assert said == "the config names no service (add `service: NAME`)"
    assert writes(server) == []


def test_a_config_without_a_service_definition_creates_none(client: Ecs, server: EcsServer) -> None:
    said = refused(InputError, client, a_plan(client, "app:1", create=None))
    assert said.startswith("there is no service `web`, and the config has no service definition")
    assert writes(server) == []


# -- what is refused -------------------------------------------------------------------------------------------


def test_all_refusals_and_risks_are_told_before_anything_is_done(client: Ecs, world: World, server: EcsServer) -> None:
    world.runs("app:1")
    risks = (
        Risk("stalls", "min 100 and max 100 never go on", RiskKind.STOPS, "lower the minimum"),
        Risk("no-breaker", "the circuit breaker is off"),
    )
    plan = a_plan(client, "app:2", risks=risks, refusals=(Problem("launchType can't be changed"),))
    assert refused(RefusedError, client, plan).splitlines() == [
        "launchType can't be changed",
        "min 100 and max 100 never go on (lower the minimum)",
        "nothing was deployed",
    ]
    assert writes(server) == []
    carried_out(client, a_plan(client, "app:2", risks=risks), allow=("stalls",))
    assert world.running == "web:2"


@pytest.mark.parametrize(
    ("controller", "said"),
    [
        ("CODE_DEPLOY", "the service `web` is deployed by CodeDeploy, which esprestack doesn't do"),
        ("EXTERNAL", "the service `web` has the deployment controller EXTERNAL"),
    ],
)
def test_other_deployment_controllers_are_refused(
    client: Ecs, world: World, server: EcsServer, controller: str, said: str
) -> None:
    world.runs("app:1", deploymentController={"type": controller})
    assert refused(RefusedError, client, a_plan(client, "app:1", refusals=()), choice=CURRENT, tasks=3).startswith(said)
    assert writes(server) == []


def test_a_service_of_express_mode_is_refused(client: Ecs, world: World, server: EcsServer) -> None:
    world.runs("app:1")
    world.ecs.service().settings["resourceManagementType"] = "ECS"
    said = refused(RefusedError, client, a_plan(client, "app:2"))
    assert said.startswith("the service `web` is managed by ECS Express Mode")
    assert writes(server) == []


@pytest.mark.parametrize("controller", ["CODE_DEPLOY", "EXTERNAL"])
def test_a_service_of_another_controller_is_not_created(client: Ecs, server: EcsServer, controller: str) -> None:
    plan = a_plan(client, "app:1", a_service(deploymentController={"type": controller}))
    said = refused(RefusedError, client, plan)
    assert said.startswith(f"service.json:1:1: deployments by {controller} are nothing that esprestack does")
    assert writes(server) == []


def test_a_service_that_is_being_deleted_is_refused(client: Ecs, world: World, server: EcsServer) -> None:
    world.runs("app:1")
    world.ecs.service().status = "DRAINING"
    said = refused(RefusedError, client, a_plan(client, "app:2"))
    assert said.startswith("service.json:1:1: the service is being deleted (wait until it is gone)")
    assert writes(server) == []


def test_what_changed_since_the_plan_is_not_overwritten(client: Ecs, world: World, server: EcsServer) -> None:
    world.runs("app:1")
    plan = a_plan(client, "app:2")
    world.runs("app:7")
    said = refused(PlanChangedError, client, plan)
    assert said.startswith("the service `web` was web:1 when this was planned, and is web:2 now")
    assert writes(server) == []


def test_what_ecs_refuses_is_an_error_that_says_so(client: Ecs, world: World) -> None:
    world.runs("app:1")
    plan = a_plan(client, "app:1", update={"launchType": "EC2"})
    assert "Unknown parameter" in refused(AwsError, client, plan)
    assert world.deployments == ["web:1"]


# -- secrets ---------------------------------------------------------------------------------------------------


def test_seals_are_opened_in_the_request_alone(client: Ecs, world: World, vault: Vault) -> None:
    seal = vault.seal("DB_PASSWORD", "correct horse")
    container = a_container(environment=[{"name": "DB", "value": f"postgres://u:{seal}@db"}])
    plan = a_plan(client, a_definition(containerDefinitions=[container]))
    said: list[str] = []
    carried_out(client, plan, said)
    (registered,) = world.ecs.definitions.families["web"]
    assert registered.containers[0]["environment"] == [{"name": "DB", "value": "postgres://u:correct horse@db"}]
    assert "correct horse" not in "".join(said)
    carried_out(client, a_plan(client, plan.config.task_definition.document, register=plan.register), force=True)
    assert world.revisions == ["web:1"]


# -- AWS goes wrong --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["RegisterTaskDefinition", "UpdateService", "CreateService"])
@pytest.mark.parametrize("force", [False, True], ids=["", "forced"])
def test_an_answer_that_is_lost_makes_nothing_twice(
    client: Ecs, world: World, server: EcsServer, operation: str, force: bool
) -> None:
    if operation != "CreateService":
        world.runs("app:1")
    server.drop(operation, after_storing=True)
    started = carried_out(client, a_plan(client, "app:2"), force=force)
    new = "web:1" if operation == "CreateService" else "web:2"
    assert world.revisions[-1] == new
    assert world.deployments.count(new) == 1
    assert started.handle.deployment_id == world.ecs.service().rollout.primary.id


@pytest.mark.parametrize("fault", [Fault.LOST_BEFORE, Fault.BROKEN, Fault.THROTTLED], ids=str)
def test_what_is_asked_again_is_done_once(client: Ecs, world: World, server: EcsServer, fault: Fault) -> None:
    world.runs("app:1")
    server.once = fault
    carried_out(client, a_plan(client, "app:2"), force=True)
    assert (world.revisions, world.deployments) == (["web:1", "web:2"], ["web:1", "web:2"])


def test_where_nobody_can_look_a_lost_answer_is_an_error_and_nothing_is_repeated(
    client: Ecs, world: World, server: EcsServer
) -> None:
    world.runs("app:1")
    plan = a_plan(client, "app:2")
    server.drop("RegisterTaskDefinition", after_storing=True)
    server.fail("DescribeTaskDefinition", "AccessDeniedException", nth=2, times=None)
    refused(AwsError, client, plan)
    assert server.count("RegisterTaskDefinition") == 1


def test_a_deployment_that_shows_late_is_found(client: Ecs, world: World, server: EcsServer) -> None:
    world.runs("app:1")
    plan = a_plan(client, "app:2")
    before = world.ecs.answer("DescribeServices", {"cluster": CLUSTER, "services": ["web"]})
    update = world.ecs.services.update

    def stale(asked: Any) -> Any:
        update(asked)
        return {"service": before["services"][0]}

    world.ecs.replace("UpdateService", stale)
    started = carried_out(client, plan)
    assert started.handle.deployment_id == world.ecs.service().rollout.primary.id


def test_a_deployment_that_never_shows_is_an_error_and_no_success(client: Ecs, world: World) -> None:
    world.runs("app:1")
    plan = a_plan(client, "app:2")
    service = world.ecs.answer("DescribeServices", {"cluster": CLUSTER, "services": ["web"]})["services"][0]
    world.ecs.replace("UpdateService", lambda _: {"service": service})
    assert refused(AwsError, client, plan) == (
        "ECS took the update of `web`, and shows no deployment of it "
        "(look at it with `esprestack status`, then deploy again)"
    )


def test_the_handle_has_no_place_in_a_history_that_nobody_may_read(
    client: Ecs, world: World, server: EcsServer
) -> None:
    world.runs("app:1")
    server.fail("ListServiceDeployments", "AccessDeniedException", times=None)
    handle = carried_out(client, a_plan(client, "app:2")).handle
    assert (handle.service_deployment_arn, bool(handle.deployment_id)) == ("", True)


def test_an_earlier_deployment_of_the_same_revision_is_not_taken_for_it(
    client: Ecs, world: World, ecs: ScriptedEcs
) -> None:
    world.runs("app:1")
    first = carried_out(client, a_plan(client, "app:1"), force=True).handle
    ecs.service().rollout.hides_new = 1
    second = carried_out(client, a_plan(client, "app:1"), force=True).handle
    assert first.service_deployment_arn
    assert second.service_deployment_arn == ""
    assert second.deployment_id != first.deployment_id

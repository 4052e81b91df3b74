"""Revisions and who uses them, counts, fresh tasks, the state of a service, and the files of one that is there already."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from tests.aws.account import CLUSTER, CLUSTER_ARN, REGION, arn
from tests.aws.deploys.builders import NETWORK, a_container, a_daemon, a_definition, a_service, to_create
from tests.aws.deploys.deploying import deployed, no_pause
from tests.aws.deploys.planning import SCOPE, a_plan
from tests.aws.deploys.world import World, name, updates, writes
from tests.support.ecs_server import EcsServer, ScriptedEcs
from tests.support.schedules import Schedules

from esprestack.errors import AwsError, InputError, RefusedError
from esprestack.plan.compare import Veil
from esprestack.secrets import Vault
from esprestack.services.ecs import Ecs
from esprestack.services.history import History
from esprestack.services.in_use import Pin, users
from esprestack.services.init import Files, Names, files_of_service, files_of_task
from esprestack.services.model import ServiceScope
from esprestack.services.pins import AccountPins
from esprestack.services.revisions import (
    Kept,
    deregister,
    known_revisions,
    plan_deregistration,
    require_unused,
    texts,
)
from esprestack.services.scale import refresh, scale
from esprestack.services.status import status_json, status_text


def web(number: int) -> str:
    return arn("ecs", f"task-definition/web:{number}")


def no_pins(_: Sequence[str]) -> list[Pin]:
    return []


# -- who uses a revision ---------------------------------------------------------------------------------------


def test_services_deployments_and_tasks_of_all_clusters_use_revisions(
    client: Ecs, world: World, ecs: ScriptedEcs
) -> None:
    world.runs("app:1")
    world.registers("app:2", "app:3", "app:4", "app:5")
    world.deploys("web:2")  # and web:1 still has tasks
    ecs.clusters.add("other")
    ecs.answer("CreateService", {**to_create("web:3", name="api"), "cluster": "other"})
    for _ in range(2):
        ecs.answer("RunTask", {"cluster": "other", "taskDefinition": "web:4"})
    assert users(client.aws, "web", client.arns("web"), no_pins) == {
        web(1): ("the service web of the cluster jobs",),
        web(2): ("the service web of the cluster jobs",),
        web(3): ("the service api of the cluster other",),
        web(4): ("2 tasks of the cluster other",),
    }


def test_a_target_without_a_revision_uses_the_newest(client: Ecs, world: World) -> None:
    world.registers("app:1", "app:2")
    pins = [(arn("ecs", "task-definition/web"), "the rule nightly"), (web(1), "the schedule weekly"),
            (arn("ecs", "task-definition/webhook:1"), "the rule other")]  # fmt: skip
    assert users(client.aws, "web", client.arns("web"), lambda _: pins) == {
        web(2): ("the rule nightly, which starts the newest revision",),
        web(1): ("the schedule weekly",),
    }


def test_rules_of_all_buses_and_schedules_of_all_groups_are_pins(
    client: Ecs, past: Mapping[str, Any], schedules: Schedules
) -> None:
    events = past["events"]
    events.create_event_bus(Name="orders")
    role = arn("iam", "role/x")
    for bus, number in (("default", 1), ("orders", 2)):
        when = {"ScheduleExpression": "rate(1 day)"} if bus == "default" else {"EventPattern": "{}"}
        events.put_rule(Name=f"on-{bus}", EventBusName=bus, **when)
        target = {"Id": "1", "Arn": CLUSTER_ARN, "RoleArn": role, "EcsParameters": {"TaskDefinitionArn": web(number)}}
        events.put_targets(Rule=f"on-{bus}", EventBusName=bus, Targets=[target])
    schedules.create_schedule_group({"Name": "batch"})
    for schedule, cluster in (("weekly", CLUSTER_ARN), ("foreign", CLUSTER_ARN.replace("jobs", "elsewhere"))):
        target = {"Arn": cluster, "RoleArn": role, "EcsParameters": {"TaskDefinitionArn": web(3)}}
        schedules.create_schedule(
            {
                "Name": schedule,
                "GroupName": "batch",
                "ScheduleExpression": "rate(7 days)",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": target,
            }
        )
    assert sorted(AccountPins(client.aws)([CLUSTER_ARN])) == [
        (web(1), "the rule on-default"),
        (web(2), "the rule on-orders"),
        (web(3), "the schedule weekly"),
    ]


# -- deregistering ---------------------------------------------------------------------------------------------


def test_all_but_the_newest_and_those_in_use_are_deregistered_the_oldest_first(client: Ecs, world: World) -> None:
    world.runs("app:1")
    world.registers(*(f"app:{number}" for number in range(2, 12)))
    plan = plan_deregistration(client, "web", 3, lambda _: [(web(4), "the rule nightly")])
    assert [name(one) for one in plan.goes] == ["web:2", "web:3", "web:5", "web:6", "web:7", "web:8"]
    assert plan.kept == (
        Kept(web(1), ("the service web of the cluster jobs",)),
        Kept(web(4), ("the rule nightly",)),
    )
    said: list[str] = []
    deregister(client, plan.goes, said.append)
    assert world.revisions == ["web:1", "web:4", "web:9", "web:10", "web:11"]
    assert said[0] == "deregistered web:2"


def test_where_all_are_kept_nobody_is_asked(client: Ecs, world: World, server: EcsServer) -> None:
    world.registers("app:1", "app:2")
    assert plan_deregistration(client, "web", 2, no_pins).goes == ()
    assert [call.operation for call in server.calls] == ["ListTaskDefinitions"]


@pytest.mark.parametrize(
    "operation", ["ListClusters", "ListServices", "DescribeServices", "ListTasks", "DescribeTasks", "ListEventBuses",
                  "ListRuleNamesByTarget", "ListSchedules"],
)  # fmt: skip
def test_who_cannot_see_all_users_deregisters_nothing(
    client: Ecs, world: World, server: EcsServer, operation: str
) -> None:
    world.runs("app:1", "app:2")
    server.fail(operation, "AccessDeniedException", times=None)
    with pytest.raises(AwsError):
        plan_deregistration(client, "web", 0, AccountPins(client.aws))
    assert writes(server) == []


def test_one_revision_is_deregistered_only_if_nobody_uses_it(client: Ecs, world: World) -> None:
    world.runs("app:1")
    world.registers("app:2")
    require_unused(client, "web", web(2), no_pins)
    with pytest.raises(RefusedError, match="web:1 isn't deregistered: the service web of the cluster jobs couldn't"):
        require_unused(client, "web", web(1), no_pins)
    with pytest.raises(InputError, match="there is no active revision web:9"):
        require_unused(client, "web", web(9), no_pins)


# -- revisions -------------------------------------------------------------------------------------------------


def test_revisions_are_listed_with_what_became_of_them(client: Ecs, world: World) -> None:
    world.runs("app:1", "app:2")
    world.registers("app:bad3")
    world.deploys("web:3")
    world.ecs.settle()
    world.registers("app:4")
    world.runs("app:5")
    found, problems = known_revisions(client, "web")
    assert problems == ()
    assert [line.partition("  2026")[0] for line in texts(found)] == [
        "web:5  PRIMARY",
        "web:4",
        "web:3  ROLLBACK_SUCCESSFUL",
        "web:2  SUCCESSFUL",
        "web:1  SUCCESSFUL",
    ]


def test_revisions_of_a_family_that_no_service_runs_are_listed(client: Ecs, world: World) -> None:
    world.registers("app:1")
    assert list(texts(known_revisions(client, "web")[0])) == ["web:1"]
    alone = Ecs(client.aws, ServiceScope("aws", REGION, SCOPE.account, CLUSTER, ""))
    assert list(texts(known_revisions(alone, "web")[0])) == ["web:1"]


def test_a_history_that_nobody_may_read_is_said(client: Ecs, world: World, server: EcsServer) -> None:
    world.runs("app:1")
    server.fail("ListServiceDeployments", "AccessDeniedException", "not you")
    found, problems = known_revisions(client, "web")
    assert list(texts(found)) == ["web:1  PRIMARY"]
    assert problems[0].what.startswith("how deployments ended can't be read: ")


# -- counts and fresh tasks ------------------------------------------------------------------------------------


def test_a_service_is_scaled_and_nothing_else(client: Ecs, world: World, server: EcsServer) -> None:
    world.runs("app:1")
    said: list[str] = []
    started = scale(client, 5, said.append, no_pause)
    assert updates(server) == [{"desiredCount": 5}]
    assert (started.changed, started.handle.started_at) == (True, None)
    assert said == ["updated the service `web`: its desired count goes from 2 to 5"]
    again = scale(client, 5, said.append, no_pause)
    assert (again.changed, again.handle) == (False, started.handle)
    assert said[-1] == "nothing to do: the desired count of the service `web` is 5 already"
    assert writes(server) == ["UpdateService"]


def test_tasks_are_exchanged_for_new_ones_of_the_same(client: Ecs, world: World, server: EcsServer) -> None:
    world.runs("app:1")
    said: list[str] = []
    started = refresh(client, said.append, no_pause)
    assert updates(server) == [{"forceNewDeployment": True}]
    assert said == ["updated the service `web`: all its tasks are exchanged, web:1 stays"]
    assert started.handle.deployment_id == world.ecs.service().rollout.primary.id


def test_a_daemon_is_refreshed_and_not_scaled(client: Ecs, world: World) -> None:
    deployed(client, "app:1", a_daemon())
    with pytest.raises(InputError, match="is a DAEMON"):
        scale(client, 3, lambda _: None, no_pause)
    assert refresh(client, lambda _: None, no_pause).changed


def test_a_service_that_is_not_there_is_an_error(client: Ecs) -> None:
    with pytest.raises(InputError, match="there is no service `web` in the cluster `jobs`"):
        scale(client, 3, lambda _: None, no_pause)


# -- status ----------------------------------------------------------------------------------------------------


def test_the_state_of_a_service_fits_a_screen(client: Ecs, world: World) -> None:
    world.runs("app:1")
    world.registers("app:bad2")
    world.deploys("web:2")
    now = client.now()
    assert now is not None
    ids = [one.id for one in now.deployments]
    task = name(world.ecs.tasks.of_deployment(ids[0])[0].arn)
    last = History(client).listed()[0]
    assert status_text(now, CLUSTER, last, 2).splitlines() == [
        "service web of the cluster jobs: ACTIVE",
        f"  PRIMARY web:2 0 of 2 running, 1 failed, IN_PROGRESS ({ids[0]})",
        f"  ACTIVE web:1 2 of 2 running ({ids[1]})",
        "  last deployment: IN_PROGRESS, begun 2026-11-27 09:04 UTC",
        "events:",
        "  2026-11-27 09:00:17 (service web) has reached a steady state.",
        f"  2026-11-27 09:04:19 (service web) has started 1 tasks: (task {task}).",
    ]
    document = json.loads(status_json(now, last, 1))
    assert [one["task_definition"] for one in document["deployments"]] == [web(2), web(1)]
    assert document["last_deployment"]["status"] == "IN_PROGRESS"


# -- init ------------------------------------------------------------------------------------------------------


def files(client: Ecs) -> Files:
    return files_of_service(client, Names(), Veil(Vault()))


def test_the_files_of_a_live_service_deploy_to_what_it_is(client: Ecs, world: World, server: EcsServer) -> None:
    container = a_container(
        environment=[{"name": "GREETING", "value": ""}],
        dockerLabels={"Team": "red"},
        portMappings=[{"containerPort": 80}],
        healthCheck={"command": ["CMD", "true"]},
    )
    definition = a_definition(
        containerDefinitions=[container],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        tags=[{"key": "a", "value": "b"}],
    )
    connect = {"enabled": True, "namespace": "arn:aws:servicediscovery:eu-central-1:123456789012:namespace/ns-1"}
    service = a_service(tags=[{"key": "team", "value": "red"}], serviceConnectConfiguration=connect)
    deployed(client, definition, service)
    world.ecs.settle()
    made = files(client)
    assert made.config == (
        "region: eu-central-1\ncluster: jobs\nservice: web\nservice_definition: ecs-service-def.json\n"
        "task_definition: ecs-task-def.json\ntimeout: 10m\n"
    )
    assert made.service_definition is not None
    written = json.loads(made.service_definition)
    assert written["networkConfiguration"] == NETWORK
    assert written["serviceConnectConfiguration"] == connect
    assert written["desiredCount"] == 2
    assert not written.keys() & {
        "serviceArn",
        "events",
        "deployments",
        "createdAt",
        "status",
        "taskDefinition",
        "serviceName",
    }
    again = json.loads(made.task_definition)
    assert again["containerDefinitions"][0]["environment"] == [{"name": "GREETING", "value": ""}]
    assert again["containerDefinitions"][0]["dockerLabels"] == {"Team": "red"}
    assert not again.keys() & {"taskDefinitionArn", "revision", "status", "registeredAt", "volumes"}
    plan = a_plan(client, again, {**written, "serviceConnectConfiguration": connect})
    assert (plan.register, plan.create, plan.tags_put, plan.tags_removed) == (None, None, {}, ())
    assert set(plan.update or {}) <= {"serviceConnectConfiguration"}  # which DescribeServices doesn't show
    server.clear()
    files(client)
    assert writes(server) == []


def test_members_that_ecs_got_lately_and_keys_that_people_chose_survive(client: Ecs, world: World) -> None:
    """ecspresso's own lists of members lack some, and `init` loses them."""
    options = {"type": "nfs", "o": "addr=fs", "device": ":/"}
    definition = a_definition(
        pidMode="task",
        ipcMode="task",
        enableFaultInjection=True,
        ephemeralStorage={"sizeInGiB": 30},
        runtimePlatform={"cpuArchitecture": "ARM64"},
        volumes=[{"name": "data", "dockerVolumeConfiguration": {"driverOpts": options}}],
    )
    world.ecs.answer("RegisterTaskDefinition", definition)
    written = json.loads(files_of_task(client, "web", Names(), Veil(Vault())).task_definition)
    assert {name: written[name] for name in definition if name != "containerDefinitions"} == {
        name: member for name, member in definition.items() if name != "containerDefinitions"
    }


def test_a_daemons_files_have_no_count(client: Ecs, world: World) -> None:
    deployed(client, "app:1", a_daemon())
    made = files(client)
    assert made.service_definition is not None
    assert "desiredCount" not in json.loads(made.service_definition)


@pytest.mark.parametrize("denied", [False, True])
def test_a_count_that_auto_scaling_looks_after_is_not_written(
    client: Ecs, world: World, server: EcsServer, denied: bool
) -> None:
    world.runs("app:1")
    if denied:
        server.fail("DescribeScalableTargets", "AccessDeniedException")
    else:
        server.play(
            "DescribeScalableTargets",
            lambda _: {"ScalableTargets": [{"ResourceId": "service/jobs/web", "MinCapacity": 1, "MaxCapacity": 4}]},
        )
    made = files(client)
    assert made.service_definition is not None
    assert ("desiredCount" in json.loads(made.service_definition)) is denied
    assert [problem.what.partition(",")[0] for problem in made.warnings] == ["`desiredCount` was written"] * denied


def test_what_looks_like_a_template_stays_text_and_plain_secrets_are_told(client: Ecs, world: World) -> None:
    environment = [{"name": "FORMAT", "value": "{{ .Name }}"}, {"name": "DB_PASSWORD", "value": "hunter2hunter2"}]
    world.ecs.answer(
        "RegisterTaskDefinition", a_definition(containerDefinitions=[a_container(environment=environment)])
    )
    made = files_of_task(client, "web", Names(), Veil(Vault()))
    assert '"value": "{{ `{{` }} .Name }}"' in made.task_definition
    assert made.service_definition is None
    assert "service" not in made.config
    assert [problem.what for problem in made.warnings] == [
        "the value of DB_PASSWORD of the container `app` stands in the file in plain text"
    ]


def test_services_of_other_controllers_have_no_files(client: Ecs, world: World) -> None:
    world.runs("app:1", deploymentController={"type": "EXTERNAL"})
    with pytest.raises(RefusedError, match="has the deployment controller EXTERNAL"):
        files(client)


def test_what_is_not_there_has_no_files(client: Ecs) -> None:
    with pytest.raises(InputError, match="there is no service `web`"):
        files(client)
    with pytest.raises(InputError, match="there is no task definition web"):
        files_of_task(client, "web", Names(), Veil(Vault()))

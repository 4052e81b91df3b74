"""The commands of a service: what goes to stdout and what is talk, exit codes, options that don't go together."""

import json
import signal
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests.aws.account import CLUSTER, REGION, arn
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack
from tests.aws.deploys.builders import BREAKER, NETWORK, a_container, a_daemon, a_definition, a_service
from tests.aws.deploys.planning import ServiceFiles
from tests.aws.deploys.waiting import Clock
from tests.aws.deploys.world import World, updates, writes
from tests.support.ecs.tasks import Ending
from tests.support.ecs_server import EcsServer

from esprestack.terminal import Terminal

Signals = dict[int, Callable[[int, Any], None]]

OVERRIDES = json.dumps({"containerOverrides": [{"name": "app", "command": ["true"]}]})


def web(number: int) -> str:
    return arn("ecs", f"task-definition/web:{number}")


@pytest.fixture(autouse=True)
def ready_to_go(files: ServiceFiles, clock: Clock, server: EcsServer) -> None:
    """Every command finds its config, and waits without time passing."""


# -- deploy ----------------------------------------------------------------------------------------------------


def test_a_deploy_says_its_verdict_and_talks_about_the_rest(
    esprestack: Esprestack, files: ServiceFiles, world: World
) -> None:
    world.runs("app:1")
    files.definition = "app:2"
    said = esprestack("deploy")
    assert (said.code, said.out) == (0, "service web: web:2 is deployed\n")
    lines = said.err.splitlines()
    id_ = world.ecs.service().rollout.primary.id
    assert lines[:2] == ["registered web:2", f"updated the service `web`: web:2 is being deployed as {id_}"]
    assert "web:2 0 of 2 running, 2 pending, IN_PROGRESS; web:1 2 of 2 running" in lines[4]
    assert lines[-1].endswith("web:2 2 of 2 running")


def test_a_deploy_that_fails_says_why_with_the_tasks_that_stopped(
    esprestack: Esprestack, files: ServiceFiles, world: World
) -> None:
    world.runs("app:1")
    files.definition = "app:bad-pull"
    said = esprestack("deploy")
    assert (said.code, said.out) == (1, "service web: web:2 was rolled back\n")
    lines = said.err.splitlines()
    assert lines[-3].endswith(
        "stopped: CannotPullContainerError: pull image manifest has been retried 1 time(s): not found"
    )
    assert lines[-2] == "  `app` has no exit code: CannotPullContainerError: not found"
    assert lines[-1].startswith("error: web:2 was rolled back: Service deployment rolled back because the circuit")
    assert lines[-1].endswith("(on EC2 the instance's) may pull them from ECR)")


def test_a_deploy_as_json_is_one_object(esprestack: Esprestack, files: ServiceFiles, world: World) -> None:
    world.runs("app:1")
    files.definition = "app:bad2"
    said = esprestack("deploy", "--format", "json")
    document = json.loads(said.out)
    assert (said.code, document["exit_code"], document["verdict"], document["changed"]) == (1, 1, "rolled back", True)
    assert document["handle"]["previous_task_definition_arn"] == web(1)
    assert [task["containers"][0]["exit_code"] for task in document["stopped"]] == [1, 1, 1]
    assert document["timeline"][-1]["what"] == "rolled back"


def test_who_does_not_wait_gets_a_handle(esprestack: Esprestack, files: ServiceFiles, world: World) -> None:
    world.runs("app:1")
    files.definition = "app:2"
    said = esprestack("deploy", "--no-wait")
    entry = world.ecs.service().rollout.history[-1]
    assert (said.code, said.out) == (0, f"{entry.arn}\n")
    assert esprestack("wait", "--deployment", said.out.strip()).code == 0
    said = esprestack("deploy", "--no-wait", "--format", "json")
    assert json.loads(said.out)["deployment_id"] == world.ecs.service().rollout.primary.id


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--tasks", "5"], [{"taskDefinition": web(2), "desiredCount": 5}]),
        (["--latest-task-definition"], [{"taskDefinition": web(2)}]),
        (["--revision", "1", "--force-new-deployment"], [{"taskDefinition": web(1), "forceNewDeployment": True}]),
        (["--skip-task-definition"], []),
        (["--no-update-service"], [{"taskDefinition": web(2)}]),
    ],
)
def test_options_of_a_deploy(
    esprestack: Esprestack, files: ServiceFiles, world: World, server: EcsServer, options: list[str], expected: Any
) -> None:
    world.runs("app:1")
    world.registers("app:2")
    files.definition = "app:2"
    assert esprestack("deploy", *options).code == 0
    assert updates(server) == expected


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["deploy", "--revision", "1", "--latest-task-definition"], "don't go together"),
        (["deploy", "--migrate", "rake"], "--migrate is no JSON"),
        (["deploy", "--migrate", "[]"], "--migrate: the overrides are no JSON object"),
        (["rollback", "--deregister", "--no-wait"], "--deregister and --no-wait don't go together"),
        (["deregister"], "which revisions? (give either --keeps or --revision)"),
        (["deregister", "--keeps", "1", "--revision", "1"], "which revisions?"),
        (["wait", "--deployment", "web"], "--deployment names no deployment"),
        (["run", "--rule", "x", "--count", "2"], "--rule and --live don't go together with --count"),
        (["run", "--overrides", "{}", "--overrides-file", "x"], "--overrides and --overrides-file don't go together"),
        (["run", "--tags", "x"], "--tags is no list of tags"),
        (["run", "--overrides-file", "nosuch.json"], "nosuch.json: can't be read: No such file"),
        (["init"], "of what? (give either --service or --task-definition)"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_aws_is_asked(
    esprestack: Esprestack, server: EcsServer, arguments: list[str], said: str
) -> None:
    ended = esprestack(*arguments)
    assert ended.code == 1
    assert said in ended.err
    assert "Traceback" not in ended.err
    assert server.calls == []


def test_a_risk_that_stops_can_be_allowed_or_not(
    esprestack: Esprestack, files: ServiceFiles, world: World, server: EcsServer
) -> None:
    world.runs("app:1")
    files.definition = "app:2"
    percents = {"minimumHealthyPercent": 100, "maximumPercent": 100}
    files.service = a_service(deploymentConfiguration={**BREAKER, **percents})
    said = esprestack("deploy")
    assert (said.code, writes(server)) == (1, [])
    lines = said.err.splitlines()
    assert lines[0].startswith("error: service.json:1:")
    assert "of 2 tasks none may be stopped (at least 100%), and none started (at most 100%)" in lines[0]
    assert lines[1:] == ["error: nothing was deployed"]
    assert esprestack("deploy", "--allow", "percent-stalls", "--no-wait").code == 0


def test_ctrl_c_ends_the_waiting_and_not_the_deployment(
    esprestack: Esprestack, files: ServiceFiles, world: World, clock: Clock, signals: Signals
) -> None:
    world.runs("app:1")
    files.definition = "app:2"
    clock.acts[2] = lambda: signals[signal.SIGINT](signal.SIGINT, None)
    said = esprestack("deploy")
    assert (said.code, said.out) == (130, "service web: web:2 isn't waited for any more\n")
    assert "it goes on; wait for it with `esprestack wait --deployment" in said.err
    assert world.running == "web:2"
    assert esprestack("wait").code == 0


def test_ctrl_c_before_the_deploy_deploys_nothing(
    esprestack: Esprestack, files: ServiceFiles, world: World, server: EcsServer, signals: Signals,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    world.runs("app:1")
    files.definition = "app:2"
    stop_when_asked = Terminal.stop_when_asked

    def pressed(terminal: Terminal, said: str) -> None:
        stop_when_asked(terminal, said)
        signals[signal.SIGTERM](signal.SIGTERM, None)

    monkeypatch.setattr(Terminal, "stop_when_asked", pressed)
    said = esprestack("deploy")
    assert (said.code, writes(server)) == (143, [])
    assert said.err.splitlines()[-1] == "nothing was deployed"


def test_a_network_that_stays_away_is_an_error_that_says_how_to_go_on(
    esprestack: Esprestack, files: ServiceFiles, world: World, server: EcsServer, clock: Clock
) -> None:
    world.runs("app:1")
    files.definition = "app:2"
    clock.acts[1] = lambda: server.drop("DescribeServices", times=None)
    said = esprestack("deploy")
    assert said.code == 1
    assert "nobody knows how the deployment ended; ask again with `esprestack wait --deployment" in said.err


# -- wait ------------------------------------------------------------------------------------------------------


def test_a_wait_says_which_deployment_it_waits_for(esprestack: Esprestack, world: World) -> None:
    world.runs("app:1")
    world.registers("app:2")
    world.deploys("web:2")
    id_ = world.ecs.service().rollout.primary.id
    said = esprestack("wait")
    assert said.code == 0
    assert said.err.splitlines()[0] == f"waiting for the last deployment of the service `web`: {id_} with web:2"


def test_a_handle_in_json_needs_no_config(
    esprestack: Esprestack, files: ServiceFiles, world: World, folder: Folder
) -> None:
    world.runs("app:1")
    files.definition = "app:2"
    handle = esprestack("deploy", "--no-wait", "--format", "json").out
    (folder.path / "ecspresso.yml").unlink()
    assert esprestack("wait", "--deployment", handle).code == 0


# -- run -------------------------------------------------------------------------------------------------------


def test_a_run_shows_the_log_and_exits_with_the_containers_code(
    esprestack: Esprestack, files: ServiceFiles, world: World, past: Mapping[str, Any]
) -> None:
    logs = {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web", "awslogs-stream-prefix": "web"}}
    environment = [{"name": "DB_PASSWORD", "value": "hunter2hunter2"}]
    files.definition = a_definition(containerDefinitions=[a_container(logConfiguration=logs, environment=environment)])
    world.ecs.tasks.endings.append(Ending({"app": 7}))
    past["logs"].create_log_group(logGroupName="/ecs/web")
    stream = {"logGroupName": "/ecs/web", "logStreamName": f"web/app/{1:08x}{0:024x}"}
    past["logs"].create_log_stream(**stream)
    lines = ["10 rows", "connected with hunter2hunter2"]
    events = [{"timestamp": 1_795_770_000_000 + at, "message": line} for at, line in enumerate(lines)]
    past["logs"].put_log_events(**stream, logEvents=events)
    said = esprestack("run", "--overrides", OVERRIDES)
    assert (said.code, said.out) == (7, "10 rows\nconnected with (secret)\n")
    assert "hunter2" not in said.err
    assert said.err.splitlines()[0] == "registered web:1"
    assert "`app` exited with 7" in said.err


def test_a_run_as_json_names_its_service(esprestack: Esprestack) -> None:
    said = esprestack("run", "--overrides", OVERRIDES, "--format", "json")
    result = json.loads(said.out.splitlines()[-1])
    assert (result["type"], result["service"], result["cluster"], result["exit_code"]) == ("result", "web", CLUSTER, 0)


def test_all_options_of_a_run_go_into_its_request(
    esprestack: Esprestack, files: ServiceFiles, folder: Folder, server: EcsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMAND", "true")
    folder.write(OVERRIDES.replace('"true"', '"{{ must_env `COMMAND` }}"'), "overrides.json")
    folder.write(json.dumps(a_definition("app:7")), "other.json")
    said = esprestack(
        "run", "--overrides-file", "overrides.json", "--task-def", "other.json", "--count", "2", "--tags", "a=1,b=2=3",
        "--propagate-tags", "TASK_DEFINITION", "--client-token", "token", "--watch-container", "app",
        "--wait-until", "running", "-c", "ecspresso.yml",
    )  # fmt: skip
    assert said.code == 0
    (request,) = [call.parameters for call in server.calls if call.operation == "RunTask"]
    assert request["overrides"] == json.loads(OVERRIDES)
    assert (request["count"], request["clientToken"], request["propagateTags"]) == (2, "token", "TASK_DEFINITION")
    assert request["tags"] == [{"key": "a", "value": "1"}, {"key": "b", "value": "2=3"}]
    (registered,) = [call.parameters for call in server.calls if call.operation == "RegisterTaskDefinition"]
    assert registered["containerDefinitions"][0]["image"] == "app:7"


def test_overrides_that_are_no_json_are_refused(esprestack: Esprestack, folder: Folder, server: EcsServer) -> None:
    folder.write("command: x", "overrides.json")
    said = esprestack("run", "--overrides-file", "overrides.json")
    assert (said.code, server.calls) == (1, [])
    assert said.err == "error: overrides.json:1:1: broken JSON: Expecting value (mend the JSON here)\n"


def test_who_does_not_wait_for_a_run_gets_arns(esprestack: Esprestack, world: World) -> None:
    said = esprestack("run", "--no-wait", "--count", "2")
    assert (said.code, said.out.splitlines()) == (0, list(world.ecs.tasks.played))


@pytest.mark.parametrize("count", ["0", "11", "-1"])
def test_a_run_of_no_task_or_too_many_starts_none(esprestack: Esprestack, server: EcsServer, count: str) -> None:
    said = esprestack("run", "--count", count)
    assert (said.code, writes(server)) == (1, [])
    assert f"RunTask starts 1 to 10 tasks at once, not {count}" in said.err


def test_a_run_is_stopped_with_its_command_where_asked(
    esprestack: Esprestack, world: World, clock: Clock, signals: Signals
) -> None:
    world.ecs.tasks.endings.append(Ending(after=99))
    clock.acts[4] = lambda: signals[signal.SIGTERM](signal.SIGTERM, None)
    said = esprestack("run", "--stop-on-interrupt")
    (task,) = world.ecs.tasks.played.values()
    assert (said.code, task.stop_code) == (143, "UserInitiated")


def test_a_run_that_is_not_done_in_time_goes_on_and_is_no_success(esprestack: Esprestack, world: World) -> None:
    world.ecs.tasks.endings.append(Ending(after=99))
    said = esprestack("run", "--timeout", "20")
    assert said.code == 1
    assert "not done after 20 s" in said.err
    assert f"aws ecs stop-task --region {REGION} --cluster {CLUSTER} --task" in said.err


def test_of_two_kinds_of_configs_the_rules_goes_first_and_an_option_or_a_name_chooses(
    esprestack: Esprestack, folder: Folder, world: World
) -> None:
    folder.config(a_rule("nightly", network_configuration={"aws_vpc_configuration": {"subnets": ["subnet-1"]}}))
    world.registers("app:1", family="app")
    assert esprestack("run", "--no-wait").code == 0
    assert esprestack("run", "--no-wait", "-c", "ecspresso.yml").code == 0
    assert esprestack("run", "--no-wait", "--count", "1").code == 0
    started = [task.started_by for task in world.ecs.tasks.played.values()]
    assert started == ["esprestack/nightly", "esprestack/web", "esprestack/web"]


# -- rollback --------------------------------------------------------------------------------------------------


def test_a_rollback_says_where_it_goes_and_why(esprestack: Esprestack, world: World, server: EcsServer) -> None:
    world.runs("app:1", "app:2")
    said = esprestack("rollback", "--dry-run")
    assert (said.code, writes(server)) == (0, [])
    assert said.out == (
        "the service `web` goes from web:2 back to web:1: it was deployed successfully at 2026-11-27 09:00 UTC\n"
    )
    document = json.loads(esprestack("rollback", "--dry-run", "--format", "json").out)
    assert (document["current"], document["target"], document["stops"]) == (web(2), web(1), False)
    said = esprestack("rollback")
    assert (said.code, said.out, world.running) == (0, "service web: web:1 is deployed\n", "web:1")


def test_a_rollback_by_ecs_itself_is_a_success_when_it_was_rolled_back(
    esprestack: Esprestack, world: World, server: EcsServer
) -> None:
    world.runs("app:1")
    world.registers("app:bad2")
    world.deploys("web:2")
    said = esprestack("rollback")
    assert (said.code, said.out, world.running) == (0, "service web: web:2 was rolled back\n", "web:1")
    assert writes(server) == ["StopServiceDeployment"]


def test_who_does_not_wait_for_a_rollback_gets_a_handle(esprestack: Esprestack, world: World) -> None:
    world.runs("app:1")
    world.registers("app:bad2")
    world.deploys("web:2")
    arn_of_it = world.ecs.service().rollout.history[-1].arn
    assert esprestack("rollback", "--no-wait").out == f"{arn_of_it}\n"
    said = esprestack("rollback", "--dry-run")
    assert said.out.startswith("ECS is rolling back the service `web` already: ")
    assert esprestack("rollback").code == 0
    assert world.running == "web:1"


def test_a_deployment_that_is_done_before_it_is_taken_back_is_no_rollback(
    esprestack: Esprestack, world: World, server: EcsServer
) -> None:
    world.runs("app:1")
    world.registers("app:2")
    world.deploys("web:2")
    world.ecs.replace("StopServiceDeployment", lambda asked: {"serviceDeploymentArn": asked["serviceDeploymentArn"]})
    said = esprestack("rollback")
    assert (said.code, said.out, world.running) == (1, "service web: web:2 is deployed\n", "web:2")
    assert "error: web:2 is deployed: it was done before it could be taken back (roll it back now)" in said.err


def test_a_rollback_that_fails_is_no_success(esprestack: Esprestack, world: World) -> None:
    world.runs("app:1", "app:2")
    world.ecs.definitions.find("web:1").document["containerDefinitions"][0]["image"] = "app:bad1"
    said = esprestack("rollback")
    assert (said.code, said.out) == (1, "service web: web:1 was rolled back\n")


def test_the_revision_that_was_left_is_deregistered_where_asked(
    esprestack: Esprestack, world: World, past: Mapping[str, Any]
) -> None:
    world.runs("app:1", "app:2")
    events = past["events"]
    events.put_rule(Name="nightly", ScheduleExpression="rate(1 day)")
    target = {"Id": "1", "Arn": arn("ecs", f"cluster/{CLUSTER}"), "RoleArn": arn("iam", "role/x")}
    events.put_targets(Rule="nightly", Targets=[{**target, "EcsParameters": {"TaskDefinitionArn": web(2)}}])
    said = esprestack("rollback", "--deregister")
    assert (said.code, world.running, world.revisions) == (1, "web:2", ["web:1", "web:2"])
    assert "web:2 isn't deregistered: the rule nightly couldn't start tasks of it any more" in said.err
    events.remove_targets(Rule="nightly", Ids=["1"])
    said = esprestack("rollback", "--deregister")
    assert (said.code, world.running, world.revisions) == (0, "web:1", ["web:1"])
    assert said.err.splitlines()[-1] == "deregistered web:2"


# -- the others ------------------------------------------------------------------------------------------------


def test_revisions_are_shown(esprestack: Esprestack, world: World) -> None:
    world.runs("app:1", "app:2")
    assert esprestack("revisions").out.splitlines()[0].startswith("web:2  PRIMARY")
    document = json.loads(esprestack("revisions", "--format", "json").out)
    assert [one["arn"] for one in document] == [web(2), web(1)]


def test_a_definition_is_registered_once(esprestack: Esprestack, files: ServiceFiles, world: World) -> None:
    world.runs("app:1")
    files.definition = "app:2"
    assert [esprestack("register").out for _ in range(2)] == [f"{web(2)}\n"] * 2
    assert json.loads(esprestack("register", "--format", "json").out) == {"task_definition_arn": web(2)}
    assert world.revisions == ["web:1", "web:2"]


def test_revisions_that_nobody_uses_are_deregistered(esprestack: Esprestack, world: World) -> None:
    world.runs("app:1")
    world.registers("app:2", "app:3", "app:4")
    said = esprestack("deregister", "--keeps", "1", "--dry-run")
    assert (said.code, said.out, len(world.revisions)) == (0, "web:2\nweb:3\n", 4)
    said = esprestack("deregister", "--keeps", "1", "--format", "json")
    assert json.loads(said.out)["kept"] == [{"arn": web(1), "users": ["the service web of the cluster jobs"]}]
    assert said.err.splitlines()[0] == "web:1 is kept: the service web of the cluster jobs"
    assert world.revisions == ["web:1", "web:4"]
    assert esprestack("deregister", "--revision", "1").code == 1
    assert esprestack("deregister", "--revision", "4").code == 0
    assert world.revisions == ["web:1"]


def test_a_service_is_scaled_and_waited_for(esprestack: Esprestack, world: World, server: EcsServer) -> None:
    world.runs("app:1")
    said = esprestack("scale", "--tasks", "3")
    assert (said.code, world.ecs.service().rollout.primary.running) == (0, 3)
    assert updates(server) == [{"desiredCount": 3}]
    assert esprestack("scale", "--tasks", "0", "--no-wait", "--format", "json").code == 0


def test_a_service_is_refreshed_and_waited_for(esprestack: Esprestack, files: ServiceFiles, world: World) -> None:
    files.service = a_daemon(networkConfiguration=NETWORK)
    assert esprestack("deploy").code == 0
    said = esprestack("refresh")
    assert (said.code, said.out, world.deployments) == (0, "service web: web:1 is deployed\n", ["web:1", "web:1"])
    assert esprestack("scale", "--tasks", "3").code == 1
    assert esprestack("refresh", "--no-wait").out == f"{world.ecs.service().rollout.history[-1].arn}\n"


def test_the_state_of_a_service_is_shown(esprestack: Esprestack, world: World, server: EcsServer) -> None:
    assert "there is no service `web` in the cluster `jobs`" in esprestack("status").err
    world.runs("app:1")
    server.fail("ListServiceDeployments", "AccessDeniedException", times=1)
    assert esprestack("status", "--events", "0").out.splitlines() == [
        "service web of the cluster jobs: ACTIVE",
        f"  PRIMARY web:1 2 of 2 running ({world.ecs.service().rollout.primary.id})",
    ]
    assert json.loads(esprestack("status", "--format", "json").out)["last_deployment"]["status"] == "SUCCESSFUL"
    assert writes(server) == []


def test_the_files_of_a_live_service_are_written_and_never_written_over(
    esprestack: Esprestack, folder: Folder, world: World, server: EcsServer
) -> None:
    world.runs("app:1")
    init = ("init", "--service", "web", "--cluster", CLUSTER, "--region", REGION)
    said = esprestack(*init)
    assert (said.code, said.err) == (
        1,
        "error: ecspresso.yml is there already (name other files, or give --force-overwrite)\n",
    )
    said = esprestack(*init, "-c", "web/ecspresso.yml")
    assert said.code == 1
    assert "can't be written" in said.err
    said = esprestack(*init, "--force-overwrite")
    assert (said.code, said.out.splitlines()) == (0, ["ecspresso.yml", "ecs-task-def.json", "ecs-service-def.json"])
    assert (folder.path / "ecspresso.yml").read_text().startswith("region: eu-central-1\ncluster: jobs\nservice: web\n")
    assert json.loads((folder.path / "ecs-task-def.json").read_text())["family"] == "web"
    assert writes(server) == []
    alone = esprestack("init", "--task-definition", "web", "--region", REGION, "-c", "task.yml", "--force-overwrite")
    assert alone.out.splitlines() == ["task.yml", "ecs-task-def.json"]

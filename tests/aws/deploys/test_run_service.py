"""Tasks of a service's definition, started by hand: which revision they run, what is refused, how they are watched."""

from typing import Any, NamedTuple

import pytest
from tests.aws.account import arn
from tests.aws.deploys.builders import NETWORK, a_container, a_definition
from tests.aws.deploys.planning import a_plan
from tests.aws.deploys.waiting import Clock
from tests.aws.deploys.world import World, name, writes
from tests.support.ecs.tasks import Ending
from tests.support.ecs_server import EcsServer, ScriptedEcs

from esprestack.backends.task_ends import exit_code
from esprestack.backends.task_watch import Ending as How
from esprestack.backends.task_watch import TaskWatch, Watched
from esprestack.backends.tasks import Tasks
from esprestack.backends.tasks_mapping import Launch
from esprestack.errors import EsprestackError, InputError
from esprestack.services.choice import Choice, Source
from esprestack.services.ecs import Ecs
from esprestack.services.model import ServicePlan
from esprestack.services.run import RunOptions, overridden, revision_to_run, start_tasks

MIGRATE = {"containerOverrides": [{"name": "app", "command": ["rake", "db:migrate"]}]}


class StartedTasks(NamedTuple):
    """What was started, of which revision."""

    launch: Launch
    task_definition: str


def started(client: Ecs, plan: ServicePlan, said: list[str] | None = None, **options: Any) -> StartedTasks:
    told: list[str] = [] if said is None else said
    asked = RunOptions(**options)
    arn = revision_to_run(client, plan, asked, told.append)
    return StartedTasks(start_tasks(client, plan, arn, asked), arn)


def refused(client: Ecs, plan: ServicePlan, **options: Any) -> list[str]:
    with pytest.raises(InputError) as error:
        started(client, plan, **options)
    return str(error.value).splitlines()


def watched(client: Ecs, clock: Clock, tasks: StartedTasks, *, running: bool = False, **options: Any) -> Watched:
    asked = RunOptions(**options)
    watch = TaskWatch(
        Tasks(client.aws, client.scope.cluster_arn), lambda _: client.aws, client.scope.region, tasks.launch.tasks,
        overridden(asked), asked.watch,
    )  # fmt: skip
    until = watch.until_running if running else watch.until_stopped
    return until(lambda _: None, clock.pause, 600.0)


def code_of(tasks: StartedTasks, seen: Watched) -> int:
    return exit_code(seen.tasks, tasks.launch.failures, seen.names)


# -- which revision --------------------------------------------------------------------------------------------


def test_the_files_definition_is_registered_once_for_the_run_and_the_deploy_after_it(
    client: Ecs, world: World, server: EcsServer
) -> None:
    world.runs("app:1")
    said: list[str] = []
    tasks = started(client, a_plan(client, "app:2"), said, overrides=MIGRATE)
    assert (name(tasks.task_definition), said) == ("web:2", ["registered web:2"])
    again = started(client, a_plan(client, "app:2"), overrides=MIGRATE)
    assert again.task_definition == tasks.task_definition
    assert writes(server) == ["RegisterTaskDefinition", "RunTask", "RunTask"]
    assert world.running == "web:1"


@pytest.mark.parametrize(
    ("choice", "expected"),
    [(Choice(Source.LATEST), "web:3"), (Choice(Source.CURRENT), "web:1"), (Choice(Source.NUMBER, 2), "web:2")],
    ids=["latest", "what the service runs", "by number"],
)
def test_another_revision_is_run_where_asked(
    client: Ecs, world: World, server: EcsServer, choice: Choice, expected: str
) -> None:
    world.runs("app:1")
    world.registers("app:2", "app:3")
    assert name(started(client, a_plan(client, "app:9"), choice=choice).task_definition) == expected
    assert writes(server) == ["RunTask"]


def test_the_request_is_what_the_service_definition_says(client: Ecs, server: EcsServer) -> None:
    started(client, a_plan(client, "app:1"), overrides=MIGRATE, count=2, tags={"by": "me"}, client_token="token")
    (request,) = [call.parameters for call in server.calls if call.operation == "RunTask"]
    assert request == {
        "cluster": arn("ecs", "cluster/jobs"),
        "taskDefinition": arn("ecs", "task-definition/web:1"),
        "count": 2,
        "networkConfiguration": NETWORK,
        "overrides": MIGRATE,
        "startedBy": "esprestack/web",
        "tags": [{"key": "by", "value": "me"}],
        "clientToken": "token",
    }


# -- what is refused -------------------------------------------------------------------------------------------


def test_all_that_is_wrong_is_said_before_anything_is_registered(client: Ecs, server: EcsServer) -> None:
    overrides = {"containerOverrides": [{"name": "ap"}, {"name": "nosuch"}]}
    assert refused(client, a_plan(client, "app:1"), overrides=overrides, count=11, watch="appp") == [
        "RunTask starts 1 to 10 tasks at once, not 11 (give a smaller --count, or run it several times)",
        "--watch-container: the task definition web has no container `appp` (did you mean `app`?)",
        "the overrides: the task definition web has no container `ap` (did you mean `app`?)",
        "the overrides: the task definition web has no container `nosuch` (there are `app`)",
    ]
    assert writes(server) == []


def test_overrides_in_another_form_are_refused(client: Ecs, server: EcsServer) -> None:
    said = refused(client, a_plan(client, "app:1"), overrides={"containerOverides": []})
    assert said[0].startswith("the overrides aren't RunTask's: Unknown parameter in input: \"containerOverides\"")
    assert writes(server) == []


def test_containers_of_another_revision_than_the_files_are_looked_up(
    client: Ecs, world: World, server: EcsServer
) -> None:
    world.ecs.answer("RegisterTaskDefinition", a_definition(containerDefinitions=[a_container("worker")]))
    latest = Choice(Source.LATEST)
    assert "no container `app`" in refused(client, a_plan(client, "app:1"), choice=latest, watch="app")[0]
    assert started(client, a_plan(client, "app:1"), choice=latest, watch="worker").launch.tasks


def test_what_ecs_refuses_says_what_to_do(client: Ecs, server: EcsServer) -> None:
    server.fail("RunTask", "ClientException", "No Container Instances were found in your cluster.")
    with pytest.raises(EsprestackError, match="add instances, or set"):
        started(client, a_plan(client, "app:1"))


# -- how they end ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("command", "code"), [("rake db:migrate", 0), ("exit 3", 3)])
def test_the_exit_code_is_the_containers(client: Ecs, clock: Clock, command: str, code: int) -> None:
    overrides = {"containerOverrides": [{"name": "app", "command": command.split()}]}
    tasks = started(client, a_plan(client, "app:1"), overrides=overrides)
    assert code_of(tasks, watched(client, clock, tasks, overrides=overrides)) == code


def test_an_image_that_cannot_be_pulled_is_no_success(client: Ecs, clock: Clock) -> None:
    tasks = started(client, a_plan(client, "app:bad-pull"))
    assert code_of(tasks, watched(client, clock, tasks)) == 1


def test_all_tasks_must_be_fine(client: Ecs, ecs: ScriptedEcs, clock: Clock) -> None:
    ecs.tasks.endings.extend([Ending(), Ending({"app": 5}), Ending()])
    tasks = started(client, a_plan(client, "app:1"), count=3)
    seen = watched(client, clock, tasks)
    assert (len(seen.tasks), code_of(tasks, seen)) == (3, 5)


def test_fewer_tasks_than_asked_for_are_no_success(client: Ecs, ecs: ScriptedEcs, clock: Clock) -> None:
    ecs.tasks.failures.append({"reason": "RESOURCE:MEMORY"})
    tasks = started(client, a_plan(client, "app:1"), count=2)
    seen = watched(client, clock, tasks)
    assert (len(seen.tasks), code_of(tasks, seen)) == (1, 1)


def test_only_the_watched_container_counts(client: Ecs, ecs: ScriptedEcs, clock: Clock) -> None:
    definition = a_definition(containerDefinitions=[a_container("app"), a_container("proxy", essential=False)])
    for watch, code in (("", 0), ("app", 0), ("proxy", 9)):
        ecs.tasks.endings.append(Ending({"app": 0, "proxy": 9}))
        tasks = started(client, a_plan(client, definition), watch=watch)
        assert code_of(tasks, watched(client, clock, tasks, watch=watch)) == code


def test_who_waits_for_running_tasks_does_not_wait_for_their_end(client: Ecs, ecs: ScriptedEcs, clock: Clock) -> None:
    ecs.tasks.endings.append(Ending(after=99))
    tasks = started(client, a_plan(client, "app:1"))
    seen = watched(client, clock, tasks, running=True)
    assert (seen.ending, [task.status for task in seen.tasks]) == (How.RUNNING, ["RUNNING"])


def test_a_task_that_never_ran_is_seen_by_who_waits_for_running_tasks(client: Ecs, clock: Clock) -> None:
    tasks = started(client, a_plan(client, "app:bad-pull"))
    seen = watched(client, clock, tasks, running=True)
    assert (seen.ending, code_of(tasks, seen)) == (How.RUNNING, 1)

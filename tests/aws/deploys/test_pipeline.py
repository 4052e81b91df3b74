"""The pipeline of migrations and deploys: run, deploy --no-wait, wait; each a process of its own, as a workflow has them.

Whatever goes wrong, the pipeline ends with a step that fails, and the service runs what it ran before.
"""

import json
from collections.abc import Callable

import pytest
from tests.aws.conftest import Esprestack, Said
from tests.aws.deploys.builders import a_service
from tests.aws.deploys.planning import ServiceFiles
from tests.aws.deploys.waiting import Clock
from tests.aws.deploys.world import World, writes
from tests.support.ecs_server import EcsServer

MIGRATE = json.dumps({"containerOverrides": [{"name": "app", "command": ["rake", "db:migrate"]}]})
FAILING = json.dumps({"containerOverrides": [{"name": "app", "command": ["exit", "3"]}]})


def pipeline(esprestack: Esprestack, overrides: str = MIGRATE) -> list[tuple[str, Said]]:
    """Its steps as far as they got: the first that fails is the last."""
    done: list[tuple[str, Said]] = []

    def step(*arguments: str) -> bool:
        done.append((arguments[0], esprestack(*arguments)))
        return done[-1][1].code == 0

    if step("run", "--overrides", overrides) and step(
        "deploy", "--latest-task-definition", "--no-wait", "--format", "json"
    ):
        step("wait", "--deployment", done[-1][1].out)
    return done


def in_one_step(esprestack: Esprestack, overrides: str = MIGRATE) -> list[tuple[str, Said]]:
    return [("deploy", esprestack("deploy", "--migrate", overrides))]


@pytest.fixture(params=[pipeline, in_one_step], ids=["three steps", "deploy --migrate"])
def steps(
    request: pytest.FixtureRequest, esprestack: Esprestack, clock: Clock
) -> Callable[..., list[tuple[str, Said]]]:
    return lambda *overrides: request.param(esprestack, *overrides)


def codes(done: list[tuple[str, Said]]) -> dict[str, int]:
    return {name: said.code for name, said in done}


Steps = Callable[..., list[tuple[str, Said]]]


def test_a_migration_that_succeeds_is_followed_by_a_deploy_of_the_same_revision(
    steps: Steps, files: ServiceFiles, world: World, server: EcsServer
) -> None:
    world.runs("app:1")
    files.definition = "app:2"
    done = steps()
    assert set(codes(done).values()) == {0}
    assert writes(server) == ["RegisterTaskDefinition", "RunTask", "UpdateService"]
    assert (world.revisions, world.running) == (["web:1", "web:2"], "web:2")
    migrated = [task.definition.arn for task in world.ecs.tasks.played.values() if not task.is_of_a_service]
    assert [arn.rpartition("/")[2] for arn in migrated] == ["web:2"]
    assert done[-1][1].out == "service web: web:2 is deployed\n"


def test_an_image_that_is_not_there_is_not_deployed(
    steps: Steps, files: ServiceFiles, world: World, server: EcsServer
) -> None:
    world.runs("app:1")
    files.definition = "app:bad-pull"
    done = steps()
    assert list(codes(done).values()) == [1]
    assert "UpdateService" not in writes(server)
    assert (world.running, world.deployments) == ("web:1", ["web:1"])
    assert "CannotPullContainerError" in done[0][1].err


def test_a_migration_that_fails_is_not_followed_by_a_deploy(
    steps: Steps, files: ServiceFiles, world: World, server: EcsServer
) -> None:
    world.runs("app:1")
    files.definition = "app:2"
    done = steps(FAILING)
    assert list(codes(done).values()) == [3]
    assert writes(server) == ["RegisterTaskDefinition", "RunTask"]
    assert (world.running, world.deployments) == ("web:1", ["web:1"])
    assert "`app` exited with 3" in done[0][1].err


def test_a_deploy_that_the_breaker_rolled_back_fails(
    steps: Steps, files: ServiceFiles, world: World, server: EcsServer
) -> None:
    world.runs("app:1")
    files.definition = "app:bad2"
    done = steps()
    assert list(codes(done).values())[-1] == 1
    assert list(codes(done).values())[:-1] == [0] * (len(done) - 1)
    assert world.running == "web:1"
    assert done[-1][1].out == "service web: web:2 was rolled back\n"
    assert "error: web:2 was rolled back: Service deployment rolled back because" in done[-1][1].err


def test_a_deploy_that_is_rolled_back_before_anybody_waits_fails_too(
    esprestack: Esprestack, files: ServiceFiles, world: World, clock: Clock
) -> None:
    world.runs("app:1")
    files.definition = "app:bad2"
    handle = esprestack("deploy", "--no-wait", "--format", "json")
    assert handle.code == 0
    world.ecs.settle()
    assert world.running == "web:1"
    for arguments in (["--deployment", handle.out], []):
        said = esprestack("wait", *arguments)
        assert (said.code, said.out) == (1, "service web: web:2 was rolled back\n")


def test_a_deploy_that_does_not_get_done_fails(
    steps: Steps, files: ServiceFiles, world: World, server: EcsServer
) -> None:
    world.runs("app:1", breaker=False)
    files.definition, files.service, files.timeout = "app:bad2", a_service(breaker=False), 120.0
    done = steps()
    assert list(codes(done).values())[-1] == 1
    assert "it isn't done after" in done[-1][1].err
    assert "it goes on; wait for it with `esprestack wait --deployment arn:aws:ecs:" in done[-1][1].err


def test_a_pipeline_that_is_run_again_changes_nothing(
    esprestack: Esprestack, files: ServiceFiles, world: World, server: EcsServer, clock: Clock
) -> None:
    world.runs("app:1")
    files.definition = "app:2"
    pipeline(esprestack)
    server.clear()
    done = pipeline(esprestack)
    assert set(codes(done).values()) == {0}
    assert writes(server) == ["RunTask"]
    server.clear()
    said = esprestack("deploy", "--migrate", MIGRATE)
    assert (said.code, writes(server)) == (0, [])
    assert "no migration is run: the service runs web:2 already" in said.err


def test_a_migration_goes_before_a_service_is_created(
    esprestack: Esprestack, files: ServiceFiles, world: World, server: EcsServer, clock: Clock
) -> None:
    assert esprestack("deploy", "--migrate", FAILING).code == 3
    assert "CreateService" not in writes(server)
    assert esprestack("deploy", "--migrate", MIGRATE).code == 0
    assert writes(server) == ["RegisterTaskDefinition", "RunTask", "RunTask", "CreateService"]


def test_what_cannot_be_deployed_is_not_migrated(
    esprestack: Esprestack, files: ServiceFiles, world: World, server: EcsServer, clock: Clock
) -> None:
    world.runs("app:1")
    files.definition = "app:2"
    files.service = a_service(schedulingStrategy="DAEMON", desiredCount=None)
    said = esprestack("deploy", "--migrate", MIGRATE)
    assert (said.code, writes(server)) == (1, [])
    assert "`schedulingStrategy` is `REPLICA` for good, it can't become `DAEMON`" in said.err

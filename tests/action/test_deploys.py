"""A merge that deploys: the service first, then the rules that follow it; what became of both is told in every sink."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.action.conftest import SECRET, SECRETS
from tests.aws.deploys.builders import a_definition, a_service, to_create
from tests.support.ecs_server import EcsServer
from tests.support.forks import Forks
from tests.support.github_events import MERGE_SHA, PullRequest, pull_request, push
from tests.support.github_server import GitHubServer
from tests.support.runner import Runner

RULES = """\
region: ap-northeast-1
cluster: batch
rules:
- name: nightly-report
  scheduleExpression: cron(15 18 ? * MON-FRI *)
  taskDefinition: web:1
  network_configuration: {aws_vpc_configuration: {subnets: [subnet-1]}}
  containerOverrides:
  - name: app
    environment: {API_URL: '{{ secret("API_URL") }}'}
"""
SERVICE = """\
region: ap-northeast-1
cluster: batch
service: web
service_definition: service.json
task_definition: task.json
"""
MIGRATE = json.dumps(
    {"containerOverrides": [{"name": "app", "environment": [{"name": "DB_PASSWORD", "value": "hush-hush"}]}]}
)
FAILING = json.dumps({"containerOverrides": [{"name": "app", "command": ["exit", "3"]}]})
GIVEN = {"secrets": SECRETS, "require-plan": "match"}


@pytest.fixture(scope="module")
def started() -> Iterator[EcsServer]:
    with EcsServer("ap-northeast-1", cluster="batch") as server:
        yield server


@pytest.fixture
def server(started: EcsServer) -> EcsServer:
    """The service runs `web:1`; whatever is deployed or run is done at the first look."""
    started.reset()
    started.ecs.answer("RegisterTaskDefinition", a_definition("app:1"))
    started.ecs.answer("CreateService", {**to_create(), "cluster": "batch"})
    started.ecs.settle()

    def settle(_: int, operation: str) -> None:
        if operation == "ListServiceDeployments":
            started.ecs.settle()
        if operation == "DescribeTasks":
            for task in started.ecs.tasks.played.values():
                task.end()

    started.choose = settle
    started.clear()
    return started


@pytest.fixture
def runner(tmp_path: Path, server: EcsServer, github: GitHubServer, forks: Forks) -> Runner:
    """A workspace whose merge brings `app:2`."""
    runner = Runner(tmp_path, github_url=github.url, aws_url=server.url, forks=forks)
    (runner.workspace / "ecschedule.yaml").write_text(RULES)
    (runner.workspace / "ecspresso.yml").write_text(SERVICE)
    (runner.workspace / "service.json").write_text(json.dumps(a_service()))
    brings(runner, "app:2")
    return runner


def brings(runner: Runner, image: str) -> None:
    (runner.workspace / "task.json").write_text(json.dumps(a_definition(image)))


def merged(runner: Runner, github: GitHubServer) -> None:
    """The pull request, with its comment, and then the merge."""
    runner.start("pull_request", pull_request(), GIVEN)
    github.pull_requests[7] = PullRequest(7, state="closed", merge_commit_sha=MERGE_SHA)
    runner.environ["GITHUB_SHA"] = MERGE_SHA


def test_a_merge_deploys_the_service_and_then_moves_the_rule(
    runner: Runner, server: EcsServer, github: GitHubServer
) -> None:
    merged(runner, github)
    (comment,) = github.comments[7]
    assert "follows the service `web`: the task definition is web:" in comment.body
    server.clear()
    done = runner.start("push", push(), GIVEN)
    assert done.code == 0, done.log
    assert [call.operation for call in server.writes()] == [
        "RegisterTaskDefinition", "UpdateService", "PutRule", "PutTargets",
    ]  # fmt: skip
    (put,) = (call.parameters["Targets"][0] for call in server.calls if call.operation == "PutTargets")
    assert put["EcsParameters"]["TaskDefinitionArn"].endswith(":task-definition/web:2")
    assert "service web: web:2 is deployed" in done.log
    assert done.outputs["deployments"].startswith(
        "arn:aws:ecs:ap-northeast-1:123456789012:service-deployment/batch/web/"
    )
    (comment,) = github.comments[7]
    for told in (done.summary, comment.body):
        assert "| `task definition web` | update | done |" in told
        assert "| `nightly-report` | create | done |" in told
        assert "the deployment of ecspresso.yml, in UTC</summary>" in told
        assert " succeeded\n" in told
        assert SECRET not in told
    assert json.loads((runner.workspace / done.outputs["plan-json"]).read_text())["plans"][0]["deployment"]


def test_a_deploy_that_is_rolled_back_leaves_the_rules_and_says_why(
    runner: Runner, server: EcsServer, github: GitHubServer
) -> None:
    brings(runner, "app:bad2")
    merged(runner, github)
    server.clear()
    done = runner.start("push", push(), GIVEN)
    assert (done.code, done.outputs["failure-reason"]) == (1, "deploy")
    assert "PutTargets" not in [call.operation for call in server.writes()]
    assert "::error::web:2 was rolled back: " in done.log
    (comment,) = github.comments[7]
    for told in (done.summary, comment.body):
        assert "| `task definition web` | update | failed: web:2 was rolled back: " in told
        assert "| `nightly-report` | create | not tried |" in told


def test_a_migration_runs_before_the_deploy_and_its_secrets_are_nowhere(
    runner: Runner, server: EcsServer, github: GitHubServer
) -> None:
    merged(runner, github)
    server.clear()
    done = runner.start("push", push(), {**GIVEN, "migrate": MIGRATE})
    assert done.code == 0, done.log
    assert "RunTask" in [call.operation for call in server.writes()]
    assert "hush-hush" not in done.visible_log + done.summary + "".join(one.body for one in github.comments[7])


def test_a_migration_that_fails_ends_the_apply(runner: Runner, server: EcsServer, github: GitHubServer) -> None:
    merged(runner, github)
    server.clear()
    done = runner.start("push", push(), {**GIVEN, "migrate": FAILING})
    assert done.code == 1
    assert [call.operation for call in server.writes()] == ["RegisterTaskDefinition", "RunTask"]
    assert "nothing was deployed: the migration with web:2 didn't exit with 0" in done.log

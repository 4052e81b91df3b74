"""A service in a workflow: in the pull request's comment beside rules, in a drift check, and left alone by an apply."""

import json
import re
from pathlib import Path

import pytest
from tests.action.conftest import SECRETS
from tests.support.aws_front import AwsFront
from tests.support.ecs_services import EcsServices
from tests.support.github_events import pull_request, push, schedule
from tests.support.github_server import GitHubServer
from tests.support.runner import Runner
from tests.unit.services.builders import CONFIG, a_service_definition, a_task_definition

GIVEN = {"secrets": SECRETS}


@pytest.fixture
def services(runner: Runner, aws: AwsFront) -> EcsServices:
    """The workspace has a service too; ECS has a task definition for the rules, and no service."""
    write(runner.workspace, "ecspresso.yml", CONFIG.replace("eu-west-1", "ap-northeast-1"))
    write(runner.workspace, "task.json", json.dumps(a_task_definition(), indent=1))
    write(runner.workspace, "service.json", json.dumps(a_service_definition(), indent=1))
    services = EcsServices(aws)
    services.has_revision({"family": "reports", "containerDefinitions": [{"name": "app", "image": "app:1"}]})
    return services


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)


def test_a_pull_requests_comment_has_the_service_beside_the_rules(
    runner: Runner, services: EcsServices, aws: AwsFront, github: GitHubServer
) -> None:
    done = runner.start("pull_request", pull_request(), GIVEN)
    assert done.code == 0, done.log
    (comment,) = github.comments[7]
    assert "| `nightly-report` | create |" in comment.body
    assert "| `service web` | create |" in comment.body
    assert done.outputs["created"] == "4"
    assert aws.writes() == []


def test_an_annotation_stands_at_the_line_of_the_definition(runner: Runner, services: EcsServices) -> None:
    write(runner.workspace, "service.json", json.dumps(a_service_definition(lauchType="x"), indent=1))
    done = runner.start("pull_request", pull_request(), GIVEN)
    assert done.code == 1
    assert re.search(r"::error [^:]*file=service\.json,line=20,", done.log)


def test_an_apply_applies_rules_and_leaves_the_service_alone(
    runner: Runner, services: EcsServices, aws: AwsFront
) -> None:
    done = runner.start("push", push(), {**GIVEN, "require-plan": "off"})
    assert done.code == 0, done.log
    assert "ecspresso.yml describes a service, which `apply` leaves alone" in done.log
    assert {call.service for call in aws.writes()} == {"events"}


def test_a_scheduled_run_finds_a_service_that_differs(
    runner: Runner, services: EcsServices, aws: AwsFront, github: GitHubServer
) -> None:
    services.has_service(a_service_definition(desiredCount=7), services.has_revision(a_task_definition()))
    given = {**GIVEN, "config": "ecspresso.yml"}
    done = runner.start("schedule", schedule(), given)
    assert done.code == 1
    assert (done.outputs["drifted"], done.outputs["updated"]) == ("true", "1")
    assert "~ update service web: desiredCount" in done.log
    assert "`desiredCount`" in done.summary
    assert "nightly-report" not in done.summary  # only the service was asked for
    assert aws.writes() == []

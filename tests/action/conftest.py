"""One AWS and one GitHub on loopback for each test of the action, and a runner whose workspace has a config."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.aws_front import AwsFront
from tests.support.forks import Forks
from tests.support.github_server import GitHubServer
from tests.support.runner import Runner

CONFIG = """\
region: ap-northeast-1
cluster: batch
rules:
- name: nightly-report
  scheduleExpression: cron(15 18 ? * MON-FRI *)
  taskDefinition: reports
  containerOverrides:
  - name: app
    command: [bin/report]
    environment:
      API_URL: '{{ secret("API_URL") }}'
- name: cleanup
  scheduleExpression: rate(1 hour)
  taskDefinition: reports
"""

SECRET = 'it\'s: "hot"\n{tea}'
SECRETS = '{"API_URL": "it\'s: \\"hot\\"\\n{tea}"}'


@pytest.fixture(scope="module")
def shared_aws() -> Iterator[AwsFront]:
    with AwsFront() as front:
        yield front


@pytest.fixture
def aws(shared_aws: AwsFront) -> AwsFront:
    shared_aws.reset()
    register(shared_aws, "reports")
    shared_aws.clear()
    return shared_aws


def register(aws: AwsFront, family: str) -> None:
    """A task definition, so that rules can name it."""
    import boto3

    client = boto3.client(
        "ecs",
        endpoint_url=aws.url,
        region_name="ap-northeast-1",
        aws_access_key_id="made-up",
        aws_secret_access_key="made-up",
    )
    client.register_task_definition(
        family=family, containerDefinitions=[{"name": "app", "image": "app:1", "memory": 128}]
    )


@pytest.fixture
def github() -> Iterator[GitHubServer]:
    with GitHubServer() as server:
        yield server
        server.assert_clean()


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """Imports are most of a step's time; that a whole process does the same is seen by what is cancelled."""
    with Forks() as forks:
        yield forks


@pytest.fixture
def runner(tmp_path: Path, aws: AwsFront, github: GitHubServer, forks: Forks) -> Runner:
    runner = Runner(tmp_path, github_url=github.url, aws_url=aws.url, forks=forks)
    (runner.workspace / "ecschedule.yaml").write_text(CONFIG)
    return runner

"""The built image, started with the runner's `docker run` line. Where Docker isn't, this says so and is skipped."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from tests.action.conftest import CONFIG, SECRETS, register
from tests.support.aws_front import AwsFront
from tests.support.github_events import pull_request, push, schedule
from tests.support.github_server import GitHubServer
from tests.support.runner import ROOT, Begun, Runner
from tests.support.shaky_front import ShakyFront

IMAGE = os.environ.get("ESPRESTACK_IMAGE", "")
MOST_BYTES = 65_000_000
GIVEN = {"secrets": SECRETS}


def docker_is_missing() -> str:
    if not shutil.which("docker"):
        return "Docker isn't installed here"
    done = subprocess.run(["docker", "info"], capture_output=True, check=False)
    return "" if done.returncode == 0 else "Docker is installed, but no engine answers"


pytestmark = [
    pytest.mark.container,
    pytest.mark.skipif(bool(docker_is_missing()), reason=docker_is_missing() or "Docker is here"),
]


@pytest.fixture(scope="module")
def image() -> str:
    """The image to test: built from this checkout, unless ESPRESTACK_IMAGE names one."""
    if IMAGE:
        return IMAGE
    name = "esprestack:test"
    subprocess.run(["docker", "build", "--quiet", "--tag", name, str(ROOT)], check=True, capture_output=True)
    return name


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


@pytest.fixture
def github() -> Iterator[GitHubServer]:
    with GitHubServer() as server:
        yield server
        server.assert_clean()


@pytest.fixture
def runner(tmp_path: Path, aws: AwsFront, github: GitHubServer, image: str) -> Runner:
    runner = Runner(tmp_path, github_url=github.url, aws_url=aws.url, image=image)
    (runner.workspace / "ecschedule.yaml").write_text(CONFIG)
    return runner


def test_a_pull_request_gets_one_comment_and_a_second_run_updates_it(
    runner: Runner, github: GitHubServer, aws: AwsFront
) -> None:
    assert runner.start("pull_request", pull_request(), GIVEN).code == 0
    (runner.workspace / "ecschedule.yaml").write_text(CONFIG.replace("rate(1 hour)", "rate(2 hours)"))
    assert runner.start("pull_request", pull_request(), GIVEN).code == 0
    (comment,) = github.comments[7]
    assert "rate(2 hours)" in comment.body
    assert aws.writes() == []


def test_a_push_applies_and_a_scheduled_run_finds_drift(runner: Runner, aws: AwsFront) -> None:
    assert runner.start("push", push(), GIVEN).code == 0
    assert aws.count("PutTargets") == 2
    assert runner.start("schedule", schedule(), GIVEN).code == 0
    (runner.workspace / "ecschedule.yaml").write_text(CONFIG.replace("rate(1 hour)", "rate(2 hours)"))
    drifted = runner.start("schedule", schedule(), GIVEN)
    assert (drifted.code, drifted.outputs["failure-reason"]) == (1, "drift")


def test_a_forks_read_only_token_fails_nothing(runner: Runner, github: GitHubServer) -> None:
    github.permissions = "read"
    done = runner.start("pull_request", pull_request(fork=True), GIVEN)
    assert done.code == 0
    assert "2 to create" in done.summary


def test_nothing_of_the_checkout_is_imported(runner: Runner) -> None:
    for name in ("yaml", "boto3", "esprestack", "sitecustomize"):
        (runner.workspace / f"{name}.py").write_text("raise SystemExit('taken over')")
    runner.environ["PYTHONPATH"] = "/github/workspace"
    done = runner.start("pull_request", pull_request(), GIVEN)
    assert (done.code, "taken over" in done.log) == (0, False)


def test_report_files_belong_to_the_owner_of_the_workspace(runner: Runner) -> None:
    os.chown(runner.workspace, 1001, 1001)
    done = runner.start("pull_request", pull_request(), GIVEN)
    report = runner.workspace / done.outputs["report"]
    assert (report.stat().st_uid, report.parent.stat().st_uid) == (1001, 1001)


def test_the_image_starts_isolated_and_is_small(image: str) -> None:
    inspected = subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=True).stdout
    (facts,) = json.loads(inspected)
    assert facts["Config"]["Entrypoint"] == ["python", "-I", "-u", "-B", "/app/entrypoint.py"]
    assert not facts["Config"].get("User")
    layers = subprocess.run(
        ["docker", "history", "--no-trunc", "--human=false", "--format", "{{.Size}} {{.CreatedBy}}", image],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    ours = layers[: next(index for index, line in enumerate(layers) if "org.opencontainers.image.title" in line)]
    assert sum(int(line.split()[0]) for line in ours) <= MOST_BYTES


def test_the_image_holds_no_build_tools(image: str) -> None:
    look = ["-c", "import importlib.util as u; print([n for n in ('pip', 'hatchling') if u.find_spec(n)])"]
    command = ["docker", "run", "--rm", "--entrypoint", "/app/venv/bin/python", image, *look]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "[]"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_containers_first_process_hears_a_cancellation(runner: Runner, number: int, code: int) -> None:
    with ShakyFront() as front:
        front.reset()
        register(front, "reports")
        runner.aws_url = front.url
        begun: list[Begun] = []
        came = Event()

        def choose(_: int, asked: str) -> None:
            if asked == "PutTargets" and not came.is_set():
                came.set()
                begun[0].cancel(number)

        front.choose = choose
        rule = "- name: job-{0}\n  scheduleExpression: rate(3 days)\n  taskDefinition: reports\n"
        config = CONFIG + "".join(rule.format(number) for number in range(40))
        (runner.workspace / "ecschedule.yaml").write_text(config)
        front.latency = 0.1
        begun.append(runner.begin("push", push(), GIVEN | {"parallel": "1"}))
        done = begun[0].finish()
    assert (done.code, done.outputs["failure-reason"]) == (code, "cancelled")
    written = sum(call.operation == "PutTargets" for call in front.calls)
    assert f"{written} done, {42 - written} not tried" in done.summary

"""A cancelled step ends within seconds, in a state that is told: nothing half-written, nothing said that isn't so."""

import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from tests.action.conftest import CONFIG, register
from tests.support.github_events import MERGE_SHA, PullRequest, pull_request, push
from tests.support.github_server import GitHubServer
from tests.support.runner import Begun, Runner
from tests.support.shaky_front import ShakyFront

CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
RULES = 12
TEXT = CONFIG.partition("rules:")[0] + "rules:\n"
TEXT += "".join(
    f"- name: job-{number:02}\n  scheduleExpression: rate(3 days)\n  taskDefinition: reports\n"
    for number in range(RULES)
)


@pytest.fixture
def front() -> Iterator[ShakyFront]:
    with ShakyFront() as front:
        front.reset()
        register(front, "reports")
        front.clear()
        yield front


@pytest.fixture
def runner(tmp_path: Path, front: ShakyFront, github: GitHubServer) -> Runner:
    runner = Runner(tmp_path, github_url=github.url, aws_url=front.url)
    (runner.workspace / "ecschedule.yaml").write_text(TEXT)
    return runner


def cancelled_at(front: ShakyFront, operation: str, number: int, begun: list[Begun]) -> None:
    """The first such call is when the signal comes; it is answered a moment later."""
    came = Event()

    def choose(_: int, asked: str) -> None:
        if asked == operation and not came.is_set():
            came.set()
            begun[0].cancel(number)

    front.choose = choose


@pytest.mark.parametrize("number", list(CODES))
def test_an_apply_ends_after_the_rules_in_hand_and_tells_what_was_done(
    runner: Runner, front: ShakyFront, github: GitHubServer, number: int
) -> None:
    runner.start("pull_request", pull_request(), {"parallel": "2"})
    github.pull_requests[7] = PullRequest(7, state="closed", merge_commit_sha=MERGE_SHA)
    runner.environ["GITHUB_SHA"] = MERGE_SHA
    begun: list[Begun] = []
    cancelled_at(front, "PutTargets", number, begun)
    front.clear()
    begun.append(runner.begin("push", push(), {"parallel": "2"}))
    done = begun[0].finish()
    assert (done.code, done.outputs["failure-reason"]) == (CODES[signal.Signals(number)], "cancelled")
    rules = [call.parameters["Name"] for call in front.calls if call.operation == "PutRule"]
    targets = [call.parameters["Rule"] for call in front.calls if call.operation == "PutTargets"]
    assert 0 < len(rules) < RULES
    assert sorted(rules) == sorted(targets)
    said = f"{len(rules)} done, {RULES - len(rules)} not tried"
    assert said in done.summary
    assert said in github.comments[7][0].body
    again = runner.start("push", push(), {"parallel": "2"})
    assert (again.code, again.outputs["created"]) == (0, str(RULES - len(rules)))


@pytest.mark.parametrize("number", list(CODES))
def test_a_diff_ends_at_once_and_leaves_the_comment_as_it_is(
    runner: Runner, front: ShakyFront, github: GitHubServer, number: int
) -> None:
    runner.start("pull_request", pull_request())
    before = github.comments[7][0]
    begun: list[Begun] = []
    cancelled_at(front, "ListRules", number, begun)
    begun.append(runner.begin("pull_request", pull_request()))
    done = begun[0].finish()
    assert (done.code, done.outputs["failure-reason"]) == (CODES[signal.Signals(number)], "cancelled")
    assert "cancelled before anything was changed" in done.summary
    assert github.comments[7] == [before]
    assert "Traceback" not in done.log

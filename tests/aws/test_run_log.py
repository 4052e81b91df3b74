"""`esprestack run`: what is shown of a task's log, what stays hidden of its secrets, and all of it as JSON."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.aws.account import ACCOUNT, CLUSTER, REGION, Account, a_target
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack
from tests.aws.running import (
    AWSLOGS,
    GROUP,
    ID_1,
    ID_2,
    TASK_1,
    Clock,
    Logs,
    asked_to_start,
    has_definition,
    interrupts,
    results,
)
from tests.support.aws_front import AwsFront
from tests.support.ecs_tasks import PENDING, RUNNING, EcsTasks, Look, failed_to_start, stopped

from esprestack.rule import Home
from esprestack.terminal import Terminal

# -- the log ---------------------------------------------------------------------------------------------------

HOMES = tuple(Home)


def test_log_lines_are_shown_as_they_come(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, logs: Logs, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[str] = []

    def look() -> None:
        shown.append(capsys.readouterr().out)
        logs.write(f"line {len(shown)}")

    has_definition({"name": "app"})
    ecs.start([PENDING, Look("RUNNING", act=look), Look("RUNNING", act=look), stopped(0, act=look)])
    folder.config()
    said = esprestack("run")
    assert shown == ["", "line 1\n", "line 2\n"]
    assert (said.code, said.out) == (0, "line 3\n")


def test_the_log_is_the_result_and_the_rest_is_talk(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, logs: Logs
) -> None:
    has_definition({"name": "app"})
    ecs.start([RUNNING, stopped(2, act=lambda: logs.write("boom"))])
    folder.config()
    said = esprestack("run")
    assert (said.code, said.out) == (2, "boom\n")
    assert "boom" not in said.err


def test_what_is_written_at_the_end_is_shown_too(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, logs: Logs, front: AwsFront, clock: Clock
) -> None:
    """CloudWatch has the last lines some seconds after the task has stopped."""
    has_definition({"name": "app"})
    ecs.start([stopped(0, act=lambda: logs.write("first"))])
    late = iter(["second", "third"])

    def pause(terminal: Terminal, seconds: float) -> bool:
        if front.count("DescribeTasks") and (line := next(late, "")):
            logs.write(line)
        return Clock.pause(clock, terminal, seconds)

    clock.pause = pause  # type: ignore[method-assign]
    folder.config()
    assert esprestack("run").out == "first\nsecond\nthird\n"
    assert clock.pauses == [1.0] * 5


def test_a_stream_that_is_not_there_yet_is_nothing_yet(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, logs: Logs, front: AwsFront
) -> None:
    has_definition({"name": "app"})
    ecs.start([PENDING, RUNNING, stopped(0, act=lambda: logs.write("late"))])
    front.fail("GetLogEvents", "ResourceNotFoundException", times=2)
    folder.config()
    said = esprestack("run")
    assert (said.code, said.out) == (0, "late\n")
    assert "warning" not in said.err


def test_a_stream_that_never_comes_is_told(esprestack: Esprestack, folder: Folder, ecs: EcsTasks, logs: Logs) -> None:
    has_definition({"name": "app"})
    folder.config()
    said = esprestack("run")
    assert said.code == 0
    assert f"warning: CloudWatch has no log stream `job/app/{ID_1}` in `{GROUP}`\n" in said.err


def test_a_task_that_never_ran_needs_no_stream(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, logs: Logs
) -> None:
    has_definition({"name": "app"})
    ecs.start([failed_to_start("AGENT")])
    folder.config()
    assert "log stream" not in esprestack("run").err


def test_a_log_that_may_not_be_read_is_told_once(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, logs: Logs, front: AwsFront
) -> None:
    has_definition({"name": "app"}, {"name": "proxy", "essential": False})
    ecs.start([RUNNING, RUNNING, stopped(3, 0, names=["app", "proxy"])])
    front.fail("GetLogEvents", "AccessDeniedException", times=None)
    folder.config()
    said = esprestack("run")
    assert said.code == 3
    assert said.err.count(f"warning: no log lines of `{GROUP}` are shown: logs:GetLogEvents: AccessDenied") == 1
    assert "allow logs:GetLogEvents in the policy" in said.err
    assert "has no log stream" not in said.err
    assert front.count("GetLogEvents") == 1


def test_a_log_that_fails_once_is_read_later(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, logs: Logs, front: AwsFront
) -> None:
    has_definition({"name": "app"})
    ecs.start([Look("RUNNING", act=lambda: logs.write("one")), RUNNING, stopped(0)])
    front.fail("GetLogEvents", "ServiceUnavailableException", status=503)
    folder.config()
    assert esprestack("run").out == "one\n"


def test_a_log_is_read_to_its_end_through_empty_pages(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront
) -> None:
    """An empty page isn't the end: the token that comes back is."""
    pages: dict[str, dict[str, Any]] = {
        "": {"events": [{"timestamp": 1, "message": "one"}], "nextForwardToken": "f/1"},
        "f/1": {"events": [], "nextForwardToken": "f/2"},
        "f/2": {"events": [{"timestamp": 2, "message": "two"}], "nextForwardToken": "f/3"},
        "f/3": {"events": [], "nextForwardToken": "f/3"},
    }
    front.play("GetLogEvents", lambda asked: pages[asked.get("nextToken", "")])
    has_definition({"name": "app"})
    ecs.start([stopped(0)])
    folder.config()
    assert esprestack("run").out == "one\ntwo\n"


def test_a_log_that_grows_faster_than_it_is_read_does_not_hold_up_the_rest(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront
) -> None:
    front.play("GetLogEvents", lambda asked: {"events": [], "nextForwardToken": asked.get("nextToken", "") + "f"})
    has_definition({"name": "app"})
    ecs.start([RUNNING, stopped(0)])
    folder.config()
    assert esprestack("run").code == 0


def test_lines_of_several_containers_and_tasks_say_whose_they_are(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, logs: Logs
) -> None:
    has_definition({"name": "app"}, {"name": "proxy", "essential": False})

    def write() -> None:
        logs.write("a1", "more\nlines", stream=f"job/app/{ID_1}")
        logs.write("p2", stream=f"job/proxy/{ID_2}")
        logs.write("a2", stream=f"job/app/{ID_1}")

    both = ["app", "proxy"]
    ecs.start([stopped(0, 0, names=both, act=write)], [stopped(0, 0, names=both)])
    folder.config(a_rule(taskCount=2))
    assert esprestack("run").out == (
        f"{ID_1[:8]} app | a1\n{ID_1[:8]} app | more\n{ID_1[:8]} app | lines\n"
        f"{ID_2[:8]} proxy | p2\n{ID_1[:8]} app | a2\n"
    )


def test_a_log_may_be_in_another_region(esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront) -> None:
    elsewhere = Logs(front, "us-east-1")
    elsewhere.has_group()
    elsewhere.write("from afar")
    options = {**AWSLOGS["options"], "awslogs-region": "us-east-1"}  # type: ignore[dict-item]
    has_definition({"name": "app", "logConfiguration": {"logDriver": "awslogs", "options": options}})
    folder.config()
    assert esprestack("run").out == "from afar\n"


def test_without_a_prefix_the_stream_is_the_containers_id(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, logs: Logs
) -> None:
    has_definition({"name": "app", "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": GROUP}}})
    ecs.start([PENDING, stopped(0, act=lambda: logs.write("from EC2", stream="id-app"))])
    folder.config()
    assert esprestack("run").out == "from EC2\n"


@pytest.mark.parametrize("driver", ["awsfirelens", "splunk", "json-file"])
def test_another_log_driver_is_named(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront, driver: str
) -> None:
    has_definition({"name": "app", "logConfiguration": {"logDriver": driver, "options": {"Name": "x"}}})
    folder.config()
    said = esprestack("run")
    assert said.code == 0
    assert said.err.count(f"no log lines of the container `app` are shown: it logs through `{driver}` (") == 1
    assert front.count("GetLogEvents") == 0


def test_a_task_definition_that_may_not_be_read_costs_the_log_alone(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront
) -> None:
    ecs.start([RUNNING, stopped(6)])
    front.fail("DescribeTaskDefinition", "AccessDeniedException", nth=2)
    folder.config()
    said = esprestack("run")
    assert said.code == 6
    assert "warning: no log lines are shown, and every container's exit code counts: ecs:DescribeTask" in said.err


# -- secrets ---------------------------------------------------------------------------------------------------

SECRETS = '{"DB": "s3cret-of-db"}'
WITH_SECRET = {"name": "app", "environment": {"DSN": '{{ secret("DB") }}', "DB_PASSWORD": "hunter2-long"}}


def test_a_secret_is_opened_for_ecs_and_hidden_from_the_log(
    esprestack: Esprestack,
    folder: Folder,
    ecs: EcsTasks,
    logs: Logs,
    front: AwsFront,
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("ESPRESTACK_SECRETS", SECRETS)
    has_definition({"name": "app"})

    def write() -> None:
        logs.write("connecting with s3cret-of-db", "and with hunter2-long")

    reason = "exec: bin/report s3cret-of-db hunter2-long: no such file or directory"
    ecs.start([stopped(1, act=write, stoppedReason=reason)])
    folder.config(a_rule(containerOverrides=[WITH_SECRET]))
    said = esprestack("run")
    assert asked_to_start(front)["overrides"]["containerOverrides"][0]["environment"] == [
        {"name": "DB_PASSWORD", "value": "hunter2-long"},
        {"name": "DSN", "value": "s3cret-of-db"},
    ]
    assert said.out == "connecting with (secret)\nand with (secret)\n"
    assert "exec: bin/report (secret) (secret): no such file" in said.err


def test_a_secret_is_hidden_from_errors_and_from_json(
    esprestack: Esprestack,
    folder: Folder,
    ecs: EcsTasks,
    logs: Logs,
    front: AwsFront,
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("ESPRESTACK_SECRETS", SECRETS)
    has_definition({"name": "app"})
    folder.config(a_rule(containerOverrides=[WITH_SECRET]))
    ecs.start([failed_to_start("no s3cret-of-db", container="nor hunter2-long")], failures=[{"reason": "s3cret-of-db"}])
    logs.write("s3cret-of-db")
    said = esprestack("run", "--format", "json")
    assert [line["type"] for line in results(said.out)] == ["log", "result"]
    front.fail("RunTask", "InvalidParameterException", "bad value s3cret-of-db or hunter2-long")
    refused = esprestack("run")
    for text in (said.out, said.err, refused.out, refused.err):
        assert "s3cret" not in text
        assert "hunter2" not in text


def test_a_live_rules_secrets_are_hidden_by_their_names(
    esprestack: Esprestack, folder: Folder, account: Account, ecs: EcsTasks, logs: Logs
) -> None:
    variable = {"name": "API_TOKEN", "value": "token-of-live"}
    override = json.dumps({"containerOverrides": [{"name": "app", "environment": [variable]}]})
    account.has_rule(targets=[a_target(Input=override)])
    has_definition({"name": "app"})
    logs.write("using token-of-live")
    folder.config()
    assert esprestack("run", "--live").out == "using (secret)\n"


# -- JSON ------------------------------------------------------------------------------------------------------


def test_json_is_a_line_for_each_piece_of_news_and_one_for_the_result(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront
) -> None:
    event = {"timestamp": 1_700_000_000_123, "message": "multi\nline\n"}
    front.play("GetLogEvents", lambda _: {"events": [event], "nextForwardToken": "f/1"})
    front.fail("GetLogEvents", "ResourceNotFoundException")
    has_definition({"name": "app"})
    ecs.start([RUNNING, stopped(3)], failures=[{"reason": "AGENT"}])
    folder.config(a_rule(taskCount=2))
    said = esprestack("run", "--format", "json")
    assert said.code == 3
    log, *_, result = results(said.out)
    assert log == {
        "type": "log",
        "time": "2023-11-14T22:13:20.123Z",
        "task": ID_1,
        "container": "app",
        "message": "multi\nline",
    }
    problems = result.pop("problems")
    assert result == {
        "type": "result",
        "version": 1,
        "rule": "nightly",
        "account": ACCOUNT,
        "region": REGION,
        "cluster": CLUSTER,
        "ending": "stopped",
        "exit_code": 3,
        "tasks": [
            {
                "arn": TASK_1,
                "status": "STOPPED",
                "stop_code": "EssentialContainerExited",
                "stopped_reason": "Essential container in task exited",
                "containers": [{"name": "app", "exit_code": 3, "reason": ""}],
            }
        ],
    }
    assert [problem["what"] for problem in problems] == [
        "a task didn't start: AGENT",
        f"task {ID_1}: `app` exited with 3: Essential container in task exited",
    ]
    assert "disconnected" in problems[0]["todo"]


@pytest.mark.parametrize(
    ("options", "looks", "failures", "ending", "code"),
    [
        (["--no-wait"], [[PENDING]], [], "started", 0),
        (["--no-wait"], [[PENDING]], [{"reason": "AGENT"}], "started", 1),
        ([], [], [{"reason": "AGENT"}], "not started", 1),
        (["--timeout", "2"], [[RUNNING]], [], "timed out", 1),
        ([], [[Look("MISSING")]], [], "lost", 1),
    ],
)
def test_json_says_why_it_ended(
    esprestack: Esprestack,
    folder: Folder,
    ecs: EcsTasks,
    options: list[str],
    looks: list[list[Look]],
    failures: list[dict[str, str]],
    ending: str,
    code: int,
) -> None:
    ecs.start(*looks, failures=failures)
    folder.config()
    said = esprestack("run", "--format", "json", *options)
    result = results(said.out)[-1]
    assert (said.code, result["exit_code"], result["ending"]) == (code, code, ending)


@pytest.mark.parametrize("options", [[], ["--stop-on-interrupt"]])
def test_json_says_that_it_was_interrupted(
    esprestack: Esprestack,
    folder: Folder,
    ecs: EcsTasks,
    signals: dict[int, Callable[[int, Any], None]],
    options: list[str],
) -> None:
    ecs.start([interrupts(signals)])
    folder.config()
    result = results(esprestack("run", "--format", "json", *options).out)[-1]
    assert (result["exit_code"], result["ending"]) == (130, "interrupted")

"""`esprestack run`: a rule's task, started as its schedule would start it, watched until it has stopped."""

import json
import signal
from collections.abc import Callable
from typing import Any

import pytest
from tests.aws.account import CLUSTER, REGION, Account, a_target, arn, request
from tests.aws.configs import Folder, a_rule, everything
from tests.aws.conftest import ANYHOW, Esprestack
from tests.aws.running import ID_1, ID_2, TASK_1, TASK_2, Clock, asked_to_start, has_definition, interrupts
from tests.support.aws_front import AwsFront
from tests.support.ecs_tasks import PENDING, RUNNING, EcsTasks, Look, failed_to_start, stopped

from esprestack.github.event import Command
from esprestack.rule import Home

# -- what is started -------------------------------------------------------------------------------------------

HOMES = tuple(Home)


@pytest.mark.of_rules
def test_a_task_is_started_with_all_that_its_schedule_has(
    esprestack: Esprestack,
    folder: Folder,
    ecs: EcsTasks,
    front: AwsFront,
    home: Home,
) -> None:
    folder.config(everything(home=home))
    assert esprestack("run", "--no-wait", *ANYHOW).code == 0
    assert asked_to_start(front) == {
        "cluster": arn("ecs", f"cluster/{CLUSTER}"),
        "taskDefinition": arn("ecs", "task-definition/app:1"),
        "count": 2,
        "group": "family:batch",
        "platformVersion": "1.4.0",
        "launchType": "FARGATE",
        "capacityProviderStrategy": [
            {"capacityProvider": "FARGATE", "base": 1, "weight": 1},
            {"capacityProvider": "FARGATE_SPOT", "base": 0, "weight": 4},
        ],
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": ["subnet-1", "subnet-2"],
                "securityGroups": ["sg-1", "sg-2"],
                "assignPublicIp": "ENABLED",
            }
        },
        "overrides": {
            "cpu": "512",
            "memory": "2 GB",
            "taskRoleArn": arn("iam", "role/worker"),
            "executionRoleArn": arn("iam", "role/puller"),
            "ephemeralStorage": {"sizeInGiB": 60},
            "containerOverrides": [
                {
                    "name": "app",
                    "command": ["bin/report", "--all", "", 'it\'s: "quoted"'],
                    "environment": [
                        {"name": "COUNT", "value": "010"},
                        {"name": "EMPTY", "value": ""},
                        {"name": "LINES", "value": "one\ntwo\n"},
                        {"name": "ON", "value": "yes"},
                        {"name": "TZ", "value": "Asia/Tokyo"},
                    ],
                    "environmentFiles": [{"value": "arn:aws:s3:::bucket/app.env", "type": "s3"}],
                    "cpu": 256,
                    "memory": 512,
                    "memoryReservation": 128,
                    "resourceRequirements": [{"type": "GPU", "value": "1"}],
                },
                {"name": "sidecar", "cpu": 0},
            ],
        },
        "propagateTags": "TASK_DEFINITION",
        "enableExecuteCommand": True,
        "enableECSManagedTags": True,
        "placementConstraints": [
            {"type": "distinctInstance"},
            {"type": "memberOf", "expression": "attribute:x == y"},
        ],
        "placementStrategy": [{"type": "spread", "field": "attribute:zone"}, {"type": "random"}],
        "referenceId": "ref-1",
        "tags": [
            {"key": "cost", "value": "7"},
            {"key": "empty", "value": ""},
            {"key": "team", "value": "red"},
        ],
        "startedBy": "esprestack/nightly",
    }


def test_what_the_rule_does_not_say_is_left_to_ecs(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront
) -> None:
    folder.config()
    assert esprestack("run", "--no-wait").code == 0
    assert asked_to_start(front) == {
        "cluster": arn("ecs", f"cluster/{CLUSTER}"),
        "taskDefinition": arn("ecs", "task-definition/app"),
        "count": 1,
        "startedBy": "esprestack/nightly",
    }


def test_nothing_but_a_task_is_started(esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront) -> None:
    folder.config()
    assert esprestack("run").code == 0
    assert [call.operation for call in front.writes()] == ["RunTask"]


def test_a_disabled_rule_may_be_run(esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront) -> None:
    folder.config(a_rule(disabled=True))
    assert esprestack("run").code == 0
    assert front.count("RunTask") == 1


def test_live_starts_what_aws_has(
    esprestack: Esprestack, folder: Folder, account: Account, ecs: EcsTasks, front: AwsFront
) -> None:
    override = json.dumps({"containerOverrides": [{"name": "app", "command": ["bin/live"]}]})
    account.has_rule(State="DISABLED", targets=[a_target("main", Input=override, EcsParameters={"Group": "live"})])
    folder.config(a_rule(targetId="main", group="config", taskDefinition="app:1"))
    assert esprestack("run", "--live").code == 0
    assert asked_to_start(front) == {
        "cluster": arn("ecs", f"cluster/{CLUSTER}"),
        "taskDefinition": arn("ecs", "task-definition/app"),
        "count": 1,
        "group": "live",
        "overrides": {"containerOverrides": [{"name": "app", "command": ["bin/live"]}]},
        "startedBy": "esprestack/nightly",
    }


def test_live_needs_a_live_rule(esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront) -> None:
    folder.config()
    said = esprestack("run", "--live")
    assert said.code == 1
    assert said.err == "error: AWS has no rule `nightly` (apply the config, or leave out --live)\n"
    assert front.count("RunTask") == 0


@pytest.mark.of_rules
def test_live_needs_a_rule_that_starts_a_task(
    esprestack: Esprestack, folder: Folder, account: Account, ecs: EcsTasks, front: AwsFront
) -> None:
    account.has_rule(targets=[])
    folder.config()
    said = esprestack("run", "--live")
    assert (said.code, front.count("RunTask")) == (1, 0)
    assert "`nightly` starts no task on this cluster: it has no target" in said.err


@pytest.mark.of_rules
def test_live_refuses_what_it_cannot_start_in_the_same_way(
    esprestack: Esprestack, folder: Folder, account: Account, ecs: EcsTasks, front: AwsFront
) -> None:
    account.has_rule(targets=[a_target(Input="no override")])
    folder.config()
    said = esprestack("run", "--live")
    assert (said.code, front.count("RunTask")) == (1, 0)
    assert "can't be started as its schedule would: esprestack doesn't know its target's Input" in said.err


@pytest.mark.of_rules
def test_live_names_the_targets_that_it_does_not_start(
    esprestack: Esprestack, folder: Folder, account: Account, ecs: EcsTasks
) -> None:
    account.has_rule(targets=[a_target(), {"Id": "queue", "Arn": arn("sqs", "other")}])
    folder.config()
    said = esprestack("run", "--live")
    assert said.code == 0
    assert f"warning: `nightly` starts more than is started here: target `queue` ({arn('sqs', 'other')})" in said.err


def test_a_rule_is_named_where_there_are_several(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront
) -> None:
    folder.config(a_rule("one", group="1"), a_rule("two", group="2"))
    said = esprestack("run")
    assert (said.code, front.count("RunTask")) == (1, 0)
    assert said.err == "error: which rule? There are `one`, `two` (name one with --rule)\n"
    assert esprestack("run", "--rule", "two").code == 0
    assert asked_to_start(front)["group"] == "2"


def test_an_unknown_rule_is_an_error_with_a_guess(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront
) -> None:
    folder.config()
    said = esprestack("run", "--rule", "nigthly")
    assert (said.code, front.count("RunTask")) == (1, 0)
    assert said.err == "error: no config has a rule `nigthly` (did you mean `nightly`?)\n"


def test_a_config_without_rules_has_nothing_to_run(esprestack: Esprestack, folder: Folder, ecs: EcsTasks) -> None:
    folder.write(f"region: {REGION}\ncluster: {CLUSTER}\nrules: []\n")
    said = esprestack("run")
    assert (said.code, said.err) == (1, "error: the config has no rules (name another one with --config)\n")


def test_a_rule_of_two_regions_needs_its_config(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront
) -> None:
    folder.config(name="a.yaml")
    folder.config(name="b.yaml", region="us-east-1")
    said = esprestack("run", "-c", "*.yaml", "--rule", "nightly")
    assert (said.code, front.count("RunTask")) == (1, 0)
    assert "several configs have a rule `nightly`: a.yaml, b.yaml (name one with --config)" in said.err


def test_another_account_is_refused(esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront) -> None:
    folder.config()
    said = esprestack("run", "--account", "999999999999")
    assert (said.code, front.count("RunTask")) == (1, 0)


def test_the_action_cannot_run_a_task() -> None:
    assert "run" not in set(Command)


# -- findings --------------------------------------------------------------------------------------------------


def test_a_finding_stops_it_and_may_be_allowed(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront
) -> None:
    folder.config(a_rule(containerOverrides=[{"name": "typo"}]))
    said = esprestack("run")
    assert (said.code, front.count("RunTask")) == (1, 0)
    assert "[no-such-container]" in said.err
    assert "error: nothing was started" in said.err
    assert esprestack("run", "--allow", "no-such-container").code == 0
    assert front.count("RunTask") == 1


def test_another_rules_finding_does_not_stop_it(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront
) -> None:
    folder.config(a_rule("good"), a_rule("bad", containerOverrides=[{"name": "typo"}]))
    assert esprestack("run", "--rule", "good").code == 0
    assert front.count("RunTask") == 1


def test_a_warning_is_told(esprestack: Esprestack, folder: Folder, ecs: EcsTasks) -> None:
    folder.config(a_rule(taskDefinition="app", scheduleExpression="cron(0 3 31 * ? *)"))
    said = esprestack("run")
    assert said.code == 0
    assert "warning: " in said.err


# -- exit codes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [0, 1, 2, 3, 137])
def test_the_exit_code_is_the_containers(esprestack: Esprestack, folder: Folder, ecs: EcsTasks, code: int) -> None:
    ecs.start([PENDING, RUNNING, stopped(code)])
    folder.config()
    said = esprestack("run")
    assert said.code == code
    assert f"`app` exited with {code}" in said.err


def test_the_essential_containers_code_counts(esprestack: Esprestack, folder: Folder, ecs: EcsTasks) -> None:
    has_definition({"name": "app"}, {"name": "proxy", "essential": False})
    ecs.start([RUNNING, stopped(143, 0, names=["proxy", "app"])])
    folder.config()
    assert esprestack("run").code == 0


def test_of_several_essential_containers_the_overridden_one_counts(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks
) -> None:
    has_definition({"name": "app"}, {"name": "proxy"})
    ecs.start([RUNNING, stopped(143, 5, names=["proxy", "app"])])
    folder.config(a_rule(containerOverrides=[{"name": "app", "command": ["x"]}]))
    assert esprestack("run").code == 5


def test_of_several_tasks_the_first_that_failed_counts_and_all_are_waited_for(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront
) -> None:
    ecs.start([RUNNING, stopped(0)], [RUNNING, RUNNING, RUNNING, stopped(7)])
    folder.config(a_rule(taskCount=2))
    said = esprestack("run")
    assert said.code == 7
    assert f"task {ID_1[:8]}: `app` exited with 0\n" in said.err
    assert f"error: task {ID_2}: `app` exited with 7: Essential container in task exited\n" in said.err
    assert front.count("DescribeTasks") == 4


def test_a_task_that_was_stopped_by_somebody_is_told(esprestack: Esprestack, folder: Folder, ecs: EcsTasks) -> None:
    ecs.start([RUNNING, stopped(0, stopCode="UserInitiated", stoppedReason="Task stopped by user")])
    folder.config()
    said = esprestack("run")
    assert said.code == 0
    assert f"warning: task {ID_1} was stopped: Task stopped by user\n" in said.err


# -- tasks that don't start ------------------------------------------------------------------------------------


def test_an_image_that_cannot_be_pulled_is_told_with_a_remedy(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks
) -> None:
    why = "CannotPullContainerError: pull image manifest has been retried 1 time(s): not found"
    ecs.start([PENDING, failed_to_start("Task failed to start", container=why)])
    folder.config()
    said = esprestack("run")
    assert said.code == 1
    assert (
        f"error: task {ID_1} didn't start: Task failed to start; `app`: {why} "
        "(check image and tag, and that the execution role" in said.err
    )


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        ("RESOURCE:MEMORY", "no container instance has that much memory left"),
        ("AGENT", "the ECS agent of a container instance is disconnected"),
        ("Capacity is unavailable at this time.", "try again later"),
    ],
)
def test_a_task_that_ecs_does_not_place_is_told_with_a_remedy(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront, reason: str, remedy: str
) -> None:
    ecs.start(failures=[{"arn": "arn:of:instance", "reason": reason}])
    folder.config()
    said = esprestack("run")
    assert (said.code, said.out) == (1, "")
    assert f"error: a task didn't start: {reason} ({remedy}" in said.err
    assert front.count("DescribeTasks") == 0


def test_the_tasks_that_did_start_are_waited_for(esprestack: Esprestack, folder: Folder, ecs: EcsTasks) -> None:
    ecs.start([RUNNING, stopped(0)], failures=[{"reason": "RESOURCE:CPU", "detail": "2 of 3"}])
    folder.config(a_rule(taskCount=3))
    said = esprestack("run")
    assert said.code == 1
    assert "error: a task didn't start: RESOURCE:CPU: 2 of 3 (" in said.err
    assert f"task {ID_1[:8]}: `app` exited with 0\n" in said.err


def test_no_task_without_a_reason_is_an_error_too(esprestack: Esprestack, folder: Folder, ecs: EcsTasks) -> None:
    ecs.start()
    folder.config()
    said = esprestack("run")
    assert (said.code, said.err) == (1, "error: ECS started no task, and doesn't say why\n")


def test_a_refused_start_is_told_with_a_remedy(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront
) -> None:
    said_by_aws = "User: ci is not authorized to perform: iam:PassRole on resource: worker"
    front.fail("RunTask", "AccessDeniedException", said_by_aws)
    folder.config()
    said = esprestack("run")
    assert said.code == 1
    assert said_by_aws in said.err
    assert "(allow whoever runs this to pass the task's roles to ecs-tasks.amazonaws.com)" in said.err


def test_a_retry_starts_nothing_twice(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("AWS_MAX_ATTEMPTS", "2")
    front.drop("RunTask", after_storing=True)
    folder.config()
    assert esprestack("run").code == 0
    tokens = [call.parameters["clientToken"] for call in front.calls if call.operation == "RunTask"]
    assert len(tokens) == 2
    assert len(set(tokens)) == 1
    assert ecs.arns == [TASK_1]


def test_another_run_is_another_task(esprestack: Esprestack, folder: Folder, ecs: EcsTasks) -> None:
    folder.config()
    assert esprestack("run", "--no-wait").out == f"{TASK_1}\n"
    assert esprestack("run", "--no-wait").out == f"{TASK_2}\n"


def test_a_lost_answer_says_how_to_find_the_task(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront
) -> None:
    front.drop("RunTask", times=None)
    folder.config()
    said = esprestack("run")
    assert said.code == 1
    assert "see `aws ecs list-tasks --started-by esprestack/nightly`" in said.err


# -- waiting ---------------------------------------------------------------------------------------------------


def test_without_waiting_the_arns_are_the_result(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront
) -> None:
    ecs.start([PENDING], [PENDING])
    folder.config(a_rule(taskCount=2))
    said = esprestack("run", "--no-wait")
    assert said == (0, f"{TASK_1}\n{TASK_2}\n", "")
    assert front.count("DescribeTasks") == 0


@pytest.mark.parametrize("options", [("--timeout", "5"), ("--stop-on-interrupt",)])
def test_who_does_not_wait_needs_no_options_for_waiting(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront, options: tuple[str, ...]
) -> None:
    folder.config()
    said = esprestack("run", "--no-wait", *options)
    assert (said.code, front.count("RunTask")) == (1, 0)
    assert "don't go together with --no-wait" in said.err


def test_each_status_is_told_once(esprestack: Esprestack, folder: Folder, ecs: EcsTasks) -> None:
    ecs.start([PENDING, PENDING, RUNNING, RUNNING, stopped(0)])
    has_definition({"name": "app", "logConfiguration": None})
    folder.config()
    said = esprestack("run")
    assert said.out == ""
    assert said.err == (
        f"started {TASK_1}\n"
        f"task {ID_1[:8]}: PENDING\n"
        "warning: no log lines of the container `app` are shown: it has no logConfiguration "
        "(`awslogs` is what can be read here)\n"
        f"task {ID_1[:8]}: RUNNING\n"
        f"task {ID_1[:8]}: STOPPED\n"
        f"task {ID_1[:8]}: `app` exited with 0\n"
    )


def test_it_looks_after_a_second_and_then_ever_less_often(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, clock: Clock
) -> None:
    ecs.start([*[RUNNING] * 7, stopped(0)])
    folder.config()
    assert esprestack("run").code == 0
    assert clock.pauses == [1.0, 1.5, 2.25, 3.375, 5.0625, 6.0, 6.0, 6.0]


def test_after_the_timeout_the_task_goes_on_running(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront, clock: Clock
) -> None:
    ecs.start([RUNNING])
    folder.config()
    said = esprestack("run", "--timeout", "4")
    assert said.code == 1
    assert sum(clock.pauses) == 4
    assert said.err.endswith(
        "error: not done after 4 s\n"
        "the task goes on running; to stop it:\n"
        f"  aws ecs stop-task --region {REGION} --cluster {CLUSTER} --task {TASK_1}\n"
    )
    assert front.count("StopTask") == 0


def test_a_task_that_ends_in_time_is_no_timeout(esprestack: Esprestack, folder: Folder, ecs: EcsTasks) -> None:
    folder.config()
    assert esprestack("run", "--timeout", "60").code == 0


def test_after_ctrl_c_the_task_goes_on_running(
    esprestack: Esprestack,
    folder: Folder,
    ecs: EcsTasks,
    front: AwsFront,
    signals: dict[int, Callable[[int, Any], None]],
) -> None:
    ecs.start([PENDING, interrupts(signals)], [RUNNING])
    folder.config(a_rule(taskCount=2))
    said = esprestack("run")
    assert said.code == 130
    assert "not waiting any longer ...\n" in said.err
    assert said.err.endswith(
        "2 tasks go on running; to stop them:\n"
        f"  aws ecs stop-task --region {REGION} --cluster {CLUSTER} --task {TASK_1}\n"
        f"  aws ecs stop-task --region {REGION} --cluster {CLUSTER} --task {TASK_2}\n"
    )
    assert (front.count("StopTask"), front.count("DescribeTasks")) == (0, 2)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_stops_the_task_if_that_was_asked_for(
    esprestack: Esprestack,
    folder: Folder,
    ecs: EcsTasks,
    front: AwsFront,
    signals: dict[int, Callable[[int, Any], None]],
    number: int,
    code: int,
) -> None:
    ecs.start([stopped(0)], [interrupts(signals, number)])
    folder.config(a_rule(taskCount=2))
    said = esprestack("run", "--stop-on-interrupt")
    assert said.code == code
    assert request(front, "StopTask") == {
        "cluster": arn("ecs", f"cluster/{CLUSTER}"),
        "task": TASK_2,
        "reason": "esprestack run was interrupted",
    }
    assert "stopping the task ...\n" in said.err
    assert "go on running" not in said.err
    assert "goes on running" not in said.err


def test_a_task_that_cannot_be_stopped_goes_on_running(
    esprestack: Esprestack,
    folder: Folder,
    ecs: EcsTasks,
    front: AwsFront,
    signals: dict[int, Callable[[int, Any], None]],
) -> None:
    ecs.start([interrupts(signals)])
    front.fail("StopTask", "AccessDeniedException")
    folder.config()
    said = esprestack("run", "--stop-on-interrupt")
    assert said.code == 130
    assert "allow ecs:StopTask" in said.err
    assert "the task goes on running" in said.err


def test_ctrl_c_after_the_end_does_not_hide_the_exit_code(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, signals: dict[int, Callable[[int, Any], None]]
) -> None:
    ecs.start([RUNNING, stopped(3, act=lambda: signals[signal.SIGINT](signal.SIGINT, None))])
    folder.config()
    assert esprestack("run").code == 3


def test_nine_looks_in_a_row_may_fail(esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront) -> None:
    front.fail("DescribeTasks", "ServerException", status=500, times=8)
    ecs.start([Look("MISSING"), RUNNING, Look("MISSING"), stopped(4)])
    folder.config()
    assert esprestack("run").code == 4


@pytest.mark.parametrize("status", [400, 500])
def test_a_task_that_cannot_be_seen_any_more_goes_on_running(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront, status: int
) -> None:
    code = {400: "AccessDeniedException", 500: "ServerException"}[status]
    front.fail("DescribeTasks", code, status=status, times=None)
    folder.config()
    said = esprestack("run")
    assert said.code == 1
    assert f"error: ecs:DescribeTasks: {code}: " in said.err
    assert "the task goes on running" in said.err
    assert front.count("DescribeTasks") == {400: 1, 500: 10}[status]


def test_a_task_that_ecs_does_not_know_is_given_up(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront
) -> None:
    ecs.start([Look("MISSING")])
    folder.config()
    said = esprestack("run")
    assert said.code == 1
    assert "error: ECS doesn't know the tasks (any more)\n" in said.err
    assert front.count("DescribeTasks") == 10

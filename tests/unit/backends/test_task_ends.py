"""How tasks ended: exit codes, reasons, and what to do about them."""

from typing import Any

import pytest

from esprestack.backends.task_ends import (
    end_problem,
    exit_code,
    failure_problems,
    refusal,
    remedy,
    watched_names,
)
from esprestack.backends.tasks_mapping import ContainerSetup, Failure, Task, TaskContainer
from esprestack.errors import Again, AwsError, Problem, Severity

APP = frozenset({"app"})


def a_task(*containers: TaskContainer, **members: Any) -> Task:
    return Task("arn:aws:ecs:eu-west-1:1:task/batch/0a1b", "STOPPED", containers=containers, **members)


def ended(code: int | None, name: str = "app", reason: str = "") -> TaskContainer:
    return TaskContainer(name, code, reason, "" if code is None else "r1")


@pytest.mark.parametrize(
    ("setups", "overridden", "expected"),
    [
        ([ContainerSetup("app"), ContainerSetup("proxy", False)], [], {"app"}),
        ([ContainerSetup("app"), ContainerSetup("proxy", False)], ["proxy"], {"app"}),
        ([ContainerSetup("app"), ContainerSetup("proxy")], [], {"app", "proxy"}),
        ([ContainerSetup("app"), ContainerSetup("proxy")], ["app"], {"app"}),
        ([], ["app"], set()),
    ],
)
def test_essential_containers_count_and_of_several_the_overridden_ones(
    setups: list[ContainerSetup], overridden: list[str], expected: set[str]
) -> None:
    assert watched_names(setups, overridden) == expected


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (3, 3), (255, 255), (256, 1), (-1, 1), (None, 1)])
def test_the_containers_exit_code_is_ours_where_a_process_can_have_it(code: int | None, expected: int) -> None:
    assert exit_code([a_task(ended(code))], [], APP) == expected


def test_a_container_that_is_not_watched_does_not_count() -> None:
    assert exit_code([a_task(ended(143, "proxy"), ended(0))], [], APP) == 0
    assert exit_code([a_task(ended(143, "proxy"), ended(0))], [], frozenset()) == 143


def test_of_several_tasks_the_first_code_that_is_not_zero_counts() -> None:
    tasks = [a_task(ended(0)), a_task(ended(4)), a_task(ended(None))]
    assert exit_code(tasks, [], APP) == 4
    assert exit_code(tasks[:1], [Failure("AGENT")], APP) == 1
    assert exit_code(tasks[:2], [Failure("AGENT")], APP) == 4


def test_no_task_and_no_container_is_no_success() -> None:
    assert exit_code([], [], APP) == 1
    assert exit_code([a_task()], [], APP) == 1
    assert exit_code([a_task(ended(0, "another"))], [], APP) == 1


def test_a_task_that_ended_well_has_no_problem() -> None:
    assert end_problem(a_task(ended(0), stop_code="EssentialContainerExited"), APP) is None


def test_a_task_that_did_not_start_says_why() -> None:
    container = ended(None, reason="CannotPullContainerError: pull access denied")
    problem = end_problem(a_task(container, stop_code="TaskFailedToStart", stopped_reason="Task failed to start"), APP)
    assert problem
    assert problem.what == (
        "task 0a1b didn't start: Task failed to start; `app`: CannotPullContainerError: pull access denied"
    )
    assert "execution role" in problem.todo
    nothing_said = end_problem(a_task(), APP)
    assert nothing_said
    assert nothing_said.what == "task 0a1b didn't start: ECS doesn't say why"


def test_a_container_that_was_there_without_an_exit_code_did_start() -> None:
    problem = end_problem(a_task(TaskContainer("app", runtime_id="r1"), stopped_reason="Host EC2 terminated."), APP)
    assert problem
    assert problem.what == "task 0a1b didn't end by itself: Host EC2 terminated."


def test_a_failed_container_is_named_with_its_reason() -> None:
    container = ended(137, reason="OutOfMemoryError: Container killed due to memory usage")
    problem = end_problem(a_task(container, stopped_reason="Essential container in task exited"), APP)
    assert problem == Problem(
        "task 0a1b: `app` exited with 137: Essential container in task exited; "
        "`app`: OutOfMemoryError: Container killed due to memory usage",
        todo="give the container, or the task, more memory",
    )


def test_a_task_that_somebody_stopped_is_told_even_if_it_exited_with_0() -> None:
    problem = end_problem(a_task(ended(0), stop_code="SpotInterruption", stopped_reason="Your Spot Task was…"), APP)
    assert problem
    assert problem.severity is Severity.WARNING
    assert problem.what == "task 0a1b was stopped: Your Spot Task was…"
    assert "Spot capacity" in problem.todo


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ("RESOURCE:MEMORY", "less memory"),
        ("RESOURCE:CPU", "less CPU"),
        ("RESOURCE:GPU", "GPUs"),
        ("RESOURCE:ENI", "awsvpcTrunking"),
        ("RESOURCE:PORTS", "host port"),
        ("RESOURCE:SOMETHING", "add instances"),
        ("AGENT", "disconnected"),
        ("TaskFailedToStart: AGENT", "disconnected"),
        ("ATTRIBUTE", "requiresAttributes"),
        ("LOCATION", "Availability Zones"),
        ("TaskFailedToStart: MemberOf placement constraint unsatisfied", "placement constraints"),
        ("TaskFailedToStart: EMPTY CAPACITY PROVIDER", "Auto Scaling"),
        ("Capacity is unavailable at this time. Please try again later or in a different availability zone", "later"),
        ("CannotPullContainerError: toomanyrequests: You have reached your pull rate limit", "sign in"),
        ("CannotPullContainerError: write /x: no space left on device", "ephemeralStorage"),
        ("CannotPullContainerError: ref pull: dial tcp 1.2.3.4:443: i/o timeout", "NAT gateway"),
        ("CannotPullContainerError: manifest for app:7 not found, agent gave up", "image and tag"),
        ("ResourceInitializationError: failed to initialize logging driver: ...", "log group"),
        ("ResourceInitializationError: failed to invoke EFS utils commands", "mount targets"),
        ("ResourceInitializationError: unable to pull secrets: AccessDeniedException", "secrets"),
        ("ResourceInitializationError: unable to pull secrets or registry auth: timeout", "a way to ECR"),
        ('CannotStartContainerError: ResourceInitializationError: exec: "x": executable file not found', "`command`"),
        ("CannotStartContainerError: exec format error", "architecture"),
        ("CannotStartContainerError: failed to get container status", "entry point"),
        ("Timeout waiting for network interface provisioning to complete.", "free IP"),
        ("OutOfMemoryError: Container killed due to memory usage", "memory"),
        ("AccessDeniedException: … is not authorized to perform: iam:PassRole on resource: …", "pass the task's roles"),
        ("AccessDeniedException: … is not authorized to perform: ecs:TagResource on …", "ecs:TagResource"),
        ("ClusterNotFoundException: Cluster not found.", "`cluster`"),
        ("InvalidParameterException: No Container Instances were found in your cluster.", "launch_type"),
    ],
)
def test_what_aws_says_has_a_remedy(said: str, part: str) -> None:
    assert part in remedy(said)


def test_what_nobody_knows_has_none() -> None:
    assert remedy("InternalError: something") == ""
    assert failure_problems([Failure("SOMETHING", "new")]) == [Problem("a task didn't start: SOMETHING: new")]


def test_a_lost_answer_of_runtask_says_how_to_find_out() -> None:
    lost = refusal(AwsError(Problem("no answer"), "NoNetwork", final=True, again=Again.TRANSIENT), "esprestack/x")
    assert "aws ecs list-tasks --started-by esprestack/x" in lost.problems[0].todo
    assert (lost.code, lost.final, lost.again) == ("NoNetwork", True, Again.TRANSIENT)


def test_a_refusal_without_remedy_keeps_its_own() -> None:
    assert refusal(AwsError(Problem("no", todo="sign in"), "Expired"), "x").problems[0].todo == "sign in"

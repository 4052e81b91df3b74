"""Whose rule it is: adopt, take over, refuse; and what a config can't say is left as it is."""

from typing import Any

import pytest
from tests.aws.account import CLUSTER, TRACKING_TAG, Account, a_target, arn, request, written
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack
from tests.support.aws_front import AwsFront

from esprestack.rule import Home

HOMES = tuple(Home)

A_QUEUE = {"Id": "copy", "Arn": arn("sqs", "copies")}


# -- adopt -----------------------------------------------------------------------------------------------------


@pytest.mark.of_rules
def test_an_identical_rule_that_nobody_tracks_gets_the_tag_and_nothing_else(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly", tracked_by=None, tags={"team": "red"})
    folder.config(a_rule("nightly"))
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 2
    assert "» adopt nightly (exists already, tracked by nobody)\n" in diff.out
    assert diff.out.endswith("\n1 to adopt\n")

    assert esprestack("apply").code == 0
    assert written(front) == ["TagResource"]
    assert account.tags("nightly") == {TRACKING_TAG: CLUSTER, "team": "red"}
    assert esprestack("diff", "--exit-code").code == 0


@pytest.mark.of_rules
def test_a_rule_that_nobody_tracks_is_adopted_with_its_differences_said(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly", tracked_by=None, Description="By hand")
    folder.config(a_rule("nightly"))
    diff = esprestack("diff")
    assert "» adopt nightly (exists already, tracked by nobody): description\n" in diff.out
    assert "    -  description: By hand\n" in diff.out
    assert esprestack("apply").code == 0
    assert written(front) == ["TagResource", "PutRule"]
    assert esprestack("diff", "--exit-code").code == 0


# -- conflict --------------------------------------------------------------------------------------------------


@pytest.mark.of_rules
@pytest.mark.parametrize("expression", ["rate(1 day)", "rate(2 days)"], ids=["identical", "different"])
def test_another_configs_rule_is_refused_and_nothing_at_all_is_written(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, expression: str
) -> None:
    account.has_rule("nightly", tracked_by="another-team", ScheduleExpression=expression)
    folder.config(a_rule("nightly"), a_rule("new"))
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 1
    assert "! conflict nightly (tracked by `another-team`, not by `jobs`)" in diff.out

    apply = esprestack("apply")
    assert apply.code == 1
    assert (
        "error: ecschedule.yaml:4:9: conflict: the rule `nightly` may not be touched: "
        "tracked by `another-team`, not by `jobs` (rename the rule, or take it over with --take-over)\n"
        "error: nothing was changed\n"
    ) in apply.err
    assert front.writes() == []


@pytest.mark.of_rules
def test_another_configs_rule_can_be_taken_over(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly", tracked_by="another-team", ScheduleExpression="rate(2 days)")
    folder.config(a_rule("nightly"))
    diff = esprestack("diff", "--take-over", "--exit-code")
    assert diff.code == 2
    assert "» adopt nightly (taken over from `another-team`): scheduleExpression\n" in diff.out

    assert esprestack("apply", "--take-over").code == 0
    assert written(front) == ["TagResource", "PutRule"]
    assert account.tags("nightly") == {TRACKING_TAG: CLUSTER}
    assert esprestack("diff", "--exit-code").code == 0


def test_a_conflict_does_not_stop_an_apply_of_other_rules_by_name(
    esprestack: Esprestack, folder: Folder, account: Account
) -> None:
    account.has_rule("theirs", tracked_by="another-team")
    folder.config(a_rule("theirs"), a_rule("ours"))
    assert esprestack("apply", "--rule", "ours").code == 0
    assert account.names() == ["ours", "theirs"]


def test_drift_ends_with_2_for_a_conflict(esprestack: Esprestack, folder: Folder, account: Account) -> None:
    account.has_rule("nightly", tracked_by="another-team")
    folder.config(a_rule("nightly"))
    assert esprestack("drift").code == 2


# -- foreign targets -------------------------------------------------------------------------------------------


@pytest.mark.of_rules
def test_a_second_target_is_named_and_left_alone(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly", targets=[A_QUEUE, a_target("nightly")])
    folder.config(a_rule("nightly"))
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 0
    note = f"note: `nightly` has more targets, which are left as they are: target `copy` ({A_QUEUE['Arn']})\n"
    assert note in diff.out

    folder.config(a_rule("nightly", taskCount=2))
    assert esprestack("apply").code == 0
    assert [target["Id"] for target in request(front, "PutTargets")["Targets"]] == ["nightly"]
    assert A_QUEUE in account.targets("nightly")


@pytest.mark.of_rules
def test_a_second_task_on_the_cluster_is_named_and_left_alone(
    esprestack: Esprestack, folder: Folder, account: Account
) -> None:
    account.has_rule("nightly", targets=[a_target("a"), a_target("nightly"), a_target("z")])
    folder.config(a_rule("nightly", taskCount=2))
    diff = esprestack("diff")
    assert f"target `a` ({arn('ecs', 'cluster/jobs')}), target `z`" in diff.out
    assert esprestack("apply").code == 0
    counts = {target["Id"]: target["EcsParameters"]["TaskCount"] for target in account.targets("nightly")}
    assert counts == {"a": 1, "nightly": 2, "z": 1}
    assert esprestack("diff", "--exit-code").code == 0


@pytest.mark.of_rules
def test_of_two_tasks_none_is_replaced_by_guess(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly", targets=[a_target("one"), a_target("two")])
    folder.config(a_rule("nightly"))
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 1
    assert "would lose one of its targets `one` and `two`, none of which is `nightly`)" in diff.out
    assert esprestack("apply").code == 1
    assert front.writes() == []
    folder.config(a_rule("nightly", targetId="two", taskCount=2))
    assert esprestack("apply").code == 0
    counts = {target["Id"]: target["EcsParameters"]["TaskCount"] for target in account.targets("nightly")}
    assert counts == {"one": 1, "two": 2}


@pytest.mark.of_rules
def test_replacing_the_target_leaves_a_foreign_one_alone(
    esprestack: Esprestack, folder: Folder, account: Account
) -> None:
    account.has_rule("nightly", targets=[a_target("old"), A_QUEUE])
    folder.config(a_rule("nightly", targetId="new"))
    assert esprestack("apply").code == 0
    assert sorted(target["Id"] for target in account.targets("nightly")) == ["copy", "new"]


# -- what a config can't say: more of it in test_peer_faults ---------------------------------------------------

TRANSFORMER = {"InputPathsMap": {"time": "$.time"}, "InputTemplate": '{"time": <time>}'}


@pytest.mark.of_rules
@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            '{"containerOverrides": [{"name": "app", "workingDirectory": "/"}]}',
            "its container override's workingDirectory",
            id="a key of a container override that is unknown",
        ),
        pytest.param("[1, 2]", "its target's Input, which is no task override", id="another Input"),
        pytest.param('"text"', "its target's Input, which is no task override", id="a text as Input"),
        pytest.param(
            '{"containerOverrides": [{"name": "app", "cpu": 1}, {"name": "app", "memory": 4}]}',
            "a container that is overridden twice",
            id="a container twice",
        ),
        pytest.param(
            '{"containerOverrides": [{"name": "app", "environment": '
            '[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}]}',
            "an environment variable that is set twice",
            id="a variable twice",
        ),
    ],
)
def test_what_a_write_would_lose_is_a_conflict_when_a_write_is_needed(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, text: str, said: str
) -> None:
    account.has_rule("nightly", targets=[a_target("nightly", Input=text)])
    folder.config(a_rule("nightly", taskCount=7))
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 1
    assert f"! conflict nightly (a write would lose {said})" in diff.out
    for options in ((), ("--take-over",)):
        assert esprestack("apply", *options).code == 1
    assert front.writes() == []


@pytest.mark.parametrize(
    ("rule", "target"),
    [
        pytest.param({"EventPattern": '{"source": ["app"]}'}, {}, id="event pattern"),
        pytest.param({}, {"InputTransformer": TRANSFORMER}, id="InputTransformer"),
        pytest.param({}, {"Input": '{"inferenceAcceleratorOverrides": []}'}, id="a key of Input that is unknown"),
    ],
)
def test_what_a_write_would_lose_is_no_conflict_while_nothing_has_to_be_written(
    esprestack: Esprestack,
    folder: Folder,
    account: Account,
    front: AwsFront,
    rule: dict[str, Any],
    target: dict[str, Any],
) -> None:
    account.has_rule("nightly", targets=[a_target("nightly", **target)], **rule)
    folder.config(a_rule("nightly"))
    diff = esprestack("diff", "--exit-code")
    assert (diff.code, diff.err) == (0, "")
    assert (esprestack("apply").code, written(front)) == (0, [])


@pytest.mark.of_rules
def test_a_managed_rule_is_a_conflict_only_when_a_write_is_needed(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly")
    account.manages("nightly", "ecs.amazonaws.com")
    folder.config(a_rule("nightly"))
    assert esprestack("diff", "--exit-code").code == 0

    folder.config(a_rule("nightly", taskCount=2))
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 1
    assert "a write would lose that it is managed by ecs.amazonaws.com" in diff.out
    assert esprestack("apply").code == 1
    assert front.writes() == []


@pytest.mark.of_rules
def test_a_managed_rule_that_nobody_tracks_is_not_tagged(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    """A tag is a write too: TagResource answers ManagedRuleException."""
    account.has_rule("nightly", tracked_by=None)
    account.manages("nightly", "ecs.amazonaws.com")
    folder.config(a_rule("nightly"))
    esprestack("apply")
    assert front.writes() == []


@pytest.mark.of_rules
def test_a_rule_of_the_same_name_that_starts_no_task_here_is_a_conflict(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly", tracked_by=None, targets=[A_QUEUE])
    folder.config(a_rule("nightly"))
    diff = esprestack("diff")
    assert diff.code == 1
    assert "a write would lose its targets, none of which is a task on this cluster" in diff.out
    assert esprestack("apply").code == 1
    assert front.writes() == []


@pytest.mark.of_rules
def test_a_live_rules_lost_target_is_no_reason_to_lose_its_event_pattern(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly", targets=[], EventPattern='{"source": ["app"]}')
    folder.config(a_rule("nightly"))
    assert esprestack("apply").code == 1
    assert front.writes() == []

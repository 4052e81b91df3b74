"""How AWS is read and written: the order of calls, partial failures, reading back, ways around what is denied."""

import json
import signal
from collections.abc import Callable
from typing import Any

import pytest
from tests.aws.account import TRACKING_TAG, Account, a_target, just_before, rule_of, written
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack
from tests.support.aws_front import AwsFront

from esprestack import jobs
from esprestack.retries import CONFLICT_ATTEMPTS

CONFLICT = "ConcurrentModificationException"


def is_about(name: str) -> Callable[[Any], bool]:
    return lambda asked: name in (asked.get("Rule"), asked.get("Name"))


# -- the order of writes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("live", "wanted", "operations"),
    [
        pytest.param(
            {"ScheduleExpression": "rate(2 days)"},
            {"taskCount": 2},
            ["PutTargets", "PutRule"],
            id="a new schedule never starts an old target",
        ),
        pytest.param(
            {"State": "DISABLED"}, {"taskCount": 2}, ["PutTargets", "PutRule"], id="enabling comes after the target"
        ),
        pytest.param(
            {}, {"taskCount": 2, "disabled": True}, ["PutRule", "PutTargets"], id="disabling comes before the target"
        ),
        pytest.param({}, {"targetId": "new"}, ["RemoveTargets", "PutTargets"], id="two targets never stand at once"),
        pytest.param(
            {},
            {"targetId": "new", "disabled": True},
            ["PutRule", "RemoveTargets", "PutTargets"],
            id="disabling comes before a replacement",
        ),
        pytest.param(
            {"ScheduleExpression": "rate(2 days)"},
            {"targetId": "new"},
            ["RemoveTargets", "PutTargets", "PutRule"],
            id="a replacement comes before the schedule",
        ),
    ],
)
def test_the_order_of_an_update(
    esprestack: Esprestack,
    folder: Folder,
    account: Account,
    front: AwsFront,
    live: dict[str, Any],
    wanted: dict[str, Any],
    operations: list[str],
) -> None:
    account.has_rule("nightly", **live)
    folder.config(a_rule("nightly", **wanted))
    assert esprestack("apply").code == 0
    assert written(front) == operations


def test_a_disabled_rule_is_created_disabled(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    folder.config(a_rule("nightly", disabled=True))
    assert esprestack("apply").code == 0
    assert [call.parameters.get("State") for call in front.writes()] == ["DISABLED", None]


def test_a_disabled_rule_stays_disabled_when_something_else_changes(
    esprestack: Esprestack, folder: Folder, account: Account
) -> None:
    """PutRule without State would enable it."""
    account.has_rule("nightly", State="DISABLED")
    folder.config(a_rule("nightly", disabled=True, description="New"))
    assert esprestack("apply").code == 0
    assert account.rule("nightly")["State"] == "DISABLED"


def test_deletions_come_last_and_a_rule_goes_after_its_targets(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("aaa-gone-1")
    account.has_rule("aaa-gone-2")
    account.has_rule("changed", ScheduleExpression="rate(2 days)")
    folder.config(a_rule("changed"), a_rule("new"))
    assert esprestack("apply", "--prune").code == 0
    deleting = [operation in ("RemoveTargets", "DeleteRule") for operation in written(front)]
    assert deleting == sorted(deleting)
    for name in ("aaa-gone-1", "aaa-gone-2"):
        ours = [call.operation for call in front.writes() if rule_of(call) == name]
        assert ours == ["RemoveTargets", "DeleteRule"]


# -- calls that fail -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ["PutTargets", "RemoveTargets"])
def test_an_entry_that_failed_for_a_conflict_is_sent_again(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, operation: str
) -> None:
    account.has_rule("nightly", targets=[a_target("old")])
    folder.config(a_rule("nightly"))
    front.fail_entries(operation, CONFLICT, times=2)
    assert esprestack("apply").code == 0
    assert front.count(operation) == 3
    assert account.target("nightly") == a_target("nightly")


@pytest.mark.parametrize("operation", ["PutRule", "PutTargets", "TagResource", "RemoveTargets", "DeleteRule"])
def test_a_call_that_was_refused_for_a_conflict_is_made_again(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, operation: str
) -> None:
    account.has_rule("gone")
    account.has_rule("found", tracked_by=None)
    folder.config(a_rule("new"), a_rule("found"))
    front.fail(operation, CONFLICT, times=2)
    assert esprestack("apply", "--prune").code == 0
    assert front.count(operation) == 3
    assert account.names() == ["found", "new"]


def test_a_conflict_that_lasts_is_an_error_at_last(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    folder.config(a_rule("nightly"))
    front.fail_entries("PutTargets", CONFLICT, "Try again.", times=None)
    said = esprestack("apply")
    assert said.code == 1
    assert f"events:PutTargets of `nightly`, target `nightly`: {CONFLICT}: Try again." in said.err
    assert front.count("PutTargets") == CONFLICT_ATTEMPTS


@pytest.mark.parametrize("operation", ["PutTargets", "RemoveTargets"])
def test_an_entry_that_failed_for_another_reason_is_an_error_of_that_rule(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, operation: str
) -> None:
    account.has_rule("nightly", targets=[a_target("old")])
    folder.config(a_rule("nightly"), a_rule("other"))
    front.fail_entries(operation, "LimitExceededException", "Too many.", times=None, where=is_about("nightly"))
    said = esprestack("apply")
    assert said.code == 1
    assert front.count(operation) == {"PutTargets": 3, "RemoveTargets": 1}[operation], "it isn't tried again"
    assert "error: ecschedule.yaml:4:9: replace of `nightly` failed: " in said.err
    assert f"events:{operation} of `nightly`, target " in said.err
    assert "LimitExceededException: Too many." in said.err
    assert said.out.endswith("\nApplied: 1 done, 1 failed\n")
    assert account.target("other") == a_target("other")


def test_a_replacement_that_cannot_remove_the_old_target_puts_no_second_one(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly", targets=[a_target("old")])
    folder.config(a_rule("nightly"))
    front.fail_entries("RemoveTargets", "InternalException", times=None)
    assert esprestack("apply").code == 1
    assert account.target("nightly") == a_target("old")


@pytest.mark.parametrize("operation", ["PutRule", "PutTargets"])
def test_one_rule_that_fails_stops_no_other(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, operation: str
) -> None:
    names = ("one", "two", "three", "four")
    folder.config(*map(a_rule, names))
    front.fail(operation, "ValidationException", "It is not valid.", times=None, where=is_about("two"))
    said = esprestack("apply")
    assert said.code == 1
    assert said.out.endswith("\nApplied: 3 done, 1 failed\n")
    assert f"create of `two` failed: events:{operation} of `two`: ValidationException: It is not valid." in said.err
    for name in ("one", "three", "four"):
        assert account.target(name) == a_target(name)


def test_what_failed_is_put_right_by_the_next_apply(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    folder.config(a_rule("nightly"))
    front.fail("PutTargets", "InternalException", status=500)
    assert esprestack("apply").code == 1
    assert account.targets("nightly") == []
    assert esprestack("apply").code == 0
    assert account.target("nightly") == a_target("nightly")
    assert esprestack("diff", "--exit-code").code == 0


def test_a_failed_change_leaves_the_deletions_to_be_made(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("gone")
    account.has_rule("nightly")
    folder.config(a_rule("nightly", description="new"))
    front.fail("PutRule", "ValidationException", times=None)
    said = esprestack("apply", "--prune")
    assert said.code == 1
    assert said.out.endswith("\nApplied: 1 done, 1 failed\n")
    assert account.names() == ["nightly"]


def test_a_failed_creation_keeps_the_rules_that_may_be_its_old_name(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("gone")
    folder.config(a_rule("nightly"))
    front.fail("PutRule", "LimitExceededException", times=None)
    said = esprestack("apply", "--prune")
    assert said.code == 1
    assert said.out.endswith("\nApplied: 1 failed, 1 not tried\n")
    assert "`gone` is kept: `nightly` couldn't be created, and this may be its old name" in said.err
    assert account.names() == ["gone"]
    assert front.count("PutRule") == 1, "a quota doesn't grow by asking again"


@pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException"])
def test_credentials_that_end_in_the_middle_end_the_apply_which_says_what_was_done(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, code: str
) -> None:
    folder.config(*map(a_rule, ("one", "three", "two")))
    front.fail("PutRule", code, nth=2, times=None)
    front.fail("ListRules", code, nth=2, times=None)
    front.fail("GetResources", code, nth=2, times=None)
    said = esprestack("apply", "--parallel", "1", "--format", "json")
    assert said.code == 1
    assert said.err.count(code) >= 1
    results = {change["rule"]: change["result"] for change in json.loads(said.out)["plans"][0]["changes"]}
    assert results == {"one": "done", "three": "failed", "two": "not tried"}


def test_a_network_that_goes_away_ends_the_apply(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    folder.config(*map(a_rule, ("one", "three", "two")))
    front.drop("PutTargets", after_storing=False, times=None)
    said = esprestack("apply", "--parallel", "1")
    assert said.code == 1
    assert said.out.endswith("\nApplied: 1 failed, 2 not tried\n")
    assert "events:PutTargets: AWS can't be reached" in said.err
    assert account.names() == ["one"]


def test_a_call_whose_answer_was_lost_is_put_right_by_the_next_apply(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    folder.config(a_rule("nightly"))
    front.drop("PutTargets", after_storing=True)
    assert esprestack("apply").code == 1
    assert (esprestack("diff", "--exit-code").code, account.target("nightly")) == (0, a_target("nightly"))


def test_sdk_retries_are_made(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("AWS_MAX_ATTEMPTS", "2")
    folder.config(a_rule("nightly"))
    front.fail("ListRules", "InternalException", status=500)
    front.drop("PutTargets", after_storing=True)
    assert esprestack("apply").code == 0
    assert esprestack("diff", "--exit-code").code == 0


# -- Ctrl-C ----------------------------------------------------------------------------------------------------


def test_ctrl_c_ends_an_apply_between_two_rules_and_says_what_was_done(
    esprestack: Esprestack,
    folder: Folder,
    account: Account,
    front: AwsFront,
    signals: dict[int, Callable[[int, Any], None]],
) -> None:
    folder.config(*map(a_rule, ("one", "three", "two")))
    just_before(front, "PutTargets", lambda: signals[signal.SIGINT](signal.SIGINT, None))
    said = esprestack("apply", "--parallel", "1")
    assert said.code == 128 + signal.SIGINT
    assert said.out.endswith("\nApplied: 1 done, 2 not tried\n")
    assert "stopping after the rules in hand" in said.err
    assert account.target("one") == a_target("one"), "the rule in hand was finished"
    assert account.names() == ["one"]


def test_sigterm_leaves_deletions_undone(
    esprestack: Esprestack,
    folder: Folder,
    account: Account,
    front: AwsFront,
    signals: dict[int, Callable[[int, Any], None]],
) -> None:
    account.has_rule("gone")
    folder.config(a_rule("nightly"))
    just_before(front, "PutTargets", lambda: signals[signal.SIGTERM](signal.SIGTERM, None))
    said = esprestack("apply", "--prune")
    assert said.code == 128 + signal.SIGTERM
    assert account.names() == ["gone", "nightly"]


# -- reading back ----------------------------------------------------------------------------------------------


def test_a_write_that_aws_does_not_keep_is_reported(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    folder.config(a_rule("kept"), a_rule("lost", taskCount=2))
    undo = [a_target("lost")]
    just_before(front, "ListRules", lambda: account.events.put_targets(Rule="lost", Targets=undo), nth=2)
    said = esprestack("apply")
    assert said.code == 1
    assert said.out.endswith("\nApplied: 1 done, 1 differs\n")
    assert "error: ecschedule.yaml:7:9: `lost` was written, but AWS says otherwise in taskCount" in said.err


def test_a_rule_that_is_gone_after_it_was_written_is_reported(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    folder.config(a_rule("nightly"))
    just_before(front, "ListRules", lambda: account.remove("nightly"), nth=2)
    said = esprestack("apply")
    assert said.code == 1
    assert said.out.endswith("\nApplied: 1 differs\n")
    assert "`nightly` was written, but AWS says otherwise" in said.err


def test_a_tag_that_aws_does_not_keep_is_reported(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly", tracked_by=None)
    folder.config(a_rule("nightly"))
    just_before(front, "GetResources", lambda: account.track("nightly", None), nth=2)
    said = esprestack("apply")
    assert said.code == 1
    assert "`nightly` was written, but AWS says otherwise" in said.err


def test_a_rule_that_another_took_over_after_it_was_written_is_reported(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    folder.config(a_rule("nightly"))
    just_before(front, "GetResources", lambda: account.track("nightly", "another-team"), nth=2)
    said = esprestack("apply")
    assert said.code == 1
    assert "`nightly` was written, but AWS says otherwise" in said.err


def test_a_deleted_rule_that_is_there_again_is_reported(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("gone")
    folder.config(a_rule("nightly"))
    just_before(front, "ListRules", lambda: account.has_rule("gone"), nth=2)
    said = esprestack("apply", "--prune")
    assert said.code == 1
    assert "`gone`" in said.err


def test_reading_back_waits_until_aws_has_caught_up(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "READ_BACK_SECONDS", 60.0)
    folder.config(a_rule("nightly", taskCount=2))
    old, new = a_target("nightly"), a_target("nightly", EcsParameters={"TaskCount": 2})
    just_before(front, "ListRules", lambda: account.events.put_targets(Rule="nightly", Targets=[old]), nth=2)
    just_before(front, "ListRules", lambda: account.events.put_targets(Rule="nightly", Targets=[new]), nth=4)
    said = esprestack("apply")
    assert (said.code, said.out.splitlines()[-1]) == (0, "Applied: 1 done")
    assert front.count("ListRules") == 4, "one for the plan, three to read back"


def test_only_what_was_written_is_read_back(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    for name in ("same-1", "same-2", "changed"):
        account.has_rule(name)
    folder.config(a_rule("same-1"), a_rule("same-2"), a_rule("changed", taskCount=2))
    assert esprestack("apply").code == 0
    asked = [call.parameters["Rule"] for call in front.calls if call.operation == "ListTargetsByRule"]
    assert sorted(asked) == ["changed", "changed", "same-1", "same-2"]


# -- ways around what is denied or unknown ---------------------------------------------------------------------


def a_busy_account(account: Account) -> None:
    account.has_rule("same")
    account.has_rule("changed", ScheduleExpression="rate(2 days)")
    account.has_rule("found", tracked_by=None)
    account.has_rule("gone")
    account.has_rule("theirs", tracked_by="another-team")
    account.has_rule("elsewhere", tracked_by="another-team", targets=[a_target("elsewhere", cluster="another")])


@pytest.mark.parametrize("names_by_target", ["allowed", "denied"])
@pytest.mark.parametrize("tagging", ["rules", "moto", "denied"])
def test_the_plan_is_the_same_whatever_the_index_of_tags_answers(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, tagging: Any, names_by_target: str
) -> None:
    a_busy_account(account)
    folder.config(*map(a_rule, ("same", "changed", "found", "new")))
    front.tagging = tagging
    if names_by_target == "denied":
        front.fail("ListRuleNamesByTarget", "AccessDeniedException", times=None)
    diff = esprestack("diff", "--prune", "--exit-code")
    assert (diff.code, diff.err) == (2, "")
    assert diff.out.endswith("\n1 to create, 1 to update, 1 to adopt, 1 to delete, 1 unchanged\n")
    assert esprestack("apply", "--prune").code == 0
    assert account.names() == ["changed", "elsewhere", "found", "new", "same", "theirs"]
    assert account.tags("theirs") == {TRACKING_TAG: "another-team"}
    assert (esprestack("diff", "--prune", "--exit-code").code, esprestack("drift").code) == (0, 0)


@pytest.mark.parametrize("tagging", ["rules", "moto", "denied"])
def test_rule_by_name_is_planned_without_the_index_too(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, tagging: Any
) -> None:
    a_busy_account(account)
    front.tagging = tagging
    folder.config(a_rule("same"), a_rule("theirs"))
    assert esprestack("diff", "--rule", "same", "--exit-code").code == 0
    assert esprestack("diff", "--rule", "theirs", "--exit-code").code == 1


def test_another_error_of_the_index_is_an_error(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly")
    folder.config(a_rule("nightly"))
    front.fail("GetResources", "InternalServiceException", status=500, times=None)
    said = esprestack("diff")
    assert said.code == 1
    assert "GetResources: InternalServiceException" in said.err


def test_task_definitions_that_may_not_be_asked_are_taken_as_there(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    folder.config(a_rule("nightly"))
    front.fail("DescribeTaskDefinition", "AccessDeniedException", times=None)
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 2
    assert diff.err.startswith("warning: ecschedule.yaml:4:9: not checked are task definitions: ecs:DescribeTaskDef")
    assert diff.err.count("\n") == 1


def test_a_bus_with_more_rules_than_a_page_is_read_to_its_end(
    esprestack: Esprestack, folder: Folder, account: Account
) -> None:
    for number in range(101):
        account.has_rule(f"other-{number:03}", tracked_by=None, targets=[])
    account.has_rule("zzz-nightly")
    account.has_rule("zzz-orphan")
    folder.config(a_rule("zzz-nightly"))
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 0
    assert "? orphan zzz-orphan" in diff.out


def test_more_than_a_page_of_tracked_rules_is_known_to_the_index(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    names = [f"rule-{number:03}" for number in range(101)]
    for name in names:
        account.has_rule(name, targets=[])
    folder.config(a_rule("other"))
    diff = esprestack("diff")
    assert diff.out.count("? orphan rule-") == 101
    assert front.count("GetResources") == 2


def test_a_rule_that_is_deleted_while_it_is_read_is_not_there(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly")
    folder.config(a_rule("nightly"))
    just_before(front, "ListTargetsByRule", lambda: account.remove("nightly"))
    said = esprestack("apply")
    assert (said.code, written(front)) == (0, ["PutRule", "PutTargets"]), said.err


def test_another_region_is_another_bus(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly")
    folder.config(a_rule("nightly"), region="us-east-1")
    front.fail("DescribeTaskDefinition", "AccessDeniedException", times=None)
    assert "+ create nightly" in esprestack("diff").out


def test_an_account_that_is_not_allowed_is_refused_before_anything_is_read(
    esprestack: Esprestack, folder: Folder, front: AwsFront
) -> None:
    folder.config(a_rule("nightly"))
    said = esprestack("apply", "--account", "999999999999")
    assert said.code == 1
    assert "error: the credentials are of account 123456789012, allowed are 999999999999" in said.err
    assert [call.operation for call in front.calls] == ["GetCallerIdentity"]
    assert esprestack("apply", "--account", "999999999999", "--account", "123456789012").code == 0


# -- exchanged targets -----------------------------------------------------------------------------------------


def test_a_new_target_whose_answer_was_lost_is_not_left_beside_the_old_one(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule(targets=[a_target("old")])
    folder.config(a_rule())
    front.drop("PutTargets", after_storing=True)
    assert esprestack("apply").code == 1
    assert account.target() == a_target("old")
    assert esprestack("apply").code == 0
    assert account.target() == a_target("nightly")


def test_a_target_that_cannot_be_put_back_is_told_aloud_and_doubles_nothing(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule(targets=[a_target("old")])
    folder.config(a_rule())
    front.drop("PutTargets", after_storing=True)
    front.fail("RemoveTargets", "InternalException", status=500, nth=2)
    said = esprestack("apply")
    assert said.code == 1
    assert "THE RULE MAY HAVE NO TARGET NOW" in said.err
    assert account.target() == a_target("nightly"), "one target"


# -- what the SDK doesn't know ---------------------------------------------------------------------------------


def test_a_member_that_the_sdk_does_not_know_yet_is_not_stripped_by_the_next_write(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule()
    target = a_target("nightly", EcsParameters={"AddedLater": "x"})
    front.play("ListTargetsByRule", lambda _: {"Targets": [target]})
    folder.config(a_rule(taskCount=2))
    said = esprestack("apply")
    assert (said.code, written(front)) == (1, [])
    assert "AddedLater" in said.err


def test_failed_entries_that_are_not_named_are_failed_all_the_same(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    front.play("PutTargets", lambda _: {"FailedEntryCount": 1, "FailedEntries": []})
    folder.config(a_rule("a"), a_rule("b"))
    said = esprestack("apply")
    assert said.code == 1
    assert said.out.endswith("\nApplied: 2 failed\n")

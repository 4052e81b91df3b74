"""Schedules of EventBridge Scheduler: whose they are, what stands beside them, and what a write does in which order.

What holds for rules and schedules alike is in the modules with `HOMES`.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.aws.account import CLUSTER, TRACKING_TAG, Account, a_target, arn, request, written
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack
from tests.aws.schedule_account import ScheduleAccount, group_of
from tests.support.aws_front import AwsFront
from tests.support.ecs_tasks import EcsTasks
from tests.support.schedules import Schedules

from esprestack.backends import scheduler
from esprestack.rule import Home

HOMES = (Home.SCHEDULER,)
GROUP = group_of(CLUSTER)
NIGHTLY = "cron(0 3 * * ? *)"


@pytest.fixture
def rules(account: Account, clients: Account) -> Account:
    """EventBridge's rules of the same account."""
    return clients


# -- whose they are --------------------------------------------------------------------------------------------


def test_the_first_schedule_comes_with_a_group_that_is_tagged(
    esprestack: Esprestack, folder: Folder, front: AwsFront
) -> None:
    folder.config(a_rule("one"), a_rule("two"))
    assert esprestack("apply").code == 0
    assert sorted(written(front)) == ["CreateSchedule", "CreateSchedule", "CreateScheduleGroup"]
    made = dict(request(front, "CreateScheduleGroup"))
    assert made.pop("ClientToken")
    assert made == {"Name": GROUP, "Tags": [{"Key": TRACKING_TAG, "Value": CLUSTER}]}


def test_a_group_of_ours_that_lost_its_tag_gets_it_back(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule(tracked_by=None)
    folder.config()
    assert "» adopt nightly (exists already, tracked by nobody)" in esprestack("diff").out
    assert esprestack("apply").code == 0
    assert written(front)[0] == "TagResource"
    assert account.tags() == {TRACKING_TAG: CLUSTER}
    assert esprestack("diff", "--exit-code").code == 0


@pytest.mark.parametrize("owner", ["another-team", None])
def test_a_group_of_others_takes_no_schedule_of_ours(
    esprestack: Esprestack, folder: Folder, schedules: Schedules, front: AwsFront, owner: str | None
) -> None:
    schedules.groups["shared"] = {TRACKING_TAG: owner} if owner else {}
    folder.config(a_rule(scheduleGroup="shared"), a_rule("other"))
    refused = esprestack("apply")
    assert refused.code == 1
    by = f"`{owner}`" if owner else "nobody"
    assert f"! conflict nightly (the schedule group `shared` is tracked by {by})" in refused.out
    assert "rename the rule, or take it over with --take-over" in refused.err
    assert front.writes() == []
    assert esprestack("apply", "--take-over").code == 0
    assert schedules.groups["shared"] == {TRACKING_TAG: CLUSTER}


def test_a_schedule_of_another_owner_in_a_group_that_is_named_is_a_conflict(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule(tracked_by="another-team", ScheduleExpression="rate(2 days)")
    folder.config(a_rule(scheduleGroup=group_of("another-team")))
    assert esprestack("apply").code == 1
    assert front.writes() == []
    taken = esprestack("apply", "--take-over")
    assert (taken.code, account.tags()) == (0, {TRACKING_TAG: CLUSTER})
    assert account.rule()["ScheduleExpression"] == "rate(1 day)"


def test_a_schedule_of_the_same_name_in_the_group_of_another_owner_is_none_of_ours(
    esprestack: Esprestack, folder: Folder, account: Account, schedules: Schedules
) -> None:
    account.has_rule(tracked_by="another-team", ScheduleExpression="rate(2 days)")
    folder.config()
    assert esprestack("apply", "--prune").code == 0
    assert sorted(schedules.schedules) == [(group_of("another-team"), "nightly"), (GROUP, "nightly")]
    assert esprestack("diff", "--exit-code", "--prune").code == 0


def test_a_group_that_somebody_makes_meanwhile_is_theirs(
    esprestack: Esprestack, folder: Folder, schedules: Schedules, front: AwsFront
) -> None:
    def theirs(_: object) -> bool:
        schedules.groups.setdefault(GROUP, {TRACKING_TAG: "another-team"})
        return False

    front.fail("CreateScheduleGroup", "NeverAnswered", where=theirs)
    folder.config()
    failed = esprestack("apply")
    assert failed.code == 1
    assert f"the schedule group `{GROUP}` is tracked by `another-team`, not by `{CLUSTER}`" in failed.err
    assert schedules.schedules == {}


# -- orphans ---------------------------------------------------------------------------------------------------


def test_schedules_that_are_in_no_config_are_orphans_in_every_group_of_ours(
    esprestack: Esprestack, folder: Folder, account: ScheduleAccount, front: AwsFront
) -> None:
    folder.config(a_rule("kept"), a_rule("gone"), a_rule("gone-elsewhere", scheduleGroup="more"))
    assert esprestack("apply").code == 0
    account.has_rule("theirs", tracked_by="another-team")
    folder.config(a_rule("kept"))
    diff = esprestack("diff", "--exit-code")
    assert (diff.code, diff.out.count("? orphan")) == (0, 2)
    front.clear()
    assert esprestack("apply", "--prune").code == 0
    assert written(front) == ["DeleteSchedule", "DeleteSchedule"]
    assert account.names() == ["kept", "theirs"]


def test_schedules_are_orphans_too_where_the_config_has_rules_alone(
    esprestack: Esprestack, folder: Folder, account: Account
) -> None:
    account.has_rule("was-a-schedule")
    folder.config(a_rule("nightly", backend="rules"))
    assert "? orphan was-a-schedule (in no config any more)" in esprestack("diff").out
    assert esprestack("apply", "--prune").code == 0
    assert account.names() == []


def test_an_orphan_is_kept_where_a_delete_would_lose_what_no_config_said(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("odd", targets=[{"Id": "x", "Arn": arn("lambda", "function:x"), "RoleArn": arn("iam", "role/x")}])
    folder.config()
    out = esprestack("diff", "--prune").out
    assert "? orphan odd (kept, a delete would lose its target, which is no task on this cluster)" in out


# -- rules and schedules of one name ---------------------------------------------------------------------------


def test_a_rule_that_becomes_a_schedule_has_to_be_migrated(
    esprestack: Esprestack, folder: Folder, rules: Account, front: AwsFront
) -> None:
    rules.has_rule("nightly")
    folder.config()
    refused = esprestack("apply")
    assert refused.code == 1
    assert "! conflict nightly (it is an EventBridge rule now, and both would run)" in refused.out
    assert "move it without a missed or doubled run: esprestack migrate --rule nightly" in refused.err
    assert front.writes() == []


def test_a_schedule_that_becomes_a_rule_is_not_doubled_either(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly")
    folder.config(a_rule("nightly", backend="rules"))
    refused = esprestack("apply")
    assert refused.code == 1
    assert "! conflict nightly (it is a schedule of EventBridge Scheduler now, and both would run)" in refused.out
    assert front.writes() == []


def test_a_rule_that_is_disabled_stands_in_no_schedules_way_and_is_left_over(
    esprestack: Esprestack, folder: Folder, account: Account, rules: Account, front: AwsFront
) -> None:
    rules.has_rule("nightly", State="DISABLED")
    folder.config()
    assert esprestack("apply").code == 0
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 0
    assert "? orphan nightly (rule) (left over, the config means the other `nightly`)" in diff.out
    front.clear()
    assert esprestack("apply", "--prune").code == 0
    assert written(front) == ["RemoveTargets", "DeleteRule"]
    assert (rules.names(), account.names()) == ([], ["nightly"])


def test_a_rule_and_a_schedule_that_both_run_are_said_to_double_every_run(
    esprestack: Esprestack, folder: Folder, account: Account, rules: Account
) -> None:
    account.has_rule("nightly")
    rules.has_rule("nightly")
    folder.config()
    said = (
        "? orphan nightly (rule) (left over, the config means the other `nightly`; BOTH RUN, so every run is doubled)"
    )
    assert said in esprestack("diff").out
    assert esprestack("drift").code == 2
    assert esprestack("apply", "--prune").code == 0
    assert (rules.names(), account.names()) == ([], ["nightly"])


def test_rules_and_schedules_stand_in_one_plan(
    esprestack: Esprestack, folder: Folder, account: Account, rules: Account, front: AwsFront
) -> None:
    folder.config(a_rule("a-rule", backend="rules"), a_rule("a-schedule"))
    assert esprestack("apply").out.endswith("\nApplied: 2 done\n")
    assert (rules.names(), account.names()) == (["a-rule"], ["a-schedule"])
    assert esprestack("diff", "--exit-code").code == 0


# -- a schedule's own time -------------------------------------------------------------------------------------


def test_a_schedule_that_ran_once_is_not_made_again(esprestack: Esprestack, folder: Folder, front: AwsFront) -> None:
    folder.config(a_rule(scheduleExpression="at(2020-01-01T00:00:00)", actionAfterCompletion="DELETE"))
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 0
    assert "note: `nightly` has run for the last time, and isn't created again" in diff.out
    assert esprestack("apply").code == 0
    assert front.writes() == []


def test_a_start_that_has_passed_is_no_difference_and_stands_in_no_updates_way(
    esprestack: Esprestack, folder: Folder, account: Account, schedules: Schedules
) -> None:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=10)
    keys: dict[str, Any] = {"scheduleExpression": "rate(1 hour)", "startDate": start.isoformat()}
    folder.config(a_rule("cron", scheduleExpression=NIGHTLY, startDate=start.isoformat()), a_rule("rate", **keys))
    assert esprestack("apply").code == 0
    past = (start - timedelta(days=40)).timestamp()
    for name in ("cron", "rate"):
        schedules.schedules[GROUP, name]["StartDate"] = past
    long_ago = (start - timedelta(days=40)).isoformat()
    keys["startDate"] = long_ago
    folder.config(a_rule("cron", scheduleExpression=NIGHTLY, startDate=long_ago), a_rule("rate", **keys))
    assert esprestack("diff", "--exit-code").code == 0
    folder.config(
        a_rule("cron", scheduleExpression=NIGHTLY, startDate=long_ago, taskCount=2), a_rule("rate", **keys, taskCount=2)
    )
    changed = esprestack("apply")
    assert changed.code == 0, changed.err
    assert "StartDate" not in account.rule("cron")
    assert esprestack("diff", "--exit-code").code == 0


# -- writes ----------------------------------------------------------------------------------------------------


def test_an_update_says_everything_in_one_call(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule(Description="Old", State="DISABLED")
    folder.config(a_rule(timezone="Asia/Tokyo"))
    assert esprestack("apply").code == 0
    assert written(front) == ["UpdateSchedule"]
    said = dict(request(front, "UpdateSchedule"))
    assert said.pop("ClientToken")
    target = a_target()
    del target["Id"]
    assert said == {
        "Name": "nightly",
        "GroupName": GROUP,
        "ScheduleExpression": "rate(1 day)",
        "ScheduleExpressionTimezone": "Asia/Tokyo",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "State": "ENABLED",
        "ActionAfterCompletion": "NONE",
        "Target": target,
    }


def test_a_schedule_that_changes_its_group_is_gone_before_it_is_made_anew(
    esprestack: Esprestack, folder: Folder, account: ScheduleAccount, front: AwsFront
) -> None:
    account.has_rule("nightly")
    folder.config(a_rule(scheduleGroup="more"))
    diff = esprestack("diff")
    assert (
        "± replace nightly (a schedule can't change its group: it is deleted and made anew): scheduleGroup" in diff.out
    )
    assert "`nightly` gets another target between two calls" in diff.out
    assert esprestack("apply").code == 0
    assert written(front) == ["CreateScheduleGroup", "DeleteSchedule", "CreateSchedule"]
    assert list(account.schedules.schedules) == [("more", "nightly")]
    assert esprestack("diff", "--exit-code").code == 0


def test_one_rule_alone_is_found_in_another_group_of_ours(
    esprestack: Esprestack, folder: Folder, account: Account
) -> None:
    account.has_rule("nightly")
    folder.config(a_rule(scheduleGroup="more"), a_rule("other"))
    assert "± replace nightly" in esprestack("diff", "--rule", "nightly").out


def test_a_role_that_was_made_a_moment_ago_is_waited_for(
    esprestack: Esprestack,
    folder: Folder,
    schedules: Schedules,
    front: AwsFront,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scheduler, "_ROLE_WAITS", (0.0, 0.0, 0.0, 0.0))
    schedules.unknown_roles[arn("iam", "role/ecsEventsRole")] = 3
    folder.config()
    assert esprestack("apply").code == 0
    assert front.count("CreateSchedule") == 4


def test_an_update_that_meets_another_one_is_made_again(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "_ROLE_WAITS", (0.0, 0.0))
    front.fail("UpdateSchedule", "ConflictException", "Another request is in progress.", status=409, times=2)
    account.has_rule()
    folder.config(a_rule(taskCount=2))
    assert esprestack("apply").code == 0
    assert front.count("UpdateSchedule") == 3


def test_a_schedule_that_somebody_made_meanwhile_is_an_error_that_says_so(
    esprestack: Esprestack, folder: Folder, front: AwsFront
) -> None:
    front.fail("CreateSchedule", "ConflictException", "Schedule nightly already exists.", status=409)
    folder.config()
    failed = esprestack("apply")
    assert failed.code == 1
    assert "already exists" in failed.err
    assert front.count("CreateSchedule") == 1


def test_a_role_that_scheduler_may_not_take_is_an_error_of_that_schedule(
    esprestack: Esprestack, folder: Folder, schedules: Schedules, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "_ROLE_WAITS", (0.0,))
    schedules.unknown_roles[arn("iam", "role/wrong")] = 99
    folder.config(a_rule("one", role="wrong"), a_rule("two"))
    failed = esprestack("apply")
    assert failed.code == 1
    assert "create of `one` failed: scheduler:CreateSchedule of `one`: ValidationException" in failed.err
    assert "must allow AWS EventBridge Scheduler to assume the role" in failed.err
    assert list(schedules.schedules) == [(GROUP, "two")]


@pytest.mark.parametrize("after_storing", [True, False])
def test_an_answer_that_is_lost_makes_no_second_schedule(
    esprestack: Esprestack, folder: Folder, environment: pytest.MonkeyPatch, front: AwsFront, after_storing: bool
) -> None:
    environment.setenv("AWS_MAX_ATTEMPTS", "3")
    front.drop("CreateSchedule", after_storing=after_storing)
    folder.config()
    assert esprestack("apply").code == 0
    first, second = (call.parameters["ClientToken"] for call in front.calls if call.operation == "CreateSchedule")
    assert first == second
    assert esprestack("diff", "--exit-code").code == 0


def test_a_secret_in_a_refusal_is_not_told(
    esprestack: Esprestack, folder: Folder, environment: pytest.MonkeyPatch, front: AwsFront
) -> None:
    environment.setenv("ESPRESTACK_SECRETS", '{"TOKEN": "correct-horse"}')
    front.fail("CreateSchedule", "ValidationException", 'Input: {"value":"correct-horse"} is wrong')
    folder.config(a_rule(containerOverrides=[{"name": "app", "environment": {"T": '{{ secret("TOKEN") }}'}}]))
    failed = esprestack("apply")
    assert failed.code == 1
    assert "correct-horse" not in failed.out + failed.err
    assert "(secret)" in failed.err


def test_what_aws_does_not_keep_is_reported(
    esprestack: Esprestack, folder: Folder, account: Account, schedules: Schedules, front: AwsFront
) -> None:
    account.has_rule()

    def forget(_: object) -> dict[str, Any]:
        return {"ScheduleArn": "arn:x"}

    front.play("UpdateSchedule", forget, service="scheduler")
    folder.config(a_rule(taskCount=2))
    failed = esprestack("apply")
    assert failed.code == 1
    assert "`nightly` was written, but AWS says otherwise in taskCount" in failed.err


# -- reads -----------------------------------------------------------------------------------------------------


def test_a_diff_asks_once_for_each_schedule_and_each_hundred(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    for number in range(130):
        account.has_rule(f"job-{number:03}")
    folder.config(*(a_rule(f"job-{number:03}") for number in range(130)))
    front.clear()
    assert esprestack("diff", "--exit-code").code == 0
    asked = front.operations()
    assert (asked["ListSchedules"], asked["GetSchedule"]) == (2, 130)
    assert sum(asked.values()) <= 130 + 2 + 5, asked


def test_one_schedule_is_asked_for_by_its_name(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    for number in range(30):
        account.has_rule(f"job-{number:03}")
    folder.config(*(a_rule(f"job-{number:03}") for number in range(30)))
    front.clear()
    assert esprestack("diff", "--exit-code", "--rule", "job-007").code == 0
    assert (front.count("ListSchedules"), front.count("GetSchedule")) == (0, 1)


def test_what_was_not_changed_is_not_asked_for_when_an_apply_is_read_back(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    for number in range(40):
        account.has_rule(f"job-{number:03}")
    folder.config(*(a_rule(f"job-{number:03}", **({"taskCount": 2} if number < 25 else {})) for number in range(40)))
    front.clear()
    assert esprestack("apply").code == 0
    assert front.count("GetSchedule") == 40 + 25


def test_a_role_that_may_not_read_rules_sees_schedules_all_the_same(
    esprestack: Esprestack, folder: Folder, front: AwsFront
) -> None:
    folder.config()
    front.fail("ListRules", "AccessDeniedException", times=None)
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 2
    assert "note: EventBridge's rules couldn't be read: events:ListRules: AccessDeniedException" in diff.out


def test_a_role_that_may_not_read_schedules_is_told_what_it_lacks(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule()
    folder.config()
    front.fail("GetSchedule", "AccessDeniedException", times=None)
    denied = esprestack("diff")
    assert denied.code == 1
    assert "allow scheduler:GetSchedule in the policy of the role that runs esprestack" in denied.err


def test_a_dump_of_a_cluster_has_rules_and_schedules_of_all_groups(
    esprestack: Esprestack, folder: Folder, account: Account, rules: Account
) -> None:
    rules.has_rule("a-rule")
    account.has_rule("a-schedule", ScheduleExpressionTimezone="Asia/Tokyo")
    account.has_rule("theirs", tracked_by="another-team")
    dump = esprestack("dump", "--cluster", CLUSTER, "--region", "eu-central-1").out
    assert "- name: a-rule\n  scheduleExpression: rate(1 day)\n  taskDefinition: app\n" in dump
    assert (
        "- name: a-schedule\n  scheduleExpression: rate(1 day)\n  backend: scheduler\n  timezone: Asia/Tokyo\n" in dump
    )
    assert f"scheduleGroup: {group_of('another-team')}" in dump


# -- destroy ---------------------------------------------------------------------------------------------------


def test_destroy_takes_schedules_and_their_groups_with_it(
    esprestack: Esprestack, folder: Folder, account: Account, schedules: Schedules, rules: Account
) -> None:
    folder.config(a_rule("a-schedule"), a_rule("another", scheduleGroup="more"), a_rule("a-rule", backend="rules"))
    assert esprestack("apply").code == 0
    account.has_rule("theirs", tracked_by="another-team")
    assert (
        esprestack("destroy", "--tracking-id", CLUSTER, "--yes-delete", CLUSTER, "--region", "eu-central-1").code == 0
    )
    assert (account.names(), rules.names()) == (["theirs"], [])
    assert sorted(schedules.groups) == ["default", group_of("another-team")]


# -- run -------------------------------------------------------------------------------------------------------


def test_context_attributes_are_filled_in_as_scheduler_would(
    esprestack: Esprestack, folder: Folder, ecs: EcsTasks, front: AwsFront
) -> None:
    environment = {
        "ARN": "<aws.scheduler.schedule-arn>",
        "AT": "at <aws.scheduler.scheduled-time>",
        "ID": "<aws.scheduler.execution-id>",
        "TRY": "<aws.scheduler.attempt-number>",
    }
    folder.config(a_rule(containerOverrides=[{"name": "app", "environment": environment}]))
    assert esprestack("run").code == 0
    (container,) = request(front, "RunTask")["overrides"]["containerOverrides"]
    found = {variable["name"]: variable["value"] for variable in container["environment"]}
    assert found["ARN"] == arn("scheduler", f"schedule/{GROUP}/nightly")
    assert re.fullmatch(r"at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", found["AT"])
    assert len(found["ID"]) == 36
    assert found["TRY"] == "1"

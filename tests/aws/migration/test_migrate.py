"""`migrate`: a rule is copied, disabled, and only then enabled as a schedule; every step is what AWS itself remembers."""

import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest
from tests.aws.account import Account, a_target, arn, just_before, request, written
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack
from tests.aws.migration.conftest import Time, moment_of
from tests.aws.schedule_account import ScheduleAccount, group_of
from tests.support.aws_front import AwsFront

NIGHTLY = "cron(0 3 * * ? *)"
HOURLY = "cron(0 * * * ? *)"
ALL_STEPS = ["CreateScheduleGroup", "CreateSchedule", "DisableRule", "UpdateSchedule"]


@pytest.fixture
def nightly(account: Account, folder: Folder) -> None:
    account.has_rule("nightly", ScheduleExpression=NIGHTLY)
    folder.config(a_rule(scheduleExpression=NIGHTLY))


def states(account: Account, scheduled: ScheduleAccount, name: str = "nightly") -> tuple[str, str]:
    """Of the rule and of the schedule."""
    return account.rule(name)["State"], scheduled.rule(name)["State"]


MOVED = ("DISABLED", "ENABLED")


# -- one move --------------------------------------------------------------------------------------------------


def test_a_rule_becomes_a_schedule_in_the_order_that_doubles_nothing(
    migrate: Esprestack, nightly: None, account: Account, scheduled: ScheduleAccount, front: AwsFront
) -> None:
    said = migrate()
    assert said.code == 0, said.err
    assert written(front) == ALL_STEPS
    assert states(account, scheduled) == MOVED
    assert said.out.endswith("\nMigrated: 1 moved\n")
    assert "copied: nightly as a schedule, disabled\nswitched: nightly runs as a schedule now\n" in said.err


def test_the_copy_is_the_rule_in_utc_on_time_and_disabled(
    migrate: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    retry = {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 300}
    override = '{"containerOverrides":[{"name":"app","environment":[{"name":"A","value":"b"}]}]}'
    target = a_target("main", Input=override, RetryPolicy=retry, DeadLetterConfig={"Arn": arn("sqs", "dead")})
    account.has_rule("nightly", ScheduleExpression=NIGHTLY, Description="Figures", targets=[target])
    containers = [{"name": "app", "environment": {"A": "b"}}]
    folder.config(
        a_rule(
            scheduleExpression=NIGHTLY,
            description="Figures",
            targetId="main",
            containerOverrides=containers,
            dead_letter_config={"sqs": "dead"},
            retryPolicy={"maximumRetryAttempts": 2, "maximumEventAgeInSeconds": 300},
        )
    )
    assert migrate().code == 0
    made = dict(request(front, "CreateSchedule"))
    assert made.pop("ClientToken")
    del target["Id"]
    assert made == {
        "Name": "nightly",
        "GroupName": group_of("jobs"),
        "ScheduleExpression": NIGHTLY,
        "ScheduleExpressionTimezone": "UTC",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "State": "DISABLED",
        "ActionAfterCompletion": "NONE",
        "Description": "Figures",
        "Target": target,
    }


def test_afterwards_a_diff_is_clean_and_prune_takes_the_rule_that_is_left_over(
    migrate: Esprestack,
    esprestack: Esprestack,
    nightly: None,
    account: Account,
    scheduled: ScheduleAccount,
    front: AwsFront,
) -> None:
    assert migrate().code == 0
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 0, diff.out
    assert "? orphan nightly (rule) (left over, the config means the other `nightly`)" in diff.out
    front.clear()
    assert esprestack("apply", "--prune").code == 0
    assert written(front) == ["RemoveTargets", "DeleteRule"]
    assert (account.names(), scheduled.names()) == ([], ["nightly"])
    front.clear()
    again = migrate()
    assert (again.code, again.out.endswith("\nNothing to move\n"), written(front)) == (0, True, [])


def test_what_is_moved_stays_moved(migrate: Esprestack, nightly: None, front: AwsFront) -> None:
    assert migrate().code == 0
    front.clear()
    again = migrate()
    assert (again.code, written(front)) == (0, [])
    assert again.out.endswith("\nMigrated: 1 moved before\n")


def test_a_rule_that_is_disabled_is_only_copied(
    migrate: Esprestack,
    esprestack: Esprestack,
    folder: Folder,
    account: Account,
    scheduled: ScheduleAccount,
    front: AwsFront,
) -> None:
    account.has_rule("nightly", State="DISABLED")
    folder.config(a_rule(disabled=True))
    assert migrate().code == 0
    assert written(front) == ["CreateScheduleGroup", "CreateSchedule"]
    assert states(account, scheduled) == ("DISABLED", "DISABLED")
    assert esprestack("diff", "--exit-code").code == 0
    assert migrate().out.endswith("\nMigrated: 1 moved before\n")


# -- the gap ---------------------------------------------------------------------------------------------------


def test_near_a_run_a_switch_waits_until_the_guard_has_passed(
    migrate: Esprestack, nightly: None, account: Account, scheduled: ScheduleAccount, time: Time
) -> None:
    time.now = moment_of("02:55")
    time.at("03:05:59", lambda: seen.append(account.rule()["State"]))
    seen: list[str] = []
    said = migrate()
    assert (said.code, seen) == (0, ["ENABLED"])
    assert "waiting: nightly until 2026-03-02 03:06:00 UTC, away from its runs\n" in said.err
    assert moment_of("03:06") <= time.now < moment_of("03:07")
    assert states(account, scheduled) == MOVED


def test_many_rules_wait_side_by_side_each_for_its_own_gap(
    migrate: Esprestack, folder: Folder, account: Account, front: AwsFront, time: Time
) -> None:
    found = {"late": "cron(5 12 * * ? *)", "soon": "cron(0 12 * * ? *)", "now": NIGHTLY}
    for name, expression in found.items():
        account.has_rule(name, ScheduleExpression=expression)
    folder.config(*(a_rule(name, scheduleExpression=expression) for name, expression in found.items()))
    said = migrate()
    assert said.code == 0
    assert [call.parameters["Name"] for call in front.calls if call.operation == "DisableRule"] == [
        "now", "soon", "late"
    ]  # fmt: skip
    assert said.err.count("waiting:") == 2
    assert moment_of("12:11") <= time.now < moment_of("12:12")


def test_what_has_its_gap_later_is_left_to_the_next_call_and_nothing_of_it_is_written(
    migrate: Esprestack, folder: Folder, account: Account, front: AwsFront, time: Time
) -> None:
    account.has_rule("nightly", ScheduleExpression=NIGHTLY)
    account.has_rule("busy", ScheduleExpression="cron(* 9-16 * * ? *)")
    folder.config(a_rule(scheduleExpression=NIGHTLY), a_rule("busy", scheduleExpression="cron(* 9-16 * * ? *)"))
    said = migrate("--timezone", "Asia/Tokyo")
    assert said.code == 3
    assert "\nlater: busy, Tue 2026-03-03 02:05 JST\nMigrated: 1 moved, 1 later\n" in said.out
    assert {call.parameters["Name"] for call in front.writes() if "Group" not in call.operation} == {"nightly"}
    time.now = moment_of("16:58")
    assert migrate("--wait", "30").code == 0


def test_a_longer_guard_keeps_further_away(migrate: Esprestack, nightly: None, time: Time) -> None:
    time.now = moment_of("02:20")
    assert migrate("--guard", "20", "--wait", "0").code == 0
    time.now = moment_of("02:45")
    assert migrate("--guard", "20", "--wait", "0", "--rollback").code == 3


def test_who_wakes_up_too_late_waits_for_the_next_gap(
    migrate: Esprestack, folder: Folder, account: Account, time: Time
) -> None:
    account.has_rule("hourly", ScheduleExpression=HOURLY)
    folder.config(a_rule("hourly", scheduleExpression=HOURLY))

    def sleep() -> None:
        time.now = moment_of("12:57")

    time.at("12:01", sleep)
    said = migrate("--wait", "120")
    assert said.code == 0
    assert "until 2026-03-02 12:06:00 UTC" in said.err
    assert "until 2026-03-02 13:06:00 UTC" in said.err
    assert time.now >= moment_of("13:06")


def test_a_call_that_takes_long_leaves_the_run_to_the_rule_and_says_so(
    migrate: Esprestack, folder: Folder, account: Account, scheduled: ScheduleAccount, front: AwsFront, time: Time
) -> None:
    account.has_rule("hourly", ScheduleExpression=HOURLY)
    folder.config(a_rule("hourly", scheduleExpression=HOURLY))
    time.now = moment_of("12:53")

    def slow() -> None:
        time.now = moment_of("12:57")

    just_before(front, "DisableRule", slow)
    said = migrate()
    assert said.code == 0
    assert "held: hourly runs in neither home until 2026-03-02 13:02:00 UTC, so that nothing is doubled" in said.err
    assert "warning: ecschedule.yaml:4:9: `hourly` may have missed what is due at 2026-03-02 13:00 UTC" in said.err
    assert states(account, scheduled, "hourly") == MOVED
    assert time.now >= moment_of("13:02")


# -- what is gone on with --------------------------------------------------------------------------------------


def test_a_rule_that_was_left_between_its_homes_is_finished_at_once_and_first(
    migrate: Esprestack,
    esprestack: Esprestack,
    folder: Folder,
    account: Account,
    scheduled: ScheduleAccount,
    front: AwsFront,
    time: Time,
) -> None:
    for name in ("a-first", "nightly"):
        account.has_rule(name, ScheduleExpression=NIGHTLY)
    folder.config(a_rule("a-first", scheduleExpression=NIGHTLY), a_rule(scheduleExpression=NIGHTLY))
    assert migrate("--rule", "nightly").code == 0
    scheduled.has_rule("nightly", ScheduleExpression=NIGHTLY, State="DISABLED")
    front.clear()
    time.now = moment_of("02:59")
    said = migrate("--wait", "0")
    assert said.code == 3
    assert written(front) == ["UpdateSchedule"]
    assert states(account, scheduled) == MOVED
    assert "nightly  IT RUNS NOWHERE NOW" in said.out
    assert (
        "what was due since it was disabled is missed, and so may be what is due within 5 minutes from now" in said.out
    )


@pytest.fixture
def between(account: Account, scheduled: ScheduleAccount, folder: Folder) -> None:
    """A rule that runs every minute, disabled in both homes."""
    every_minute = "cron(* * * * ? *)"
    account.has_rule("busy", ScheduleExpression=every_minute, State="DISABLED")
    scheduled.has_rule("busy", ScheduleExpression=every_minute, State="DISABLED")
    folder.config(a_rule("busy", scheduleExpression=every_minute))


def test_what_has_no_gaps_is_finished_when_the_rule_can_start_nothing_any_more(
    migrate: Esprestack, between: None, account: Account, scheduled: ScheduleAccount, time: Time
) -> None:
    time.at("12:05", lambda: seen.append(scheduled.rule("busy")["State"]))
    seen: list[str] = []
    said = migrate()
    assert (said.code, seen) == (0, ["DISABLED"])
    assert "held: busy runs in neither home until 2026-03-02 12:07:00 UTC, so that nothing is doubled\n" in said.err
    assert states(account, scheduled, "busy") == MOVED


def test_a_signal_meanwhile_leaves_it_between_its_homes_and_says_so(
    migrate: Esprestack,
    between: None,
    account: Account,
    scheduled: ScheduleAccount,
    time: Time,
    signals: dict[int, Callable[[int, Any], None]],
) -> None:
    interrupt(time, "12:02", signals, signal.SIGINT)
    said = migrate()
    assert said.code == 130
    assert "`busy` RUNS NOWHERE NOW, as it did before this call (call this again at once: " in said.err
    assert states(account, scheduled, "busy") == ("DISABLED", "DISABLED")


def test_it_is_finished_as_it_was_copied_whatever_the_config_says_by_now(
    migrate: Esprestack, folder: Folder, account: Account, scheduled: ScheduleAccount
) -> None:
    account.has_rule("nightly", ScheduleExpression=NIGHTLY, State="DISABLED")
    scheduled.has_rule("nightly", ScheduleExpression=NIGHTLY, State="DISABLED")
    folder.config(a_rule(scheduleExpression="cron(0 4 * * ? *)", taskCount=3), backend="scheduler")
    assert migrate().code == 0
    assert states(account, scheduled) == MOVED
    assert scheduled.rule()["ScheduleExpression"] == NIGHTLY


@pytest.mark.parametrize("state", ["DISABLED", "ENABLED"])
def test_a_copy_that_is_not_what_the_rule_is_is_made_anew_and_ends_what_doubles(
    migrate: Esprestack, nightly: None, account: Account, scheduled: ScheduleAccount, front: AwsFront, state: str
) -> None:
    scheduled.has_rule("nightly", ScheduleExpression="cron(0 4 * * ? *)", State=state)
    said = migrate()
    assert said.code == 0
    assert written(front) == ["UpdateSchedule", "DisableRule", "UpdateSchedule"]
    first = next(call.parameters for call in front.calls if call.operation == "UpdateSchedule")
    assert (first["State"], first["ScheduleExpression"]) == ("DISABLED", NIGHTLY)
    assert ("BOTH RUN, so every run is doubled" in said.out) == (state == "ENABLED")
    assert states(account, scheduled) == MOVED


def test_a_copy_that_is_there_already_is_not_written_again(
    migrate: Esprestack, nightly: None, scheduled: ScheduleAccount, front: AwsFront
) -> None:
    scheduled.has_rule("nightly", ScheduleExpression=NIGHTLY, State="DISABLED")
    assert migrate().code == 0
    assert written(front) == ["DisableRule", "UpdateSchedule"]


def test_what_somebody_changes_while_it_waits_is_not_switched(
    migrate: Esprestack, folder: Folder, account: Account, scheduled: ScheduleAccount, front: AwsFront, time: Time
) -> None:
    account.has_rule("hourly", ScheduleExpression=HOURLY)
    folder.config(a_rule("hourly", scheduleExpression=HOURLY))
    changed = a_target("hourly", EcsParameters={"TaskCount": 3})
    time.at("12:03", lambda: account.has_rule("hourly", ScheduleExpression=HOURLY, targets=[changed]))
    said = migrate()
    assert said.code == 1
    assert "error: ecschedule.yaml:4:9: `hourly` was changed meanwhile (call this again)" in said.err
    assert "DisableRule" not in written(front)
    assert states(account, scheduled, "hourly") == ("ENABLED", "DISABLED")


def test_what_somebody_else_moves_while_it_waits_is_moved(
    migrate: Esprestack, folder: Folder, account: Account, scheduled: ScheduleAccount, front: AwsFront, time: Time
) -> None:
    account.has_rule("hourly", ScheduleExpression=HOURLY)
    folder.config(a_rule("hourly", scheduleExpression=HOURLY))

    def move() -> None:
        account.has_rule("hourly", ScheduleExpression=HOURLY, State="DISABLED")
        scheduled.has_rule("hourly", ScheduleExpression=HOURLY)

    time.at("12:03", move)
    assert migrate().code == 0
    assert "DisableRule" not in written(front)


# -- what fails ------------------------------------------------------------------------------------------------


def test_a_rule_that_may_not_be_disabled_runs_on_as_before(
    migrate: Esprestack, nightly: None, account: Account, scheduled: ScheduleAccount, front: AwsFront
) -> None:
    front.fail("DisableRule", "AccessDeniedException")
    said = migrate()
    assert said.code == 1
    assert "`nightly` couldn't be switched: events:DisableRule of `nightly`: AccessDeniedException" in said.err
    assert "; it runs as a rule as before (allow events:DisableRule" in said.err
    assert states(account, scheduled) == ("ENABLED", "DISABLED")
    assert migrate().code == 0


def test_a_schedule_that_may_not_be_enabled_puts_the_rule_back(
    migrate: Esprestack, nightly: None, account: Account, scheduled: ScheduleAccount, front: AwsFront
) -> None:
    front.fail("UpdateSchedule", "AccessDeniedException")
    said = migrate()
    assert said.code == 1
    assert "it runs as a rule as before" in said.err
    assert written(front) == [*ALL_STEPS, "EnableRule"]
    assert states(account, scheduled) == ("ENABLED", "DISABLED")


def test_where_the_answer_is_lost_the_schedule_is_disabled_before_the_rule_is_put_back(
    migrate: Esprestack, nightly: None, account: Account, scheduled: ScheduleAccount, front: AwsFront
) -> None:
    front.drop("UpdateSchedule", after_storing=True)
    assert migrate().code == 1
    assert written(front) == [*ALL_STEPS, "UpdateSchedule", "EnableRule"]
    assert states(account, scheduled) == ("ENABLED", "DISABLED")
    assert migrate().code == 0
    assert states(account, scheduled) == MOVED


def test_where_the_schedule_may_run_what_is_due_the_rule_is_not_put_back_but_left_to_the_next_call(
    migrate: Esprestack, folder: Folder, account: Account, scheduled: ScheduleAccount, front: AwsFront
) -> None:
    account.has_rule("busy", ScheduleExpression="cron(* * * * ? *)")
    folder.config(a_rule("busy", scheduleExpression="cron(* * * * ? *)"))
    front.drop("UpdateSchedule", after_storing=True)
    said = migrate("--accept-missed-runs")
    assert said.code == 1
    assert "IT RUNS NOWHERE NOW: call this again at once: esprestack migrate --rule busy" in said.err
    assert states(account, scheduled, "busy") == ("DISABLED", "DISABLED")
    assert migrate().code == 0
    assert states(account, scheduled, "busy") == MOVED


def test_a_rule_whose_end_is_not_known_is_put_back(
    migrate: Esprestack, nightly: None, account: Account, scheduled: ScheduleAccount, front: AwsFront
) -> None:
    front.drop("DisableRule", after_storing=True)
    said = migrate()
    assert said.code == 1
    assert written(front)[-2:] == ["DisableRule", "EnableRule"]
    assert states(account, scheduled) == ("ENABLED", "DISABLED")


def test_a_rule_that_goes_on_saying_that_it_is_enabled_is_not_begun_elsewhere(
    migrate: Esprestack, nightly: None, account: Account, scheduled: ScheduleAccount, front: AwsFront
) -> None:
    front.play("DescribeRule", lambda _: {"Name": "nightly", "State": "ENABLED"}, service="events")
    said = migrate()
    assert said.code == 1
    assert "AWS took the change, and goes on saying that it is enabled; it runs as a rule as before" in said.err
    assert states(account, scheduled) == ("ENABLED", "DISABLED")


def test_answers_that_lag_behind_are_waited_for(
    migrate: Esprestack, nightly: None, account: Account, scheduled: ScheduleAccount, front: AwsFront
) -> None:
    stale = iter(["ENABLED", "ENABLED", "DISABLED"])
    front.play("DescribeRule", lambda _: {"Name": "nightly", "State": next(stale)}, service="events")
    assert migrate().code == 0
    assert states(account, scheduled) == MOVED


def test_a_rule_that_can_neither_be_moved_nor_put_back_is_said_loudly_and_finished_by_the_next_call(
    migrate: Esprestack, nightly: None, account: Account, scheduled: ScheduleAccount, front: AwsFront
) -> None:
    front.fail("UpdateSchedule", "AccessDeniedException")
    front.fail("EnableRule", "AccessDeniedException")
    said = migrate()
    assert said.code == 1
    assert "IT MAY RUN NOWHERE NOW: call this again at once: esprestack migrate --rule nightly" in said.err
    assert states(account, scheduled) == ("DISABLED", "DISABLED")
    assert migrate().code == 0
    assert states(account, scheduled) == MOVED


def test_a_switch_that_can_not_be_read_back_is_not_called_done(
    migrate: Esprestack, nightly: None, account: Account, scheduled: ScheduleAccount, front: AwsFront, folder: Folder
) -> None:
    begun = threading.Event()
    just_before(front, "UpdateSchedule", begun.set)
    front.fail("GetSchedule", "AccessDeniedException", where=lambda _: begun.is_set())
    before = (folder.path / "ecschedule.yaml").read_text()
    said = migrate()
    assert said.code == 1
    assert "it should run as a schedule now: call this again at once" in said.err
    assert states(account, scheduled) == MOVED
    assert (folder.path / "ecschedule.yaml").read_text() == before
    assert migrate().code == 0
    assert "backend: scheduler" in (folder.path / "ecschedule.yaml").read_text()


def test_one_that_fails_stops_no_other(
    migrate: Esprestack, folder: Folder, account: Account, scheduled: ScheduleAccount, front: AwsFront
) -> None:
    for name in ("a", "b"):
        account.has_rule(name, ScheduleExpression=NIGHTLY)
    folder.config(a_rule("a", scheduleExpression=NIGHTLY), a_rule("b", scheduleExpression=NIGHTLY))
    front.fail("CreateSchedule", "ValidationException", where=lambda call: call["Name"] == "a")
    said = migrate()
    assert said.code == 1
    assert "`a` couldn't be copied: scheduler:CreateSchedule of `a`: ValidationException" in said.err
    assert states(account, scheduled, "b") == MOVED
    assert account.rule("a")["State"] == "ENABLED"


def test_a_copy_that_is_not_kept_as_it_was_written_is_not_switched(
    migrate: Esprestack, nightly: None, account: Account, scheduled: ScheduleAccount, front: AwsFront
) -> None:
    def other() -> None:
        scheduled.schedules.schedules[group_of("jobs"), "nightly"]["Description"] = "Somebody's"

    just_before(front, "GetSchedule", other, nth=2)
    just_before(front, "GetSchedule", other, nth=2)
    said = migrate()
    assert said.code == 1
    assert "`nightly` was copied, but AWS says otherwise in description" in said.err
    assert "DisableRule" not in written(front)


@pytest.mark.parametrize("operation", ["ListRules", "GetSchedule"])
def test_where_rules_or_schedules_can_not_be_read_nothing_is_moved(
    migrate: Esprestack, nightly: None, front: AwsFront, operation: str
) -> None:
    front.fail(operation, "AccessDeniedException", times=None)
    said = migrate()
    assert (said.code, front.writes()) == (1, [])
    assert f":{operation}" in said.err


# -- signals ---------------------------------------------------------------------------------------------------


def interrupt(time: Time, moment: str, signals: dict[int, Callable[[int, Any], None]], number: int) -> None:
    time.at(moment, lambda: signals[number](number, None))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_waiting_and_the_next_call_goes_on(
    migrate: Esprestack,
    folder: Folder,
    account: Account,
    scheduled: ScheduleAccount,
    front: AwsFront,
    time: Time,
    signals: dict[int, Callable[[int, Any], None]],
    number: int,
    code: int,
) -> None:
    account.has_rule("hourly", ScheduleExpression=HOURLY)
    folder.config(a_rule("hourly", scheduleExpression=HOURLY))
    interrupt(time, "12:02", signals, number)
    said = migrate()
    assert said.code == code
    assert said.out.endswith("\nMigrated: 1 not moved, the run was stopped\n")
    assert states(account, scheduled, "hourly") == ("ENABLED", "DISABLED")
    assert migrate().code == 0


def test_a_signal_while_a_rule_runs_in_neither_home_puts_it_back(
    migrate: Esprestack,
    folder: Folder,
    account: Account,
    scheduled: ScheduleAccount,
    front: AwsFront,
    time: Time,
    signals: dict[int, Callable[[int, Any], None]],
) -> None:
    account.has_rule("busy", ScheduleExpression="cron(* * * * ? *)")
    folder.config(a_rule("busy", scheduleExpression="cron(* * * * ? *)"))
    interrupt(time, "12:02", signals, signal.SIGINT)
    said = migrate("--accept-missed-runs")
    assert said.code == 130
    assert "put back: busy runs as a rule as before" in said.err
    assert written(front) == ["CreateScheduleGroup", "CreateSchedule", "DisableRule", "EnableRule"]
    assert states(account, scheduled, "busy") == ("ENABLED", "DISABLED")


# -- others, while a rule runs in neither home -----------------------------------------------------------------


@pytest.fixture
def busy(account: Account, folder: Folder) -> str:
    """A rule without gaps, and its expression."""
    every_minute = "cron(* * * * ? *)"
    account.has_rule("busy", ScheduleExpression=every_minute)
    folder.config(a_rule("busy", scheduleExpression=every_minute))
    return every_minute


def test_a_rule_that_somebody_enables_meanwhile_is_not_begun_elsewhere(
    migrate: Esprestack, busy: str, account: Account, scheduled: ScheduleAccount, time: Time
) -> None:
    time.at("12:03", lambda: account.has_rule("busy", ScheduleExpression=busy, State="ENABLED"))
    said = migrate("--accept-missed-runs")
    assert said.code == 1
    assert "somebody has enabled it again meanwhile; it runs as a rule as before (call this again)" in said.err
    assert states(account, scheduled, "busy") == ("ENABLED", "DISABLED")


def test_a_rule_that_somebody_has_begun_elsewhere_is_not_put_back(
    migrate: Esprestack,
    busy: str,
    account: Account,
    scheduled: ScheduleAccount,
    time: Time,
    signals: dict[int, Callable[[int, Any], None]],
) -> None:
    time.at("12:01", lambda: scheduled.has_rule("busy", ScheduleExpression=busy))
    interrupt(time, "12:02", signals, signal.SIGTERM)
    said = migrate("--accept-missed-runs")
    assert said.code == 143
    assert "`busy` was begun by somebody else meanwhile (call this again)" in said.err
    assert states(account, scheduled, "busy") == MOVED

"""What a migration says beforehand: the timetable, what it refuses and why, what can't be promised."""

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.aws.account import Account, a_target, arn
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack
from tests.aws.migration.conftest import Tasks, Time, has_role, moment_of
from tests.aws.schedule_account import ScheduleAccount, group_of
from tests.aws.test_checks import Things
from tests.support.aws_front import AwsFront

NIGHTLY = "cron(0 3 * * ? *)"
HOURLY_RATE = "rate(1 hour)"


def a_nightly(account: Account, folder: Folder, **keys: Any) -> None:
    """Of which AWS and the config say the same, but for `keys`."""
    account.has_rule(ScheduleExpression=NIGHTLY)
    folder.config(a_rule(scheduleExpression=NIGHTLY, **keys))


# -- the timetable ---------------------------------------------------------------------------------------------


def test_a_dry_run_prints_the_timetable_in_the_readers_zone_and_writes_nothing(
    migrate: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    for name, expression in (("nightly", NIGHTLY), ("noon", "cron(3 12 * * ? *)")):
        account.has_rule(name, ScheduleExpression=expression)
    account.has_rule("off", State="DISABLED")
    folder.config(
        a_rule(scheduleExpression=NIGHTLY),
        a_rule("noon", scheduleExpression="cron(3 12 * * ? *)"),
        a_rule("off", disabled=True),
    )
    said = migrate("--dry-run", "--timezone", "Europe/Berlin")
    assert (said.code, front.writes(), said.err) == (0, [], "")
    assert said.out == (
        "ecschedule.yaml: cluster jobs, eu-central-1, account 123456789012\n"
        "rule     now             last run                  next run                  switched\n"
        "nightly  rule            Mon 2026-03-02 04:00 CET  Tue 2026-03-03 04:00 CET  "
        "at once, until Tue 2026-03-03 03:54 CET\n"
        "noon     rule            Sun 2026-03-01 13:03 CET  Mon 2026-03-02 13:03 CET  "
        "Mon 2026-03-02 13:09 CET until Tue 2026-03-03 12:57 CET\n"
        "off      rule, disabled                                                      only copied, it is disabled\n"
        "\n"
    )


def test_as_json_it_says_the_same_to_scripts(migrate: Esprestack, folder: Folder, account: Account) -> None:
    a_nightly(account, folder)
    said = migrate("--dry-run", "--format", "json")
    assert json.loads(said.out) == {
        "to": "scheduler",
        "guardMinutes": 5,
        "rules": [
            {
                "config": "ecschedule.yaml",
                "rule": "nightly",
                "line": 4,
                "stage": "not-begun",
                "enabled": True,
                "lastRun": "2026-03-02T03:00:00Z",
                "nextRun": "2026-03-03T03:00:00Z",
                "opens": "2026-03-02T12:00:00Z",
                "closes": "2026-03-03T02:54:00Z",
                "risk": None,
                "notes": [],
                "refusals": [],
                "result": None,
                "switchedAt": None,
                "problems": [],
            }
        ],
        "configs": [],
    }


def test_a_move_as_json_says_what_became_of_rule_and_config(
    migrate: Esprestack, folder: Folder, account: Account
) -> None:
    a_nightly(account, folder)
    said = migrate("--format", "json")
    document = json.loads(said.out)
    assert [(rule["result"], rule["switchedAt"]) for rule in document["rules"]] == [("moved", "2026-03-02T12:00:00Z")]
    (config,) = document["configs"]
    assert (config["config"], config["changed"], config["written"]) == ("ecschedule.yaml", True, True)
    assert "+backend: scheduler" in config["difference"]


# -- what is refused -------------------------------------------------------------------------------------------


def refused(migrate: Esprestack, front: AwsFront, *options: str) -> str:
    """What is said of the one rule that isn't moved, on stderr; nothing was written."""
    said = migrate(*options)
    assert (said.code, front.writes()) == (1, [])
    assert said.out.endswith("\nMigrated: 1 refused\n")
    return said.err


def test_what_isnt_what_the_config_says(migrate: Esprestack, folder: Folder, account: Account, front: AwsFront) -> None:
    a_nightly(account, folder, description="New", taskCount=3)
    assert refused(migrate, front) == (
        "error: ecschedule.yaml:4:9: `nightly` isn't moved: it isn't what the config says in description, taskCount "
        "(apply first, or take the change out of the config until the move is done)\n"
    )


def test_a_rule_that_somebody_disabled(migrate: Esprestack, folder: Folder, account: Account, front: AwsFront) -> None:
    account.has_rule(ScheduleExpression=NIGHTLY, State="DISABLED")
    folder.config(a_rule(scheduleExpression=NIGHTLY))
    assert "`nightly` isn't moved: it is disabled in AWS and not in the config" in refused(migrate, front)


TRANSFORMER = {"InputPathsMap": {"time": "$.time"}, "InputTemplate": "{}"}


@pytest.mark.parametrize(
    ("target", "keys", "why"),
    [
        ({"InputTransformer": TRANSFORMER}, {}, "it has what can't be carried over: "),
        (
            {"EcsParameters": {"Tags": [{"Key": "cost", "Value": ""}]}},
            {"tags": {"cost": ""}},
            "it gives its task the tag `cost` without a value, which EventBridge Scheduler wants",
        ),
        (
            {"EcsParameters": {"Group": "$.detail.group"}},
            {"group": "$.detail.group"},
            "it has `$.detail.group` in its target, a path into the event, which a schedule has none of",
        ),
    ],
    ids=["transformer", "tag", "path"],
)
def test_what_a_schedule_can_not_say(
    migrate: Esprestack,
    folder: Folder,
    account: Account,
    front: AwsFront,
    target: dict[str, Any],
    keys: dict[str, Any],
    why: str,
) -> None:
    account.has_rule(ScheduleExpression=NIGHTLY, targets=[a_target(**target)])
    folder.config(a_rule(scheduleExpression=NIGHTLY, **keys))
    assert f"`nightly` isn't moved: {why}" in refused(migrate, front)


def test_a_second_target(migrate: Esprestack, folder: Folder, account: Account, front: AwsFront) -> None:
    copy = {"Id": "copy", "Arn": arn("sqs", "copies")}
    account.has_rule(ScheduleExpression=NIGHTLY, targets=[a_target(), copy])
    folder.config(a_rule(scheduleExpression=NIGHTLY))
    assert "`nightly` isn't moved: it starts more than one target: " in refused(migrate, front)


def test_somebody_elses_rule(migrate: Esprestack, folder: Folder, account: Account, front: AwsFront) -> None:
    account.has_rule(ScheduleExpression=NIGHTLY, tracked_by="theirs")
    folder.config(a_rule(scheduleExpression=NIGHTLY))
    assert "`nightly` isn't moved: it is tracked by `theirs`, not by `jobs` (its rule)" in refused(migrate, front)


def test_a_role_that_scheduler_may_not_take(
    migrate: Esprestack, folder: Folder, account: Account, front: AwsFront, things: Things
) -> None:
    has_role(things, "bus", "events.amazonaws.com")
    role = arn("iam", "role/bus")
    account.has_rule(ScheduleExpression=NIGHTLY, RoleArn=role, targets=[{**a_target(), "RoleArn": role}])
    folder.config(a_rule(scheduleExpression=NIGHTLY, role="bus"))
    said = refused(migrate, front)
    assert "the role `bus` doesn't let scheduler.amazonaws.com take it for the rule `nightly` (add to its trust" in said
    assert migrate("--role", "ecsEventsRole").code == 0


def test_a_schedule_group_of_somebody_else(
    migrate: Esprestack, folder: Folder, account: Account, front: AwsFront, scheduled: ScheduleAccount
) -> None:
    scheduled.schedules.groups[group_of("jobs")] = {"ecschedule:tracking-id": "theirs"}
    a_nightly(account, folder)
    assert "it would be in a schedule group that is tracked by `theirs` (name another `scheduleGroup`)" in refused(
        migrate, front
    )


def test_keys_that_would_move_runs(migrate: Esprestack, folder: Folder, account: Account, front: AwsFront) -> None:
    a_nightly(account, folder, backend="scheduler", timezone="Asia/Tokyo")
    said = refused(migrate, front)
    assert "it would run at other times with `timezone` (that is a change of its own: make it when the move is" in said


def test_a_rule_that_is_in_neither_home(migrate: Esprestack, folder: Folder, account: Account, front: AwsFront) -> None:
    folder.config(a_rule(scheduleExpression=NIGHTLY))
    said = migrate()
    assert (said.code, front.writes()) == (0, [])
    assert "note: `nightly` is in neither home: apply makes it" in said.out
    assert "`nightly` isn't moved: it is in neither home (apply makes it)" in refused(
        migrate, front, "--rule", "nightly"
    )


# -- input that makes no sense ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--rule", "nighty"), "did you mean `nightly`?"),
        (("--timezone", "Mars/Olympus"), "Mars/Olympus"),
        (("--guard", "0"), "0 is not in the range"),
        (("--wait", "-1"), "-1 is not in the range"),
    ],
)
def test_bad_options_are_one_error_each_and_nothing_is_asked_for(
    migrate: Esprestack, folder: Folder, account: Account, front: AwsFront, options: tuple[str, ...], said: str
) -> None:
    a_nightly(account, folder)
    answer = migrate(*options)
    assert answer.code != 0
    assert said in answer.err
    assert "Traceback" not in answer.err
    assert front.writes() == []


@pytest.mark.parametrize("text", ["", "rules: []", "rules:\n- name: 7", "\x00", "{% for %}"])
def test_a_config_that_is_none_is_an_error_with_its_place(
    migrate: Esprestack, folder: Folder, account: Account, front: AwsFront, text: str
) -> None:
    folder.write(text)
    said = migrate()
    assert said.code == 1
    assert said.err.startswith("error: ecschedule.yaml:")
    assert front.writes() == []


def test_throttled_calls_are_made_again(
    migrate: Esprestack, folder: Folder, account: Account, front: AwsFront, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("AWS_MAX_ATTEMPTS", "3")
    a_nightly(account, folder)
    for operation in ("ListRules", "CreateSchedule", "DisableRule", "UpdateSchedule", "DescribeRule", "GetSchedule"):
        front.fail(operation, "ThrottlingException", "Rate exceeded", times=2)
    said = migrate()
    assert (said.code, said.out.splitlines()[-1]) == (0, "Migrated: 1 moved"), said.err
    assert account.rule()["State"] == "DISABLED"


# -- rates -----------------------------------------------------------------------------------------------------


@pytest.fixture
def hourly(account: Account, folder: Folder) -> None:
    account.has_rule("hourly", ScheduleExpression=HOURLY_RATE)
    folder.config(a_rule("hourly", scheduleExpression=HOURLY_RATE))


def test_a_rate_goes_on_counting_from_its_last_task(
    migrate: Esprestack, esprestack: Esprestack, hourly: None, scheduled: ScheduleAccount, tasks: Tasks, folder: Folder
) -> None:
    tasks.started("hourly", moment_of("11:20:07"), moment_of("10:20:07"))
    assert migrate().code == 0
    assert scheduled.rule("hourly")["StartDate"] == moment_of("12:20:07").timestamp()
    assert "startDate: '2026-03-02T12:20:07Z'" in (folder.path / "ecschedule.yaml").read_text()
    assert esprestack("diff", "--exit-code").code == 0


def test_a_rate_whose_tasks_nobody_remembers_is_told_and_only_moved_when_that_is_accepted(
    migrate: Esprestack, hourly: None, scheduled: ScheduleAccount, front: AwsFront, time: Time
) -> None:
    said = refused(migrate, front)
    assert "it counts from a moment that AWS tells nobody, and no task tells it: one run may be missed" in said
    assert "(call this again within an hour after it has run, or accept that with --accept-missed-runs)" in said
    accepted = migrate("--accept-missed-runs")
    assert accepted.code == 0
    assert "RISK: `hourly` counts from a moment that AWS tells nobody" in accepted.out
    start = scheduled.rule("hourly")["StartDate"]
    assert moment_of("13:05").timestamp() <= start <= (time.now + timedelta(minutes=65)).timestamp()


def test_tasks_that_somebody_started_by_hand_or_that_do_not_lie_a_period_apart_tell_nothing(
    migrate: Esprestack, hourly: None, front: AwsFront, tasks: Tasks
) -> None:
    tasks.started("hourly", moment_of("11:20"), moment_of("11:47"))
    assert "no task tells it" in refused(migrate, front)


def test_a_rate_that_may_not_be_asked_about_is_told(
    migrate: Esprestack, hourly: None, front: AwsFront, tasks: Tasks
) -> None:
    tasks.started("hourly", moment_of("11:20"))
    front.fail("ListTasks", "AccessDeniedException")
    said = refused(migrate, front)
    assert "warning: ecs:ListTasks" in said
    assert "no task tells it" in said


def test_a_rate_goes_back_only_when_its_new_beginning_is_accepted(
    migrate: Esprestack, hourly: None, account: Account, front: AwsFront, tasks: Tasks
) -> None:
    tasks.started("hourly", moment_of("11:20"))
    assert migrate().code == 0
    front.clear()
    assert "counts from a moment that AWS alone knows once it is a rule" in refused(migrate, front, "--rollback")
    assert migrate("--rollback", "--accept-missed-runs").code == 0
    assert account.rule("hourly")["State"] == "ENABLED"

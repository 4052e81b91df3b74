"""The way back: the schedule is disabled first, then the rule enabled; and what a move does with secrets."""

import json

import pytest
from tests.aws.account import Account, a_target, arn, written
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack
from tests.aws.migration.conftest import Time, moment_of
from tests.aws.schedule_account import ScheduleAccount
from tests.support.aws_front import AwsFront

NIGHTLY = "cron(0 3 * * ? *)"


@pytest.fixture
def moved(migrate: Esprestack, account: Account, folder: Folder, front: AwsFront) -> None:
    """A rule that lives as a schedule, and is left over, disabled."""
    account.has_rule(ScheduleExpression=NIGHTLY, tags={"team": "data"})
    folder.config(a_rule(scheduleExpression=NIGHTLY))
    assert migrate().code == 0
    front.clear()


def states(account: Account, scheduled: ScheduleAccount) -> tuple[str, str]:
    return account.rule()["State"], scheduled.rule()["State"]


def test_the_schedule_is_disabled_before_the_rule_is_enabled(
    migrate: Esprestack,
    esprestack: Esprestack,
    moved: None,
    account: Account,
    scheduled: ScheduleAccount,
    front: AwsFront,
) -> None:
    said = migrate("--rollback")
    assert said.code == 0, said.err
    assert written(front) == ["UpdateSchedule", "EnableRule"]
    assert states(account, scheduled) == ("ENABLED", "DISABLED")
    assert account.tags()["team"] == "data"
    diff = esprestack("diff", "--exit-code")
    assert diff.code == 0, diff.out
    assert "orphan nightly (schedule)" in diff.out


def test_it_keeps_away_from_runs_as_well(migrate: Esprestack, moved: None, time: Time) -> None:
    time.now = moment_of("02:58")
    said = migrate("--rollback")
    assert said.code == 0
    assert "waiting: nightly until 2026-03-02 03:06:00 UTC" in said.err


def test_a_rule_that_was_pruned_is_made_again_disabled_with_its_tag(
    migrate: Esprestack, moved: None, account: Account, scheduled: ScheduleAccount, front: AwsFront
) -> None:
    account.remove("nightly")
    said = migrate("--rollback")
    assert (said.code, front.writes()) == (0, [])
    assert "note: `nightly` stays a schedule, no rule of it is left: move it with --rule\n" in said.out
    assert migrate("--rollback", "--rule", "nightly").code == 0
    assert written(front) == ["PutRule", "PutTargets", "UpdateSchedule", "EnableRule"]
    assert next(call.parameters for call in front.writes() if call.operation == "PutRule")["State"] == "DISABLED"
    assert account.tags() == {"ecschedule:tracking-id": "jobs"}
    assert states(account, scheduled) == ("ENABLED", "DISABLED")


def test_one_that_was_stopped_between_is_finished_by_the_next_in_either_direction(
    migrate: Esprestack, moved: None, account: Account, scheduled: ScheduleAccount, front: AwsFront
) -> None:
    for operation in ("EnableRule", "UpdateSchedule"):
        front.fail(operation, "AccessDeniedException", nth=1 if operation == "EnableRule" else 2)
    said = migrate("--rollback")
    assert said.code == 1
    assert "IT MAY RUN NOWHERE NOW: call this again at once: esprestack migrate --rollback --rule nightly" in said.err
    assert states(account, scheduled) == ("DISABLED", "DISABLED")
    assert migrate("--rollback").code == 0
    assert states(account, scheduled) == ("ENABLED", "DISABLED")


def test_what_no_rule_has_stays_where_it_is(
    migrate: Esprestack, folder: Folder, scheduled: ScheduleAccount, front: AwsFront
) -> None:
    scheduled.has_rule(ScheduleExpression=NIGHTLY, ScheduleExpressionTimezone="Asia/Tokyo")
    folder.config(a_rule(scheduleExpression=NIGHTLY, timezone="Asia/Tokyo"), backend="scheduler")
    said = migrate("--rollback", "--rule", "nightly")
    assert (said.code, front.writes()) == (1, [])
    assert "`nightly` isn't moved: it has `timezone`, which no rule has" in said.err


def test_a_secret_is_carried_over_and_shown_nowhere(
    migrate: Esprestack,
    folder: Folder,
    account: Account,
    scheduled: ScheduleAccount,
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("ESPRESTACK_SECRETS", json.dumps({"DB": "correct-horse"}))
    override = {"containerOverrides": [{"name": "app", "environment": [{"name": "DB", "value": "correct-horse"}]}]}
    account.has_rule(
        ScheduleExpression=NIGHTLY,
        targets=[a_target(Input=json.dumps(override), DeadLetterConfig={"Arn": arn("sqs", "dead")})],
    )
    containers = [{"name": "app", "environment": {"DB": "{{ secret `DB` }}"}}]
    path = folder.config(
        a_rule(scheduleExpression=NIGHTLY, containerOverrides=containers, dead_letter_config={"sqs": "dead"})
    )
    said = migrate()
    assert said.code == 0, said.err
    assert json.loads(scheduled.rule()["Target"]["Input"]) == override
    assert "correct-horse" not in said.out + said.err + path.read_text()
    assert "{{ secret `DB` }}" in path.read_text()
    assert "what can't be delivered is sent to `dead` by the role, which needs sqs:SendMessage" in said.out
    again = migrate("--rollback", "--format", "json")
    assert again.code == 0, again.err
    assert "correct-horse" not in again.out + again.err + path.read_text()

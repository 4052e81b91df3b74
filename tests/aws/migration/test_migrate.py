"""`migrate`: a rule is copied, disabled, and only then enabled as a schedule; every step is what AWS itself remembers."""

import pytest
from tests.aws.account import Account, written
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack
from tests.aws.migration.conftest import Tasks, Time
from tests.aws.schedule_account import ScheduleAccount
from tests.support.aws_front import AwsFront

NIGHTLY = "cron(0 3 * * ? *)"


@pytest.fixture
def migrate(esprestack: Esprestack, time: Time, scheduled: ScheduleAccount, tasks: Tasks) -> Esprestack:
    """`migrate("--dry-run")`."""
    return lambda *arguments: esprestack("migrate", *arguments)


def test_a_rule_becomes_a_schedule_in_the_order_that_doubles_nothing(
    migrate: Esprestack, folder: Folder, account: Account, scheduled: ScheduleAccount, front: AwsFront
) -> None:
    account.has_rule("nightly", ScheduleExpression=NIGHTLY)
    folder.config(a_rule(scheduleExpression=NIGHTLY))
    said = migrate()
    print(said.out, said.err)
    assert said.code == 0, said.err
    assert written(front) == ["CreateScheduleGroup", "CreateSchedule", "DisableRule", "UpdateSchedule"]
    assert account.rule()["State"] == "DISABLED"
    assert scheduled.rule()["State"] == "ENABLED"
    assert "backend: scheduler" in (folder.path / "ecschedule.yaml").read_text()
    print((folder.path / "ecschedule.yaml").read_text())

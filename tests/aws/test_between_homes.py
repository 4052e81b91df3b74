"""A rule and a schedule of one name: no apply lets both run, whichever of them the config means."""

import pytest
from tests.aws.account import CLUSTER, TRACKING_TAG, Account
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack
from tests.aws.schedule_account import ScheduleAccount, group_of
from tests.support.aws_front import AwsFront
from tests.support.schedules import Schedules


@pytest.fixture
def scheduled(account: Account, front: AwsFront, schedules: Schedules) -> ScheduleAccount:
    """EventBridge Scheduler of the account; `account` has its rules."""
    return ScheduleAccount(front, schedules)


IS_A_SCHEDULE = "! conflict nightly (it is a schedule of EventBridge Scheduler now, and both would run)"
IS_A_RULE = "! conflict nightly (it is an EventBridge rule now, and both would run)"


@pytest.fixture
def moved(account: Account, scheduled: ScheduleAccount) -> None:
    """The rule was moved, and is kept disabled."""
    account.has_rule("nightly", State="DISABLED")
    scheduled.has_rule("nightly")


@pytest.mark.parametrize("options", [(), ("--rule", "nightly"), ("--prune",)])
def test_an_apply_of_the_config_of_before_a_move_does_not_enable_the_rule_again(
    esprestack: Esprestack, folder: Folder, front: AwsFront, moved: None, options: tuple[str, ...]
) -> None:
    folder.config()
    refused = esprestack("apply", *options)
    assert (refused.code, front.writes()) == (1, [])
    assert IS_A_SCHEDULE in refused.out
    assert "move it back without a missed or doubled run: esprestack migrate --rollback --rule nightly" in refused.err


def test_not_even_where_the_index_of_tags_does_not_know_of_the_schedule(
    esprestack: Esprestack, folder: Folder, front: AwsFront, moved: None
) -> None:
    front.tagging = "denied"
    folder.config()
    assert esprestack("apply").code == 1
    assert front.writes() == []


def test_a_rule_that_was_moved_and_deleted_is_not_made_again_by_its_name(
    esprestack: Esprestack, folder: Folder, scheduled: ScheduleAccount, front: AwsFront
) -> None:
    scheduled.has_rule("nightly")
    folder.config()
    for options in ((), ("--rule", "nightly")):
        assert IS_A_SCHEDULE in esprestack("apply", *options).out
    assert front.writes() == []


def test_where_schedules_may_not_be_read_an_apply_that_enables_a_rule_says_so(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly", State="DISABLED")
    account.has_rule("off", State="DISABLED")
    front.fail("GetSchedule", "AccessDeniedException", times=None)
    folder.config(a_rule("nightly"), a_rule("off", disabled=True))
    applied = esprestack("apply")
    assert applied.code == 0
    assert (
        "note: whether `nightly` runs as a schedule already isn't known: scheduler:GetSchedule of `nightly`: "
        in applied.out
    )


def test_an_apply_does_not_enable_the_copy_of_a_rule_that_runs(
    esprestack: Esprestack, folder: Folder, account: Account, scheduled: ScheduleAccount, front: AwsFront
) -> None:
    account.has_rule("nightly")
    scheduled.has_rule("nightly", State="DISABLED")
    folder.config(backend="scheduler")
    for options in ((), ("--rule", "nightly")):
        refused = esprestack("apply", *options)
        assert (refused.code, front.writes()) == (1, [])
        assert IS_A_RULE in refused.out
        assert "move it without a missed or doubled run: esprestack migrate --rule nightly" in refused.err


@pytest.mark.parametrize("backend", ["rules", "scheduler"])
def test_a_rule_that_was_left_between_its_homes_is_said_to_run_nowhere(
    esprestack: Esprestack, folder: Folder, account: Account, scheduled: ScheduleAccount, backend: str
) -> None:
    account.has_rule("nightly", State="DISABLED")
    scheduled.has_rule("nightly", State="DISABLED")
    folder.config(backend=backend)
    said = (
        "note: `nightly` RUNS NOWHERE NOW: its rule and its schedule are both disabled. Finish its move: "
        "esprestack migrate --rule nightly"
    )
    assert said in esprestack("diff").out
    assert esprestack("apply").code == 0
    assert [account.rule()["State"], scheduled.rule()["State"]].count("ENABLED") == 1
    folder.config(a_rule(disabled=True), backend=backend)
    assert "RUNS NOWHERE" not in esprestack("diff").out


def test_a_schedule_of_others_with_the_same_name_is_no_obstacle(
    esprestack: Esprestack, folder: Folder, account: Account, scheduled: ScheduleAccount
) -> None:
    account.has_rule("nightly", State="DISABLED")
    scheduled.has_rule("nightly", tracked_by="another-team")
    folder.config()
    assert esprestack("apply").code == 0
    assert account.rule()["State"] == "ENABLED"
    assert scheduled.schedules.groups[group_of("another-team")] == {TRACKING_TAG: "another-team"}
    assert account.tags() == {TRACKING_TAG: CLUSTER}

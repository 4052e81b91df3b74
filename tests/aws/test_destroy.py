"""`destroy`: all rules of one tracking id, and nothing else."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.aws.account import Account, a_target, arn, just_before, rule_of, written
from tests.aws.configs import Folder
from tests.aws.conftest import Esprestack
from tests.support.aws_front import AwsFront

from esprestack.rule import Home

HOMES = tuple(Home)

DESTROY = ("destroy", "--region", "eu-central-1", "--cluster", "jobs", "--tracking-id", "pr-7")
YES = ("--yes-delete", "pr-7")


@pytest.fixture
def review_app(account: Account) -> None:
    """Two rules of a review app, one of them half deleted, beside one of production."""
    account.has_rule("report", tracked_by="pr-7")
    account.has_rule("half-gone", tracked_by="pr-7", targets=[])
    account.has_rule("production")


@pytest.mark.of_rules
def test_all_rules_of_the_tracking_id_go_and_no_other(
    esprestack: Esprestack, account: Account, review_app: None
) -> None:
    said = esprestack(*DESTROY, *YES)
    assert said.code == 0, said.err
    assert account.names() == ["production"]
    assert said.out.endswith("\nApplied: 2 done\n")


@pytest.mark.of_rules
def test_targets_go_before_rules(esprestack: Esprestack, front: AwsFront, review_app: None) -> None:
    esprestack(*DESTROY, *YES)
    assert [call.operation for call in front.writes() if rule_of(call) == "report"] == ["RemoveTargets", "DeleteRule"]


def test_the_cluster_is_the_one_named_like_the_tracking_id(esprestack: Esprestack, account: Account) -> None:
    account.has_rule("report", tracked_by="pr-7", targets=[a_target("report", cluster="pr-7")])
    assert esprestack("destroy", "--region", "eu-central-1", "--tracking-id", "pr-7", *YES).code == 0
    assert account.names() == []


@pytest.mark.of_rules
def test_without_the_id_typed_twice_it_is_only_shown(
    esprestack: Esprestack, account: Account, front: AwsFront, review_app: None
) -> None:
    said = esprestack(*DESTROY)
    assert (said.code, written(front)) == (1, [])
    assert "- delete report" in said.out
    assert "error: nothing was deleted (to delete them add: --yes-delete pr-7)" in said.err


@pytest.mark.of_rules
def test_another_id_typed_the_second_time_deletes_nothing(
    esprestack: Esprestack, front: AwsFront, review_app: None
) -> None:
    said = esprestack(*DESTROY, "--yes-delete", "pr-8")
    assert (said.code, front.calls) == (1, [])
    assert "--yes-delete says `pr-8`, --tracking-id says `pr-7`" in said.err


@pytest.mark.parametrize("tracking_id", ["", " ", "*", "pr-?", "pr-*"])
def test_an_empty_id_or_a_pattern_is_refused(esprestack: Esprestack, front: AwsFront, tracking_id: str) -> None:
    said = esprestack("destroy", "--region", "eu-central-1", "--tracking-id", tracking_id, "--yes-delete", tracking_id)
    assert (said.code, front.calls) == (1, [])
    assert "the tracking id is empty or a pattern" in said.err


@pytest.mark.of_rules
def test_a_dry_run_deletes_nothing(esprestack: Esprestack, front: AwsFront, review_app: None) -> None:
    assert (esprestack(*DESTROY, *YES, "--dry-run").code, written(front)) == (0, [])


@pytest.mark.of_rules
def test_more_than_max_deletes_is_refused(esprestack: Esprestack, front: AwsFront, review_app: None) -> None:
    said = esprestack(*DESTROY, *YES, "--max-deletes", "1")
    assert (said.code, written(front)) == (1, [])
    assert "prune is refused: 2 rules would be deleted, at most 1 may be" in said.err


def test_nothing_of_that_id_is_nothing_to_do(esprestack: Esprestack, account: Account) -> None:
    account.has_rule("production")
    said = esprestack(*DESTROY, *YES)
    assert (said.code, account.names()) == (0, ["production"])


@pytest.mark.of_rules
def test_what_is_in_part_somebody_elses_is_kept_and_named(
    esprestack: Esprestack, account: Account, review_app: None
) -> None:
    account.has_rule("shared", tracked_by="pr-7", targets=[a_target("shared"), {"Id": "copy", "Arn": arn("sqs", "q")}])
    account.has_rule("managed", tracked_by="pr-7")
    account.manages("managed", "ecs.amazonaws.com")
    said = esprestack(*DESTROY, *YES)
    assert (said.code, account.names()) == (1, ["managed", "production", "shared"])
    assert "error: `shared` is still there: kept, a delete would lose " in said.err
    assert "error: `managed` is still there: kept, a delete would lose " in said.err


@pytest.mark.of_rules
@pytest.mark.parametrize("tagging", ["denied", "moto"])
def test_where_the_index_of_tags_says_nothing_the_rules_of_the_cluster_are_asked(
    esprestack: Esprestack, account: Account, front: AwsFront, tagging: Any
) -> None:
    account.has_rule("report", tracked_by="pr-7")
    account.has_rule("production")
    front.tagging = tagging
    assert esprestack(*DESTROY, *YES).code == 0
    assert account.names() == ["production"]


@pytest.mark.of_rules
def test_the_index_alone_deletes_nothing(esprestack: Esprestack, account: Account, front: AwsFront) -> None:
    account.has_rule("report", tracked_by="pr-7")
    just_before(front, "ListTargetsByRule", lambda: account.track("report", "somebody-else"))
    said = esprestack(*DESTROY, *YES)
    assert (said.code, account.names(), written(front)) == (0, ["report"], [])


@pytest.mark.of_rules
def test_one_that_fails_stops_no_other(
    esprestack: Esprestack, account: Account, front: AwsFront, review_app: None
) -> None:
    front.fail("DeleteRule", "AccessDeniedException", where=lambda call: call["Name"] == "report")
    said = esprestack(*DESTROY, *YES)
    assert (said.code, account.names()) == (1, ["production", "report"])
    assert "delete of `report` failed: " in said.err
    assert esprestack(*DESTROY, *YES).code == 0
    assert account.names() == ["production"]


@pytest.mark.of_rules
def test_ctrl_c_ends_it_between_rules(
    esprestack: Esprestack,
    account: Account,
    front: AwsFront,
    review_app: None,
    signals: dict[int, Callable[[int, Any], None]],
) -> None:
    just_before(front, "DeleteRule", lambda: signals[signal.SIGINT](signal.SIGINT, None))
    said = esprestack(*DESTROY, *YES, "--parallel", "1")
    assert said.code == 128 + signal.SIGINT
    assert said.out.endswith("\nApplied: 1 done, 1 not tried\n")


@pytest.mark.of_rules
def test_its_report_puts_the_rules_back(
    esprestack: Esprestack, folder: Folder, account: Account, review_app: None
) -> None:
    before = (account.rule("report")["ScheduleExpression"], account.targets("report"), account.tags("report"))
    esprestack(*DESTROY, *YES, "--report", "gone.json")
    assert json.loads(Path("gone.json").read_text())["command"] == "destroy"
    assert esprestack("apply", "--restore", "gone.json", "--rule", "report").code == 0
    assert (account.rule("report")["ScheduleExpression"], account.targets("report"), account.tags("report")) == before

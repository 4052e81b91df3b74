"""The config of moved rules: brought up to date with its comments, order, anchors and templates kept."""

import json
import os
from pathlib import Path

import pytest
from tests.aws.account import CLUSTER, REGION, Account, a_target, arn
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack
from tests.aws.migration.conftest import has_role
from tests.aws.test_checks import Things
from tests.support.aws_front import AwsFront

NIGHTLY = "cron(0 3 * * ? *)"
BUSY = "cron(* * * * ? *)"
COMMENTED = f"""\
# The data team's jobs
region: {REGION}
cluster: {CLUSTER} # the only one

rules:
  # figures
  - name: nightly
    scheduleExpression: {NIGHTLY} # at night
    taskDefinition: &app app
  - {{name: busy, scheduleExpression: "{BUSY}", taskDefinition: *app}}
"""


@pytest.fixture
def rules(account: Account) -> None:
    account.has_rule("nightly", ScheduleExpression=NIGHTLY)
    account.has_rule("busy", ScheduleExpression=BUSY)


def test_once_all_rules_of_a_file_are_moved_it_says_so_at_the_top_and_all_else_stays(
    migrate: Esprestack, esprestack: Esprestack, folder: Folder, rules: None
) -> None:
    path = folder.write(COMMENTED)
    assert migrate("--accept-missed-runs").code == 0
    assert path.read_text() == COMMENTED.replace("# the only one\n", "# the only one\nbackend: scheduler\n")
    assert esprestack("diff", "--exit-code").code == 0


def test_while_some_are_still_rules_the_moved_ones_say_so_themselves_and_then_the_file(
    migrate: Esprestack, esprestack: Esprestack, folder: Folder, rules: None
) -> None:
    path = folder.write(COMMENTED)
    assert migrate("--rule", "nightly").code == 0
    assert path.read_text() == COMMENTED.replace("# at night\n", "# at night\n    backend: scheduler\n")
    assert esprestack("diff", "--exit-code").code == 0
    assert migrate("--accept-missed-runs").code == 0
    assert "\nbackend: scheduler\n" in path.read_text()
    assert esprestack("diff", "--exit-code").code == 0


def test_the_way_back_leaves_the_file_as_it_was(migrate: Esprestack, folder: Folder, rules: None) -> None:
    path = folder.write(COMMENTED)
    assert migrate("--accept-missed-runs").code == 0
    assert migrate("--rollback", "--accept-missed-runs").code == 0
    assert path.read_text() == COMMENTED


def test_keys_that_only_rules_have_are_removed_and_named(
    migrate: Esprestack, esprestack: Esprestack, folder: Folder, account: Account
) -> None:
    account.has_rule(
        ScheduleExpression=NIGHTLY, RoleArn=arn("iam", "role/bus"), tags={"team": "data"}, targets=[a_target("main")]
    )
    path = folder.config(a_rule(scheduleExpression=NIGHTLY, targetId="main", ruleRole="bus", ruleTags={"team": "data"}))
    said = migrate()
    assert said.code == 0, said.err
    assert not {"targetId", "ruleRole", "ruleTags"} & {line.split(":")[0].strip() for line in _lines(path)}
    assert "  `nightly` now says what AWS has in targetId\n" in said.err
    assert "  `nightly` now says what AWS has in ruleRole, ruleTags.team\n" in said.err
    assert "note: `nightly`: the rule's tags `team` are lost: only the group of a schedule has tags" in said.out
    assert "note: `nightly`: the rule's own role `bus` is dropped: a schedule has its target's alone" in said.out
    assert esprestack("diff", "--exit-code").code == 0


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def test_a_role_of_its_own_is_written_into_the_config(
    migrate: Esprestack, esprestack: Esprestack, folder: Folder, account: Account, things: Things
) -> None:
    has_role(things, "scheduling", "scheduler.amazonaws.com")
    account.has_rule(ScheduleExpression=NIGHTLY)
    path = folder.config(a_rule(scheduleExpression=NIGHTLY))
    assert migrate("--role", "scheduling").code == 0
    assert "role: scheduling" in path.read_text()
    assert esprestack("diff", "--exit-code").code == 0


def test_json_stays_json_in_its_own_form(
    migrate: Esprestack, esprestack: Esprestack, folder: Folder, account: Account
) -> None:
    account.has_rule(ScheduleExpression=NIGHTLY)
    text = json.dumps({"region": REGION, "cluster": CLUSTER, "rules": [a_rule(scheduleExpression=NIGHTLY)]}, indent=4)
    path = folder.write(text, "ecschedule.json")
    assert migrate().code == 0
    assert json.loads(path.read_text())["backend"] == "scheduler"
    assert len(path.read_text().splitlines()) == len(text.splitlines()) + 1
    assert esprestack("diff", "--exit-code").code == 0


def test_templates_stay_templates(
    migrate: Esprestack, esprestack: Esprestack, folder: Folder, account: Account, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("APP", "app")
    account.has_rule(ScheduleExpression=NIGHTLY)
    path = folder.config(a_rule(scheduleExpression=NIGHTLY, taskDefinition="{{ must_env `APP` }}"))
    assert migrate().code == 0
    assert "{{ must_env `APP` }}" in path.read_text()
    assert "backend: scheduler" in path.read_text()


def test_jsonnet_is_left_as_it_is_and_what_to_change_is_said(
    migrate: Esprestack, folder: Folder, account: Account
) -> None:
    account.has_rule(ScheduleExpression=NIGHTLY)
    document = {"region": REGION, "cluster": CLUSTER, "rules": [a_rule(scheduleExpression=NIGHTLY)]}
    path = folder.write(json.dumps(document), "ecschedule.jsonnet")
    before = path.read_text()
    said = migrate()
    assert said.code == 0
    assert path.read_text() == before
    assert "ecschedule.jsonnet can't be rewritten: change it by hand, an apply of it is refused until then" in said.err
    assert "`nightly`: set `backend: scheduler`" in said.err


def test_no_write_prints_the_change_and_leaves_the_file(migrate: Esprestack, folder: Folder, account: Account) -> None:
    account.has_rule(ScheduleExpression=NIGHTLY)
    path = folder.config(a_rule(scheduleExpression=NIGHTLY))
    before = path.read_text()
    said = migrate("--no-write")
    assert (said.code, path.read_text()) == (0, before)
    assert "--- a/ecschedule.yaml\n+++ b/ecschedule.yaml\n" in said.out
    assert "\n+backend: scheduler\n" in said.out
    assert migrate().code == 0, "what was moved before is written by a later call"
    assert "backend: scheduler" in path.read_text()


def test_a_config_that_says_so_already_is_moved_and_stays_as_it_is(
    migrate: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule(ScheduleExpression=NIGHTLY)
    path = folder.config(a_rule(scheduleExpression=NIGHTLY), backend="scheduler")
    before = path.read_text()
    assert migrate().code == 0
    assert [call.operation for call in front.writes()][-2:] == ["DisableRule", "UpdateSchedule"]
    assert path.read_text() == before


def test_a_rule_that_says_that_it_is_to_stay_a_rule_is_moved_only_by_its_name(
    migrate: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule(ScheduleExpression=NIGHTLY)
    folder.config(a_rule(scheduleExpression=NIGHTLY, backend="rules"))
    said = migrate()
    assert (said.code, front.writes()) == (0, [])
    assert "note: `nightly` stays a rule, as its `backend: rules` says: move it with --rule" in said.out
    assert migrate("--rule", "nightly").code == 0


def test_a_file_that_can_not_be_written_is_an_error_and_what_was_moved_stays_moved(
    migrate: Esprestack, folder: Folder, account: Account
) -> None:
    account.has_rule(ScheduleExpression=NIGHTLY)
    path = folder.config(a_rule(scheduleExpression=NIGHTLY))
    before = path.read_text()
    in_the_way = folder.path / f".ecschedule.yaml.{os.getpid()}"
    in_the_way.mkdir()
    said = migrate()
    assert (said.code, path.read_text()) == (1, before)
    assert "error: ecschedule.yaml can't be written: Is a directory (call this again: what was moved stays" in said.err
    in_the_way.rmdir()
    assert migrate().code == 0
    assert "backend: scheduler" in path.read_text()


def test_a_link_to_a_config_stays_a_link(migrate: Esprestack, folder: Folder, account: Account) -> None:
    account.has_rule(ScheduleExpression=NIGHTLY)
    real = folder.config(a_rule(scheduleExpression=NIGHTLY), name="real.yaml")
    real.chmod(0o640)
    link = folder.path / "ecschedule.yaml"
    link.symlink_to(real)
    assert migrate().code == 0
    assert link.is_symlink()
    assert "backend: scheduler" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o640

"""`apply --plan` and `apply --plan-hash`: only what was reviewed, or what is left of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.aws.account import Account, a_target, written
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack
from tests.support.aws_front import AwsFront

from esprestack.rule import Home

HOMES = tuple(Home)


@pytest.fixture
def reviewed(esprestack: Esprestack, folder: Folder, account: Account) -> Path:
    """The plan that was reviewed: a rule to create, one to update, one to replace, one to adopt, one to delete."""
    account.has_rule("changed", ScheduleExpression="rate(2 days)")
    account.has_rule("moved", targets=[a_target("old")])
    account.has_rule("found", tracked_by=None)
    account.has_rule("gone")
    folder.config(*map(a_rule, ("new", "changed", "moved", "found")))
    said = esprestack("diff", "--prune", "--format", "json")
    assert said.code == 0
    return folder.write(said.out, "plan.json")


def the_hash(plan: Path) -> str:
    found: str = json.loads(plan.read_text())["hash"]
    assert found
    return found


# -- equal, or what is left of it ------------------------------------------------------------------------------


def test_the_plan_that_was_reviewed_is_applied(esprestack: Esprestack, account: Account, reviewed: Path) -> None:
    assert esprestack("apply", "--prune", "--plan", reviewed.name).code == 0
    assert account.names() == ["changed", "found", "moved", "new"]


def test_the_hash_that_was_reviewed_is_applied(esprestack: Esprestack, account: Account, reviewed: Path) -> None:
    assert esprestack("apply", "--prune", "--plan-hash", the_hash(reviewed)).code == 0
    assert account.names() == ["changed", "found", "moved", "new"]


def test_a_part_of_the_plan_is_applied(
    esprestack: Esprestack, account: Account, front: AwsFront, reviewed: Path
) -> None:
    assert esprestack("apply", "--rule", "new", "--rule", "found").code == 0
    assert esprestack("apply", "--prune", "--plan", reviewed.name).code == 0
    assert account.names() == ["changed", "found", "moved", "new"]


@pytest.mark.of_rules
def test_one_rule_of_the_plan_is_applied(
    esprestack: Esprestack, account: Account, front: AwsFront, reviewed: Path
) -> None:
    assert esprestack("apply", "--plan", reviewed.name, "--rule", "changed").code == 0
    assert written(front) == ["PutRule"]


def test_the_deletions_of_the_plan_may_wait(esprestack: Esprestack, account: Account, reviewed: Path) -> None:
    assert esprestack("apply", "--plan", reviewed.name).code == 0
    assert account.names() == ["changed", "found", "gone", "moved", "new"]


def test_some_of_a_rules_fields_may_be_changed_already(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly", Description="Old", ScheduleExpression="rate(2 days)")
    folder.config(a_rule("nightly"))
    plan = folder.write(esprestack("diff", "--format", "json").out, "plan.json")
    account.has_rule("nightly", Description="", ScheduleExpression="rate(2 days)")
    assert esprestack("apply", "--plan", plan.name).code == 0


@pytest.mark.parametrize("option", ["--plan", "--plan-hash"])
def test_a_plan_that_was_applied_already_is_nothing_to_do(
    esprestack: Esprestack, front: AwsFront, reviewed: Path, option: str
) -> None:
    value = reviewed.name if option == "--plan" else the_hash(reviewed)
    assert esprestack("apply", "--prune", option, value).code == 0
    front.clear()
    said = esprestack("apply", "--prune", option, value)
    assert (said.code, written(front)) == (0, [])


def test_the_json_of_a_dry_run_is_a_plan_too(esprestack: Esprestack, folder: Folder, account: Account) -> None:
    folder.config()
    plan = folder.write(esprestack("apply", "--dry-run", "--format", "json").out, "plan.json")
    assert esprestack("apply", "--plan", plan.name).code == 0


@pytest.mark.parametrize(
    "secrets",
    [
        pytest.param({"AWS_ACCOUNT_ID": "123456789012", "AWS_REGION": "eu-central-1"}, id="where it is"),
        pytest.param({"CLUSTER": "jobs", "TEAM": "batch-team"}, id="whose it is"),
        pytest.param({"STAGE": "nightly", "FILE": "ecschedule"}, id="names in it"),
        pytest.param({"A": "changes", "B": "fields", "C": "version", "D": "plans"}, id="words of the file itself"),
        pytest.param({"A": "create", "B": "scheduleExpression"}, id="words of the plan"),
    ],
)
def test_secrets_whose_values_are_ordinary_words_do_not_spoil_a_plan_file(
    esprestack: Esprestack, folder: Folder, environment: pytest.MonkeyPatch, secrets: dict[str, str]
) -> None:
    """`toJSON(secrets)` has what people put there, and that is not always secret."""
    environment.setenv("ESPRESTACK_SECRETS", json.dumps(secrets))
    folder.config(a_rule("nightly"), trackingId="batch-team")
    plan = folder.write(esprestack("diff", "--format", "json").out, "plan.json")
    applied = esprestack("apply", "--plan", plan.name)
    assert applied.code == 0, applied.err


def test_a_value_that_only_its_name_hides_does_not_spoil_a_plan_file(esprestack: Esprestack, folder: Folder) -> None:
    container = {"name": "app", "environment": {"CACHE_KEY": "production", "SORT_KEY": "description"}}
    folder.config(a_rule("production-report", description="Every night", containerOverrides=[container]))
    plan = folder.write(esprestack("diff", "--format", "json").out, "plan.json")
    assert esprestack("apply", "--plan", plan.name).code == 0


# -- anything else ---------------------------------------------------------------------------------------------


def test_another_value_of_a_reviewed_field_names_rule_and_field(
    esprestack: Esprestack, folder: Folder, front: AwsFront, reviewed: Path
) -> None:
    folder.config(a_rule("new"), a_rule("changed", scheduleExpression="rate(3 days)"), a_rule("moved"), a_rule("found"))
    said = esprestack("apply", "--prune", "--plan", reviewed.name)
    assert said.code == 1
    assert said.err == (
        "error: ecschedule.yaml:7:9: the plan has changed: `changed` differs from the reviewed plan in "
        "scheduleExpression (review a fresh diff, then apply that)\n"
    )
    assert front.writes() == []


def test_another_value_in_aws_names_rule_and_field(
    esprestack: Esprestack, account: Account, front: AwsFront, reviewed: Path
) -> None:
    account.has_rule("changed", ScheduleExpression="rate(5 days)")
    said = esprestack("apply", "--prune", "--plan", reviewed.name)
    assert said.code == 1
    assert "`changed` differs from the reviewed plan in scheduleExpression" in said.err
    assert front.writes() == []


def test_a_field_that_moved_in_aws_is_named_and_those_reviewed_are_not(
    esprestack: Esprestack, account: Account, front: AwsFront, reviewed: Path
) -> None:
    account.has_rule("changed", ScheduleExpression="rate(2 days)", Description="By hand", State="DISABLED")
    said = esprestack("apply", "--prune", "--plan", reviewed.name)
    assert said.code == 1
    assert "`changed` differs from the reviewed plan in description, disabled (review" in said.err
    assert front.writes() == []


def test_a_rule_that_was_not_to_change_is_named(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront, reviewed: Path
) -> None:
    folder.config(*map(a_rule, ("new", "changed", "moved", "found", "later")))
    said = esprestack("apply", "--plan", reviewed.name)
    assert said.code == 1
    assert "ecschedule.yaml:16:9: the plan has changed: `later` wasn't to be changed in the reviewed plan" in said.err
    assert front.writes() == []


def test_a_deletion_that_was_not_reviewed_is_refused(
    esprestack: Esprestack, account: Account, front: AwsFront, reviewed: Path
) -> None:
    account.has_rule("gone-too")
    said = esprestack("apply", "--prune", "--plan", reviewed.name)
    assert said.code == 1
    assert "`gone-too` wasn't to be changed in the reviewed plan" in said.err
    assert front.writes() == []


def test_a_deletion_is_not_what_was_reviewed_as_an_update(
    esprestack: Esprestack, folder: Folder, front: AwsFront, reviewed: Path
) -> None:
    folder.config(*map(a_rule, ("new", "moved", "found")))
    said = esprestack("apply", "--prune", "--plan", reviewed.name)
    assert said.code == 1
    assert "`changed`" in said.err
    assert front.writes() == []


def test_an_orphan_that_was_shown_but_not_pruned_may_not_be_deleted(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("gone")
    account.has_rule("nightly")
    folder.config(a_rule("nightly"))
    plan = folder.write(esprestack("diff", "--format", "json").out, "plan.json")
    said = esprestack("apply", "--prune", "--plan", plan.name)
    assert said.code == 1
    assert "`gone` wasn't to be changed in the reviewed plan" in said.err
    assert front.writes() == []


def test_an_adoption_that_was_not_reviewed_is_refused(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("nightly", ScheduleExpression="rate(2 days)")
    folder.config(a_rule("nightly"))
    plan = folder.write(esprestack("diff", "--format", "json").out, "plan.json")
    account.track("nightly", None)
    said = esprestack("apply", "--plan", plan.name)
    assert said.code == 1
    assert "`nightly` differs from the reviewed plan in adopt" in said.err
    assert front.writes() == []


def test_another_hash_is_refused(esprestack: Esprestack, folder: Folder, front: AwsFront, reviewed: Path) -> None:
    before = the_hash(reviewed)
    folder.config(*map(a_rule, ("new", "changed", "moved")))
    said = esprestack("apply", "--prune", "--plan-hash", before)
    assert said.code == 1
    assert "the plan has changed: its hash is " in said.err
    assert f"not {before}" in said.err
    assert front.writes() == []


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("another file", {"name": "other.yaml"}),
        ("another region", {"region": "us-east-1"}),
        ("another cluster", {"cluster": "other"}),
        ("another tracking id", {"trackingId": "other"}),
    ],
)
@pytest.mark.parametrize("option", ["--plan", "--plan-hash"])
def test_the_same_rules_elsewhere_are_another_plan(
    esprestack: Esprestack, folder: Folder, front: AwsFront, name: str, keys: dict[str, Any], option: str
) -> None:
    front.fail("DescribeTaskDefinition", "AccessDeniedException", times=None)
    folder.config(a_rule("nightly"))
    plan = folder.write(esprestack("diff", "--format", "json").out, "plan.json")
    file = folder.config(a_rule("nightly"), **keys)
    value = plan.name if option == "--plan" else the_hash(plan)
    said = esprestack("apply", "-c", file.name, option, value)
    assert said.code == 1
    assert "the plan has changed" in said.err
    assert front.writes() == []


def test_the_same_rules_in_another_account_are_another_plan(
    esprestack: Esprestack, folder: Folder, front: AwsFront
) -> None:
    folder.config(a_rule("nightly"))
    text = esprestack("diff", "--format", "json").out.replace("123456789012", "999999999999")
    plan = folder.write(text, "plan.json")
    assert esprestack("apply", "--plan", plan.name).code == 1
    assert front.writes() == []


# -- the hash --------------------------------------------------------------------------------------------------


def test_the_hash_is_the_same_from_run_to_run(esprestack: Esprestack, reviewed: Path) -> None:
    again = json.loads(esprestack("diff", "--prune", "--format", "json").out)
    assert again == json.loads(reviewed.read_text())


def test_the_hash_does_not_know_rules_that_stay(esprestack: Esprestack, folder: Folder, account: Account) -> None:
    account.has_rule("same-1")
    account.has_rule("same-2")
    folder.config(a_rule("new"), a_rule("same-1"))
    first = json.loads(esprestack("diff", "--format", "json").out)["hash"]
    folder.config(a_rule("same-2"), a_rule("new"), a_rule("same-1"))
    assert json.loads(esprestack("diff", "--format", "json").out)["hash"] == first


def test_the_hash_and_the_fingerprints_know_a_secret_by_its_name_alone(
    esprestack: Esprestack, folder: Folder, environment: pytest.MonkeyPatch
) -> None:
    """A comment is public, and a weak secret could be guessed from its hash."""
    container = {"name": "app", "environment": {"PIN": '{{ secret("PIN") }}', "PASSWORD": '{{ must_env("PASSWORD") }}'}}
    folder.config(a_rule("nightly", containerOverrides=[container]))
    plans = []
    for value in ("1357", "2468"):
        environment.setenv("ESPRESTACK_SECRETS", json.dumps({"PIN": value}))
        environment.setenv("PASSWORD", f"password {value}")
        plans.append(esprestack("diff", "--format", "json").out)
    assert plans[0] == plans[1]


# -- plan files that are none ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "plan.json is no plan of esprestack"),
        ("nightly: create", "plan.json is no plan of esprestack"),
        ('{"version": 1}', "plan.json is no plan of esprestack: esprestack: Field required"),
        ('{"version": 2}', "plan.json is no plan of esprestack: version"),
    ],
)
def test_a_file_that_is_no_plan_is_refused(
    esprestack: Esprestack, folder: Folder, front: AwsFront, text: str, said: str
) -> None:
    folder.config()
    folder.write(text, "plan.json")
    answer = esprestack("apply", "--plan", "plan.json")
    assert answer.code == 1
    assert said in answer.err
    assert "(make it with: esprestack diff --format json > FILE)" in answer.err
    assert front.writes() == []


def test_a_plan_file_that_is_not_there_is_refused(esprestack: Esprestack, folder: Folder, front: AwsFront) -> None:
    folder.config()
    answer = esprestack("apply", "--plan", "missing.json")
    assert answer.code == 1
    assert "error: the plan missing.json can't be read: " in answer.err
    assert front.writes() == []

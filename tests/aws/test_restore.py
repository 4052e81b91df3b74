"""Every apply writes a report of what was before and what is after; `apply --restore` puts it back."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.aws.account import Account, a_target, just_before, written
from tests.aws.configs import Folder, a_rule, everything
from tests.aws.conftest import Esprestack, Said, anyhow
from tests.support.aws_front import AwsFront

from esprestack.rule import Home

HOMES = tuple(Home)

REPORTS = "esprestack-out/reports"


def report_of(said: Said) -> Path:
    """The file that the last line of an apply names."""
    last = said.err.splitlines()[-1]
    assert last.startswith("report: "), said.err
    return Path(last.removeprefix("report: "))


def state_of(account: Account) -> dict[str, Any]:
    """All rules with their targets and tags."""
    skip = ("ResponseMetadata", "CreatedBy")
    return {
        name: (
            {key: value for key, value in account.rule(name).items() if key not in skip},
            account.targets(name),
            account.tags(name),
        )
        for name in account.names()
    }


def test_an_apply_writes_what_was_before_and_what_is_after(
    esprestack: Esprestack, folder: Folder, account: Account
) -> None:
    account.has_rule("changed", Description="Old")
    folder.config(a_rule("changed"), a_rule("new"))
    report = json.loads(report_of(esprestack("apply")).read_text())
    changes = {change["rule"]: change for change in report["plans"][0]["changes"]}
    assert report["command"] == "apply"
    assert (changes["changed"]["before"]["description"], changes["changed"]["result"]) == ("Old", "done")
    assert "description" not in changes["changed"]["after"]
    assert (changes["new"]["before"], changes["new"]["after"]["name"]) == (None, "new")


def test_reports_stand_in_a_folder_that_git_ignores(esprestack: Esprestack, folder: Folder) -> None:
    folder.config(a_rule())
    path = report_of(esprestack("apply"))
    assert str(path.parent) == REPORTS
    assert Path("esprestack-out/.gitignore").read_text() == "*\n"


def test_a_report_can_have_a_name(esprestack: Esprestack, folder: Folder) -> None:
    folder.config(a_rule())
    assert report_of(esprestack("apply", "--report", "report.json")) == Path("report.json")
    assert not Path(REPORTS).exists()


def test_a_named_report_that_cannot_be_written_stops_before_anything_is_changed(
    esprestack: Esprestack, folder: Folder, front: AwsFront
) -> None:
    folder.config(a_rule())
    said = esprestack("apply", "--report", "missing/report.json")
    assert (said.code, written(front)) == (1, [])
    assert "error: missing/report.json can't be written: No such file or directory" in said.err


def test_nothing_to_apply_is_nothing_to_report(esprestack: Esprestack, folder: Folder, account: Account) -> None:
    account.has_rule()
    folder.config(a_rule())
    assert esprestack("apply").code == 0
    assert not Path(REPORTS).exists()


@pytest.mark.of_rules
def test_what_was_before_is_written_down_before_anything_is_changed(
    esprestack: Esprestack, folder: Folder, front: AwsFront
) -> None:
    found: list[Any] = []
    just_before(front, "PutRule", lambda: found.extend(json.loads(Path("r.json").read_text())["plans"][0]["changes"]))
    folder.config(a_rule())
    esprestack("apply", "--report", "r.json")
    assert [(change["rule"], change["result"]) for change in found] == [("nightly", None)]


# -- putting it back -------------------------------------------------------------------------------------------


@pytest.mark.of_rules
def test_everything_that_an_apply_did_is_put_back(esprestack: Esprestack, folder: Folder, account: Account) -> None:
    account.has_rule("changed", Description="Old", tags={"team": "data"})
    account.has_rule("moved", targets=[a_target("old")])
    account.has_rule("tagged")
    account.has_rule(
        "gone",
        tags={"team": "ops"},
        targets=[a_target("gone", Input='{"containerOverrides":[{"name":"app","cpu":5}]}')],
    )
    before = state_of(account)
    folder.config(a_rule("changed", taskCount=2), a_rule("moved"), a_rule("new"), a_rule("tagged", ruleTags={"a": "b"}))
    report = report_of(esprestack("apply", "--prune"))
    assert sorted(account.names()) == ["changed", "moved", "new", "tagged"]
    restored = esprestack("apply", "--restore", str(report))
    assert restored.code == 0, restored.err
    assert state_of(account) == before


@pytest.mark.of_rules
def test_every_key_is_put_back(esprestack: Esprestack, folder: Folder, account: Account, home: Home) -> None:
    esprestack = anyhow(esprestack)
    folder.config(everything(home=home))
    assert esprestack("apply").code == 0
    before = state_of(account)
    folder.config(a_rule())
    report = report_of(esprestack("apply"))
    assert state_of(account) != before
    assert esprestack("apply", "--restore", str(report)).code == 0
    assert state_of(account) == before


@pytest.mark.of_rules
def test_a_target_that_had_no_role_has_none_again(esprestack: Esprestack, folder: Folder, account: Account) -> None:
    account.has_rule(targets=[{key: value for key, value in a_target().items() if key != "RoleArn"}])
    before = account.target()
    folder.config(a_rule())
    report = report_of(esprestack("apply"))
    assert account.target() != before
    assert esprestack("apply", "--restore", str(report)).code == 0
    assert account.target() == before


def test_a_restore_needs_no_config(esprestack: Esprestack, folder: Folder, account: Account) -> None:
    folder.config(a_rule())
    report = report_of(esprestack("apply"))
    Path("ecschedule.yaml").unlink()
    assert esprestack("apply", "--restore", str(report)).code == 0
    assert account.names() == []


def test_a_restore_has_a_report_and_can_be_put_back_itself(
    esprestack: Esprestack, folder: Folder, account: Account
) -> None:
    folder.config(a_rule())
    restored = esprestack("apply", "--restore", str(report_of(esprestack("apply", "--report", "one.json"))))
    assert "restore-" in str(report_of(restored))
    assert esprestack("apply", "--restore", str(report_of(restored))).code == 0
    assert account.names() == ["nightly"]


def test_a_dry_run_of_a_restore_writes_nothing(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule(Description="Old")
    folder.config(a_rule())
    report = report_of(esprestack("apply"))
    front.clear()
    said = esprestack("apply", "--restore", str(report), "--dry-run")
    assert (said.code, written(front)) == (0, [])
    assert "~ update nightly: description" in said.out


def test_one_rule_can_be_put_back(esprestack: Esprestack, folder: Folder, account: Account) -> None:
    folder.config(a_rule("one"), a_rule("two"))
    report = report_of(esprestack("apply"))
    assert esprestack("apply", "--restore", str(report), "--rule", "two").code == 0
    assert account.names() == ["one"]


@pytest.mark.of_rules
def test_what_an_apply_did_not_try_is_left_alone(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule("b", Description="Old")
    folder.config(a_rule("a"), a_rule("b"))
    front.fail("PutRule", "ExpiredTokenException", times=1)
    report = report_of(esprestack("apply", "--parallel", "1"))
    account.has_rule("b", Description="By hand")
    assert esprestack("apply", "--restore", str(report)).code == 0
    assert account.rule("b")["Description"] == "By hand"


def test_an_adopted_rule_stays_tracked_and_that_is_told(
    esprestack: Esprestack, folder: Folder, account: Account
) -> None:
    account.has_rule(tracked_by=None, Description="Old")
    folder.config(a_rule())
    report = report_of(esprestack("apply"))
    said = esprestack("apply", "--restore", str(report))
    assert account.rule()["Description"] == "Old"
    assert "note: `nightly` was tracked by nobody before, and stays tracked by `jobs`" in said.out


def test_a_rule_that_somebody_else_took_meanwhile_is_a_conflict(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    account.has_rule(Description="Old")
    folder.config(a_rule())
    report = report_of(esprestack("apply"))
    account.track("nightly", "theirs")
    front.clear()
    assert esprestack("apply", "--restore", str(report)).code == 1
    assert written(front) == []


# -- secrets ---------------------------------------------------------------------------------------------------


def with_a_token(value: str, **keys: Any) -> dict[str, Any]:
    return a_rule(containerOverrides=[{"name": "app", "environment": {"API_TOKEN": value}}], **keys)


def test_a_secret_is_put_back_from_the_config_and_stands_in_no_report(
    esprestack: Esprestack, folder: Folder, account: Account, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("ESPRESTACK_SECRETS", '{"TOKEN": "hunter2-hunter2"}')
    folder.config(with_a_token('{{ secret("TOKEN") }}', description="Old"))
    assert esprestack("apply").code == 0
    folder.config(with_a_token('{{ secret("TOKEN") }}'))
    report = report_of(esprestack("apply"))
    assert "hunter2" not in report.read_text()
    assert esprestack("apply", "--restore", str(report)).code == 0
    assert (account.rule()["Description"], account.environment()) == ("Old", {"API_TOKEN": "hunter2-hunter2"})


def test_a_secret_that_no_config_holds_cannot_be_put_back_and_nothing_is_changed(
    esprestack: Esprestack, folder: Folder, account: Account, front: AwsFront
) -> None:
    folder.config(with_a_token("hunter2-hunter2"), a_rule("other", description="Old"))
    assert esprestack("apply").code == 0
    folder.config(a_rule(), a_rule("other"))
    report = report_of(esprestack("apply"))
    front.clear()
    said = esprestack("apply", "--restore", str(report))
    assert (said.code, written(front)) == (1, [])
    assert "`nightly` can't be put back: containerOverrides[app].environment.API_TOKEN was a secret" in said.err
    assert f"error: {report}:" in said.err
    assert esprestack("apply", "--restore", str(report), "--rule", "other").code == 0
    assert account.rule("other")["Description"] == "Old"


# -- reports that can't be used --------------------------------------------------------------------------------


def test_the_report_of_a_diff_restores_nothing(esprestack: Esprestack, folder: Folder) -> None:
    folder.config(a_rule())
    esprestack("diff", "--out", "plan.json")
    said = esprestack("apply", "--restore", "plan.json")
    assert said.code == 1
    assert "error: plan.json is the report of a diff, which changed nothing" in said.err


@pytest.mark.parametrize("text", ["", "{}", "[]", "not JSON", '{"version": 2}'])
def test_what_is_no_report_is_told(esprestack: Esprestack, folder: Folder, text: str) -> None:
    folder.write(text, "r.json")
    said = esprestack("apply", "--restore", "r.json")
    assert said.code == 1
    assert "r.json is no " in said.err


def test_the_report_of_another_account_is_refused(esprestack: Esprestack, folder: Folder, front: AwsFront) -> None:
    folder.config(a_rule())
    report = report_of(esprestack("apply"))
    report.write_text(report.read_text().replace('"account": "123456789012"', '"account": "999999999999"'))
    front.clear()
    said = esprestack("apply", "--restore", str(report))
    assert (said.code, written(front)) == (1, [])
    assert "the report is of account 999999999999, the credentials are of account 123456789012" in said.err


@pytest.mark.parametrize("option", [("--plan", "p.json"), ("--plan-hash", "abc"), ("--prune",)])
def test_a_restore_goes_with_no_other_plan(esprestack: Esprestack, folder: Folder, option: tuple[str, ...]) -> None:
    assert esprestack("apply", "--restore", "r.json", *option).code == 1


# -- diff --out ------------------------------------------------------------------------------------------------


def test_the_plan_that_diff_writes_is_what_apply_takes(
    esprestack: Esprestack, folder: Folder, account: Account
) -> None:
    folder.config(a_rule())
    assert esprestack("diff", "--out", "plan.json").code == 0
    assert esprestack("apply", "--plan", "plan.json").code == 0
    assert account.names() == ["nightly"]

"""A scheduled run keeps one issue for each config that differs from AWS, from its opening to its end."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.action.conftest import CONFIG, SECRETS
from tests.support.aws_front import AwsFront
from tests.support.github_events import MERGE_SHA, PullRequest, pull_request, push, schedule
from tests.support.github_server import GitHubServer, Issue
from tests.support.runner import Finished, Runner

GIVEN = {"secrets": SECRETS, "require-plan": "off", "fail-on": "nothing"}
HOURLY, DAILY = "rate(1 hour)", "rate(1 day)"


def check(runner: Runner, config: str = CONFIG, **inputs: str) -> Finished:
    (runner.workspace / "ecschedule.yaml").write_text(config)
    given = GIVEN | {name.replace("_", "-"): value for name, value in inputs.items()}
    return runner.start("schedule", schedule(), given)


@pytest.fixture
def applied(runner: Runner) -> Runner:
    assert runner.start("push", push(), GIVEN).code == 0
    return runner


def the_issue(github: GitHubServer) -> Issue:
    (issue,) = github.issues.values()
    return issue


def remarks(github: GitHubServer) -> list[str]:
    return [comment.body for comment in github.comments[the_issue(github).number]]


def test_where_nothing_differs_no_issue_is_opened(applied: Runner, github: GitHubServer) -> None:
    done = check(applied)
    assert (done.code, done.outputs["issue-number"], github.issues) == (0, "", {})


def test_drift_opens_an_issue_that_says_what_differs_and_when_it_was_checked(
    applied: Runner, github: GitHubServer
) -> None:
    done = check(applied, CONFIG.replace(HOURLY, DAILY))
    issue = the_issue(github)
    assert done.outputs["issue-number"] == str(issue.number)
    assert (issue.title, issue.labels, issue.state) == ("Drift: ecschedule.yaml", ("drift",), "open")
    body = issue.body or ""
    assert body.startswith("<!-- esprestack:drift:default::ecschedule.yaml -->\n<!-- {")
    assert "**1 to update, 1 unchanged**" in body
    assert "`rate(1 day)`" in body
    assert "Last checked 20" in body
    assert "changed in AWS, or pushed without a pull request" in body
    assert "actions/runs/1" in body


def test_the_same_drift_writes_nothing_again(applied: Runner, github: GitHubServer) -> None:
    check(applied, CONFIG.replace(HOURLY, DAILY))
    writes = len(github.writes())
    check(applied, CONFIG.replace(HOURLY, DAILY))
    assert len(github.writes()) == writes


def test_another_drift_edits_the_body_and_says_so(applied: Runner, github: GitHubServer) -> None:
    check(applied, CONFIG.replace(HOURLY, DAILY))
    check(applied, CONFIG.replace(HOURLY, DAILY).replace("cron(15 18", "cron(16 18"))
    assert "**2 to update**" in (the_issue(github).body or "")
    assert remarks(github) == ["The drift has changed: 2 to update."]


def test_the_end_of_the_drift_closes_the_issue_with_the_reason_and_its_return_reopens_it(
    applied: Runner, github: GitHubServer
) -> None:
    check(applied, CONFIG.replace(HOURLY, DAILY))
    done = check(applied)
    assert (the_issue(github).state, done.outputs["issue-number"]) == ("closed", "")
    assert remarks(github) == ["Resolved by a change in AWS, as Git is where it was."]
    check(applied, CONFIG.replace(HOURLY, DAILY))
    assert the_issue(github).state == "open"
    assert remarks(github)[-1] == "The drift is back: 1 to update, 1 unchanged."


def test_an_issue_that_somebody_closed_stays_closed_until_the_drift_changes(
    applied: Runner, github: GitHubServer
) -> None:
    check(applied, CONFIG.replace(HOURLY, DAILY))
    issue = the_issue(github)
    github.issues[issue.number] = replace(issue, state="closed", title="Known: later")
    check(applied, CONFIG.replace(HOURLY, DAILY))
    assert the_issue(github).state == "closed"
    check(applied, CONFIG.replace(HOURLY, "rate(2 days)"))
    assert (the_issue(github).state, the_issue(github).title) == ("open", "Known: later")


def test_a_check_that_fails_is_told_in_the_issue_and_closes_none(applied: Runner, github: GitHubServer) -> None:
    check(applied, CONFIG.replace(HOURLY, DAILY))
    failed = check(applied, CONFIG.replace("taskDefinition", "taskDef"))
    assert (failed.code, failed.outputs["failure-reason"]) == (1, "config")
    body = the_issue(github).body or ""
    assert "**The last check failed**: ecschedule.yaml:4:3: `taskDefinition` is missing" in body
    assert "**1 to update, 1 unchanged**" in body
    check(applied, CONFIG.replace(HOURLY, DAILY))
    assert "The last check failed" not in (the_issue(github).body or "")
    assert remarks(github) == []


def test_a_failed_check_opens_no_issue(runner: Runner, github: GitHubServer) -> None:
    check(runner, CONFIG.replace("taskDefinition", "taskDef"))
    assert github.issues == {}


def test_what_was_merged_and_never_applied_is_told_from_changes_by_hand(applied: Runner, github: GitHubServer) -> None:
    (applied.workspace / "ecschedule.yaml").write_text(CONFIG.replace(HOURLY, DAILY))
    applied.start("pull_request", pull_request(), GIVEN)
    github.pull_requests[7] = PullRequest(7, state="closed", merge_commit_sha=MERGE_SHA)
    check(applied, CONFIG.replace(HOURLY, DAILY).replace("cron(15 18", "cron(16 18"))
    body = the_issue(github).body or ""
    assert "- `cleanup`: merged with #" in body.replace("\u200b", "")
    assert "- `nightly-report`: changed in AWS, or pushed without a pull request" in body


def test_while_an_apply_runs_nothing_is_checked(applied: Runner, github: GitHubServer, aws: AwsFront) -> None:
    github.runs.append((".github/workflows/schedules.yml", "push", "main"))
    aws.clear()
    done = check(applied, CONFIG.replace(HOURLY, DAILY))
    assert (done.code, github.issues, aws.calls) == (0, {}, [])
    assert any("::notice" in line and "an apply is under way" in line for line in done.commands)
    assert "an apply is under way" in done.summary


def test_the_run_of_another_workflow_or_branch_is_no_apply(applied: Runner, github: GitHubServer) -> None:
    github.runs += [
        (".github/workflows/test.yml", "push", "main"),
        (".github/workflows/schedules.yml", "push", "topic"),
    ]
    check(applied, CONFIG.replace(HOURLY, DAILY))
    assert the_issue(github).state == "open"


def test_somebody_elses_issue_with_our_marker_is_left_alone(applied: Runner, github: GitHubServer) -> None:
    theirs = github.add_issue("Drift: ecschedule.yaml", "<!-- esprestack:drift:default::ecschedule.yaml -->")
    check(applied, CONFIG.replace(HOURLY, DAILY))
    assert github.issues[theirs.number] == theirs
    assert len(github.issues) == 2


def test_duplicates_are_closed_in_favour_of_the_oldest(applied: Runner, github: GitHubServer) -> None:
    check(applied, CONFIG.replace(HOURLY, DAILY))
    first = the_issue(github)
    github.add_issue(first.title, first.body, login=github.login)
    check(applied, CONFIG.replace(HOURLY, DAILY))
    assert [issue.state for issue in github.issues.values()] == ["open", "closed"]


def test_the_issue_is_found_behind_hundreds_of_others(applied: Runner, github: GitHubServer) -> None:
    check(applied, CONFIG.replace(HOURLY, DAILY))
    for number in range(230):
        github.add_issue(f"Another {number}")
    check(applied, CONFIG.replace(HOURLY, "rate(2 days)"))
    assert len(github.issues) == 231


def test_matrix_legs_keep_issues_of_their_own(applied: Runner, github: GitHubServer) -> None:
    for environment in ("prod", "staging"):
        check(applied, CONFIG.replace(HOURLY, DAILY), matrix=json.dumps({"environment": environment}))
    assert sorted(issue.title for issue in github.issues.values()) == [
        "Drift: ecschedule.yaml (prod)",
        "Drift: ecschedule.yaml (staging)",
    ]


def test_a_token_that_may_not_write_issues_fails_nothing(applied: Runner, github: GitHubServer) -> None:
    github.permissions = "read"
    done = check(applied, CONFIG.replace(HOURLY, DAILY))
    assert (done.code, done.outputs["drifted"], done.outputs["issue-number"]) == (0, "true", "")
    assert any("::notice" in line and "issues: write" in line for line in done.commands)


def test_no_issue_is_kept_where_none_is_wanted(applied: Runner, github: GitHubServer) -> None:
    done = check(applied, CONFIG.replace(HOURLY, DAILY), drift_issue="false")
    assert (done.outputs["drifted"], github.issues) == ("true", {})


def test_ignored_fields_are_no_drift(applied: Runner, github: GitHubServer) -> None:
    done = check(applied, CONFIG.replace(HOURLY, DAILY), drift_ignore="clean*:scheduleExpression")
    assert (done.outputs["drifted"], github.issues) == ("false", {})
    wrong = check(applied, drift_ignore="cleanup:")
    assert (wrong.code, wrong.outputs["failure-reason"]) == (1, "input")


def test_an_orphan_is_drift_and_in_the_issue(applied: Runner, github: GitHubServer) -> None:
    config = CONFIG.partition("- name: cleanup")[0]
    check(applied, config)
    assert "1 orphaned" in (the_issue(github).body or "")


def test_no_secret_is_in_the_issue(applied: Runner, github: GitHubServer, tmp_path: Path) -> None:
    text = CONFIG.replace('{{ secret("API_URL") }}', "x-{{ secret('API_URL') }}")
    check(applied, text)
    body = the_issue(github).body or ""
    assert "(secret" in body
    assert '"hot"' not in body
    assert "{tea}" not in body
    assert str(tmp_path) not in body

"""After the merge: what is applied is what was reviewed on the pull request, and its comment says what became of it."""

import pytest
from tests.action.conftest import CONFIG, SECRETS
from tests.support.aws_front import AwsFront
from tests.support.github_events import BASE_SHA, HEAD_SHA, MERGE_SHA, PullRequest, pull_request, push
from tests.support.github_server import GitHubServer
from tests.support.runner import Finished, Runner

GIVEN = {"secrets": SECRETS, "require-plan": "match"}
OTHER = CONFIG + "- name: late\n  scheduleExpression: rate(2 days)\n  taskDefinition: reports\n"


def plan(runner: Runner, config: str = CONFIG, number: int = 7) -> Finished:
    """A run on the pull request, whose checkout has `config`."""
    (runner.workspace / "ecschedule.yaml").write_text(config)
    done = runner.start("pull_request", pull_request(number), GIVEN)
    assert done.code == 0
    return done


def merge(github: GitHubServer, number: int = 7, sha: str = MERGE_SHA, *commits: str) -> None:
    github.pull_requests[number] = PullRequest(
        number, head_sha=HEAD_SHA, state="closed", merge_commit_sha=sha, commits=commits
    )


def apply(runner: Runner, sha: str = MERGE_SHA, *commits: str, **inputs: str) -> Finished:
    runner.environ["GITHUB_SHA"] = sha
    given = GIVEN | {name.replace("_", "-"): value for name, value in inputs.items()}
    return runner.start("push", push(after=sha, commits=commits), given)


@pytest.mark.parametrize("way", ["squash", "merge", "rebase"])
def test_the_reviewed_plan_is_applied_however_it_was_merged(
    runner: Runner, github: GitHubServer, aws: AwsFront, way: str
) -> None:
    plan(runner)
    match way:
        case "squash":
            merge(github)
            done = apply(runner)
        case "merge":
            merge(github, 7, MERGE_SHA, "a" * 40)
            done = apply(runner, MERGE_SHA, "a" * 40)
        case _:
            merge(github, 7, "b" * 40, "a" * 40)
            done = apply(runner, "b" * 40, "a" * 40)
    assert (done.code, done.outputs["failure-reason"]) == (0, "")
    assert aws.count("PutTargets") == 2
    assert "brought by #7" in done.summary


def test_the_result_stands_in_the_comment_of_the_merged_pull_request(runner: Runner, github: GitHubServer) -> None:
    plan(runner)
    merge(github)
    runner.environ["GITHUB_JOB"] = "apply"
    done = apply(runner)
    (comment,) = github.comments[7]
    assert "### esprestack apply" in comment.body
    assert "**2 done**" in comment.body
    assert comment.body.count("<!-- esprestack:section ") == 1
    assert done.outputs["comment-url"].endswith(f"#issuecomment-{comment.id}")


def test_a_second_run_has_nothing_to_do_and_says_so(runner: Runner, github: GitHubServer) -> None:
    plan(runner)
    merge(github)
    apply(runner)
    again = apply(runner)
    assert (again.code, again.outputs["changed"]) == (0, "false")


def test_a_change_by_hand_after_the_review_stops_the_apply_with_rule_and_field(
    runner: Runner, github: GitHubServer, aws: AwsFront
) -> None:
    apply(runner, require_plan="off")
    plan(runner, CONFIG.replace("rate(1 hour)", "rate(2 hours)"))
    (runner.workspace / "ecschedule.yaml").write_text(
        CONFIG.replace("rate(1 hour)\n", "rate(2 hours)\n").replace("cron(15 18", "cron(16 18")
    )
    merge(github)
    aws.clear()
    done = apply(runner)
    assert (done.code, done.outputs["failure-reason"]) == (1, "plan-changed")
    assert "`nightly-report` wasn't to be changed in the reviewed plan" in done.log
    assert aws.writes() == []
    (comment,) = github.comments[7]
    assert "wasn't to be changed" in comment.body


def test_what_is_left_of_the_reviewed_plan_goes_on(runner: Runner, github: GitHubServer, aws: AwsFront) -> None:
    plan(runner, OTHER)
    (runner.workspace / "ecschedule.yaml").write_text(CONFIG)
    assert apply(runner, require_plan="off").code == 0  # two of the three rules came another way
    (runner.workspace / "ecschedule.yaml").write_text(OTHER)
    merge(github)
    aws.clear()
    done = apply(runner)
    assert (done.code, done.outputs["created"]) == (0, "1")


def test_two_pull_requests_in_one_push_bind_together(runner: Runner, github: GitHubServer) -> None:
    github.pull_requests[8] = PullRequest(8)
    plan(runner)
    plan(runner, OTHER.replace(CONFIG.partition("rules:")[2].partition("- name: late")[0], "\n"), 8)
    merge(github, 7, "a" * 40)
    merge(github, 8, MERGE_SHA)
    (runner.workspace / "ecschedule.yaml").write_text(OTHER)
    done = apply(runner, MERGE_SHA, "a" * 40)
    assert (done.code, done.outputs["created"]) == (0, "3")
    assert "brought by #8, #7" in done.summary


def test_the_plan_of_a_merge_whose_apply_was_lost_is_made_up_for(runner: Runner, github: GitHubServer) -> None:
    plan(runner)
    merge(github, 7, "a" * 40)  # its run was cancelled before it began
    github.pull_requests[8] = PullRequest(8)
    plan(runner, OTHER, 8)
    comment = github.comments[8].pop()
    github.add_comment(8, comment.login, comment.body)
    merge(github, 8)
    done = apply(runner)
    assert (done.code, done.outputs["created"]) == (0, "3")


def test_a_direct_push_is_refused_and_says_why(runner: Runner, aws: AwsFront) -> None:
    done = apply(runner, "d" * 40)
    assert (done.code, done.outputs["failure-reason"]) == (1, "plan-changed")
    assert "no merged pull request brought the commit dddddddddddd" in done.log
    assert aws.writes() == []


def test_by_default_it_is_a_warning(runner: Runner, aws: AwsFront) -> None:
    done = apply(runner, "d" * 40, require_plan="")
    assert (done.code, done.outputs["failure-reason"]) == (0, "")
    assert any("::warning" in line and "nobody has reviewed a plan" in line for line in done.commands)
    assert aws.count("PutTargets") == 2


def test_somebody_elses_comment_reviews_nothing(runner: Runner, github: GitHubServer, aws: AwsFront) -> None:
    plan(runner)
    comment = github.comments[7].pop()
    github.add_comment(7, "mallory", comment.body)
    merge(github)
    done = apply(runner)
    assert (done.code, done.outputs["failure-reason"]) == (1, "plan-changed")
    assert "no comment of ours on #7 has a plan" in done.log
    assert aws.writes() == []


def test_where_github_cannot_be_asked_nothing_is_applied(runner: Runner, github: GitHubServer, aws: AwsFront) -> None:
    plan(runner)
    merge(github)
    github.fail_next("GET", f"/commits/{MERGE_SHA}/pulls", 403)
    done = apply(runner)
    assert (done.code, done.outputs["failure-reason"]) == (1, "github")
    assert "pull-requests: read" in done.log
    assert aws.writes() == []


def test_the_base_of_the_pull_request_is_no_review(runner: Runner, github: GitHubServer) -> None:
    plan(runner)
    github.pull_requests[7] = PullRequest(7, state="closed", merge_commit_sha=MERGE_SHA, base_ref="release")
    done = apply(runner)
    assert done.outputs["failure-reason"] == "plan-changed"
    assert BASE_SHA not in done.summary

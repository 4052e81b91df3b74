"""The action, started with exactly the environment that GitHub's runner sets, against AWS and GitHub on loopback."""

import base64
import json
import re

import pytest
from tests.action.conftest import CONFIG, SECRET, SECRETS
from tests.support.aws_front import AwsFront
from tests.support.github_events import pull_request, push, schedule, workflow_dispatch
from tests.support.github_server import GitHubServer
from tests.support.runner import Finished, Runner

GIVEN = {"secrets": SECRETS}


def bodies(github: GitHubServer) -> list[str]:
    return [comment.body for comment in github.comments.get(7, [])]


def test_a_pull_request_gets_one_comment_which_the_next_run_updates(runner: Runner, github: GitHubServer) -> None:
    first = runner.start("pull_request", pull_request(), GIVEN)
    assert (first.code, len(bodies(github))) == (0, 1)
    assert "2 to create" in bodies(github)[0]
    (runner.workspace / "ecschedule.yaml").write_text(CONFIG.replace("rate(1 hour)", "rate(2 hours)"))
    second = runner.start("pull_request", pull_request(), GIVEN)
    assert (second.code, len(bodies(github))) == (0, 1)
    assert "rate(2 hours)" in bodies(github)[0]
    assert first.outputs["comment-url"] == second.outputs["comment-url"] != ""


def test_a_pull_request_changes_nothing_in_aws(runner: Runner, aws: AwsFront) -> None:
    done = runner.start("pull_request", pull_request(), GIVEN)
    assert aws.writes() == []
    assert done.outputs["changed"] == "true"
    assert done.outputs["created"] == "2"


def test_the_comment_carries_marker_commit_hash_and_version(runner: Runner, github: GitHubServer) -> None:
    done = runner.start("pull_request", pull_request(head_sha="f" * 40), GIVEN | {"comment-key": "staging"})
    marker, facts, *_ = bodies(github)[0].splitlines()
    assert marker == "<!-- esprestack:staging -->"
    found = json.loads(facts.removeprefix("<!-- ").removesuffix(" -->"))
    assert found == {"commit": "f" * 40, "planHash": done.outputs["plan-hash"], "version": "0.1.0"}


def test_our_comment_is_found_behind_hundreds_and_others_are_left_alone(runner: Runner, github: GitHubServer) -> None:
    for number in range(130):
        github.add_comment(7, "octocat", f"{number}")
    github.add_comment(7, "octocat", "<!-- esprestack:default -->\nI quote the bot")
    github.add_comment(7, "github-actions[bot]", "hi\n<!-- esprestack:default -->\nold")
    runner.start("pull_request", pull_request(), GIVEN)
    *others, ours = bodies(github)
    assert len(others) == 131
    assert "2 to create" in ours
    assert not any("2 to create" in body for body in others)


def test_a_push_to_the_default_branch_applies(runner: Runner, aws: AwsFront, github: GitHubServer) -> None:
    done = runner.start("push", push(), GIVEN)
    assert done.code == 0
    assert [call.operation for call in aws.writes()].count("PutTargets") == 2
    assert "2 done" in done.summary
    assert github.writes() == []
    again = runner.start("push", push(), GIVEN)
    assert "Nothing to apply" in again.summary
    assert (again.outputs["changed"], again.outputs["unchanged"]) == ("false", "2")


def test_secrets_reach_aws_as_they_are(runner: Runner, aws: AwsFront) -> None:
    runner.start("push", push(), GIVEN)
    targets = [call.parameters["Targets"][0] for call in aws.calls if call.operation == "PutTargets"]
    override = next(json.loads(target["Input"]) for target in targets if "Input" in target)
    assert override["containerOverrides"][0]["environment"] == [{"name": "API_URL", "value": SECRET}]


@pytest.mark.parametrize("event", ["push to a branch", "dry run", "dispatch"])
def test_nothing_but_a_push_to_the_default_branch_writes(runner: Runner, aws: AwsFront, event: str) -> None:
    match event:
        case "push to a branch":
            done = runner.start("push", push("refs/heads/topic"), GIVEN)
        case "dry run":
            done = runner.start("push", push(), GIVEN | {"dry-run": "true", "command": "apply"})
        case _:
            done = runner.start("workflow_dispatch", workflow_dispatch(), GIVEN)
    assert done.code == 0
    assert "2 to create" in done.summary
    assert aws.writes() == []


def test_an_apply_on_a_pull_request_is_refused(runner: Runner, aws: AwsFront) -> None:
    done = runner.start("pull_request", pull_request(), GIVEN | {"command": "apply"})
    assert (done.code, done.outputs["failure-reason"]) == (1, "input")
    assert "refused on `pull_request`" in done.log
    assert aws.calls == []


def test_a_scheduled_run_fails_on_drift_and_says_what_differs(runner: Runner, aws: AwsFront) -> None:
    runner.start("push", push(), GIVEN)
    clean = runner.start("schedule", schedule(), GIVEN)
    assert (clean.code, clean.outputs["drifted"]) == (0, "false")
    (runner.workspace / "ecschedule.yaml").write_text(CONFIG.replace("rate(1 hour)", "rate(2 hours)"))
    aws.clear()
    drifted = runner.start("schedule", schedule(), GIVEN)
    assert (drifted.code, drifted.outputs["drifted"], drifted.outputs["failure-reason"]) == (1, "true", "drift")
    assert "`cleanup`" in drifted.summary
    assert aws.writes() == []
    tolerant = runner.start("schedule", schedule(), GIVEN | {"fail-on": "nothing"})
    assert (tolerant.code, tolerant.outputs["drifted"]) == (0, "true")


def test_a_read_only_token_fails_nothing(runner: Runner, github: GitHubServer) -> None:
    github.permissions = "read"
    done = runner.start("pull_request", pull_request(fork=True), GIVEN)
    assert done.code == 0
    assert "2 to create" in done.summary
    assert any(line.startswith("::notice") and "No comment" in line for line in done.commands)
    assert done.outputs["comment-url"] == ""


def test_a_fork_without_secrets_and_credentials_fails_nothing(runner: Runner) -> None:
    runner.credentials = False
    no_secrets = runner.start("pull_request", pull_request(fork=True))
    assert no_secrets.code == 0
    no_credentials = runner.start("pull_request", pull_request(fork=True), GIVEN)
    assert no_credentials.code == 0
    assert "from a fork" in no_credentials.log


def test_without_credentials_a_pull_request_of_the_repository_fails(runner: Runner) -> None:
    runner.credentials = False
    done = runner.start("pull_request", pull_request(), GIVEN)
    assert (done.code, done.outputs["failure-reason"]) == (1, "aws")
    assert "no AWS credentials" in done.log
    assert "configure-aws-credentials" in done.log


def test_errors_are_annotations_at_the_line_of_the_config(runner: Runner, github: GitHubServer) -> None:
    (runner.workspace / "ecschedule.yaml").write_text(CONFIG.replace("taskDefinition: reports\n- ", "taskDef: x\n- "))
    text = CONFIG.replace("  taskDefinition: reports\n  container", "  taskDefinitoin: reports\n  container")
    (runner.workspace / "ecschedule.yaml").write_text(text)
    done = runner.start("pull_request", pull_request(), GIVEN)
    assert (done.code, done.outputs["failure-reason"]) == (1, "config")
    errors = [line for line in done.commands if line.startswith("::error")]
    assert any(
        "file=ecschedule.yaml,line=6,endLine=6,col=3,endColumn=3" in line and "did you mean `taskDefinition`" in line
        for line in errors
    )
    assert "did you mean" in bodies(github)[0]


def test_an_unknown_task_definition_fails_the_pull_request_at_its_line(runner: Runner, aws: AwsFront) -> None:
    (runner.workspace / "ecschedule.yaml").write_text(CONFIG.replace("reports\n  con", "reprots\n  con"))
    done = runner.start("pull_request", pull_request(), GIVEN)
    assert (done.code, done.outputs["failure-reason"]) == (1, "refused")
    assert any("line=6" in line and "`reprots`" in line for line in done.commands)


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"prune": "yes"}, "the input `prune` is `yes`"),
        ({"command": "aply"}, "the input `command` is `aply`"),
        ({"parallel": "0"}, "the input `parallel` is `0`"),
        ({"secrets": "S=1"}, "the input `secrets` is no JSON"),
        ({"allowed-account-ids": "12345"}, "the input `allowed-account-ids` has `12345`"),
        ({"working-directory": "../.."}, "leads out of the workspace"),
        ({"rule": "cleanup", "prune": "true"}, "don't go together"),
    ],
)
def test_an_input_that_is_not_usable_is_named_and_nothing_is_called(
    runner: Runner, aws: AwsFront, inputs: dict[str, str], said: str
) -> None:
    done = runner.start("push", push(), inputs)
    assert (done.code, done.outputs["failure-reason"]) == (1, "input")
    assert said in done.log
    assert aws.calls == []


def test_another_account_than_allowed_stops_before_anything_is_read(runner: Runner, aws: AwsFront) -> None:
    done = runner.start("push", push(), GIVEN | {"allowed-account-ids": "999999999999"})
    assert (done.code, done.outputs["failure-reason"]) == (1, "refused")
    assert [call.operation for call in aws.calls] == ["GetCallerIdentity"]


def test_report_files_are_left_for_later_steps(runner: Runner) -> None:
    done = runner.start("pull_request", pull_request(), GIVEN)
    report = runner.workspace / done.outputs["report"]
    plan = json.loads((runner.workspace / done.outputs["plan-json"]).read_text())
    assert "2 to create" in report.read_text()
    assert plan["hash"] == done.outputs["plan-hash"]


def test_a_link_in_the_checkout_cannot_lead_the_report_astray(runner: Runner) -> None:
    elsewhere = runner.home / "elsewhere"
    elsewhere.mkdir()
    (runner.workspace / "esprestack-out").symlink_to(elsewhere)
    done = runner.start("pull_request", pull_request(), GIVEN)
    assert done.code == 0
    assert list(elsewhere.iterdir()) == []
    assert done.outputs["report"] == ""


def test_nothing_of_the_checkout_is_imported(runner: Runner) -> None:
    for name in ("yaml", "boto3", "jinja2", "json", "esprestack"):
        (runner.workspace / f"{name}.py").write_text("raise SystemExit('taken over')")
    runner.environ["PYTHONPATH"] = str(runner.workspace)
    done = runner.start("pull_request", pull_request(), GIVEN)
    assert (done.code, "taken over" in done.log) == (0, False)


def sinks(runner: Runner, done: Finished, github: GitHubServer) -> str:
    """Everything that a step shows to anybody."""
    files = [path.read_text() for path in (runner.workspace / "esprestack-out").rglob("*.*")]
    return "\n".join([done.visible_log, done.summary, *done.outputs.values(), *bodies(github), *files])


@pytest.mark.parametrize("event", ["pull_request", "push", "schedule", "error"])
def test_a_secret_is_in_no_sink(runner: Runner, github: GitHubServer, event: str) -> None:
    literal = "typed-into-the-config-9"
    secrets = json.dumps({"API_URL": SECRET, "LITERAL": literal})
    text = CONFIG + f"  description: {literal}\n"
    text += "\n- {bad}: {{ secret('API_URL') }}\n" if event == "error" else ""
    (runner.workspace / "ecschedule.yaml").write_text(text)
    payload = {"push": push(), "schedule": schedule()}.get(event, pull_request())
    done = runner.start("pull_request" if event == "error" else event, payload, {"secrets": secrets})
    shown = sinks(runner, done, github)
    assert done.summary
    for secret in (SECRET, '"hot"', literal):
        for form in (secret, json.dumps(secret)[1:-1], base64.b64encode(secret.encode()).decode().rstrip("=")):
            assert form not in shown
    assert "\uf100" not in shown


def test_a_secret_that_a_look_up_learned_is_registered_with_the_runner(runner: Runner, aws: AwsFront) -> None:
    import boto3

    given = {"region_name": "ap-northeast-1", "aws_access_key_id": "made-up", "aws_secret_access_key": "made-up"}
    ssm = boto3.client("ssm", endpoint_url=aws.url, **given)
    ssm.put_parameter(Name="/batch/token", Value="hunter2-hunter2", Type="SecureString")
    text = CONFIG.replace('{{ secret("API_URL") }}', "{{ ssm `/batch/token` }}")
    (runner.workspace / "ecschedule.yaml").write_text(text)
    done = runner.start("pull_request", pull_request(), GIVEN)
    assert done.code == 0
    assert "::add-mask::hunter2-hunter2" in done.commands


def test_hostile_text_is_no_workflow_command_and_no_mention(runner: Runner, github: GitHubServer) -> None:
    hostile = "'x ::error::owned @octocat ``` <img src=x> | [a](http://e) #1'"
    (runner.workspace / "ecschedule.yaml").write_text(CONFIG + f"  description: {hostile}\n")
    done = runner.start("pull_request", pull_request(), GIVEN)
    assert not any("owned" in line for line in done.commands)
    outside_code = re.sub(r"(?ms)^(````*)diff.*?^\1$", "", bodies(github)[0])
    assert "@octocat" not in outside_code
    assert "<img" not in outside_code


def test_github_enterprise_urls_are_used_as_given(runner: Runner) -> None:
    with GitHubServer(base_path="/api/v3") as server:
        runner.github_url = server.url
        done = runner.start("pull_request", pull_request(), GIVEN)
        assert (done.code, len(server.comments[7])) == (0, 1)
        server.assert_clean()


def test_an_unreachable_github_fails_nothing(runner: Runner) -> None:
    runner.github_url = "http://127.0.0.1:9"
    done = runner.start("pull_request", pull_request(), GIVEN)
    assert done.code == 0
    assert any(line.startswith("::warning") and "No comment" in line for line in done.commands)


def test_new_comments_leave_those_of_earlier_runs_minimised(runner: Runner, github: GitHubServer) -> None:
    given = GIVEN | {"comment": "new"}
    runner.start("pull_request", pull_request(), given)
    runner.environ["GITHUB_RUN_ID"] = "2"
    runner.start("pull_request", pull_request(), given)
    old, new = github.comments[7]
    assert github.minimized == {old.id: "OUTDATED"}
    assert "actions/runs/2" in new.body


def test_no_comment_is_made_until_there_are_changes(runner: Runner, github: GitHubServer, aws: AwsFront) -> None:
    runner.start("push", push(), GIVEN)
    given = GIVEN | {"comment": "changes-only"}
    runner.start("pull_request", pull_request(), given)
    assert bodies(github) == []
    (runner.workspace / "ecschedule.yaml").write_text(CONFIG.replace("rate(1 hour)", "rate(2 hours)"))
    runner.start("pull_request", pull_request(), given)
    (runner.workspace / "ecschedule.yaml").write_text(CONFIG)
    runner.start("pull_request", pull_request(), given)
    (body,) = bodies(github)
    assert "No changes" in body


def test_legs_of_a_matrix_share_one_comment(runner: Runner, github: GitHubServer) -> None:
    for environment in ("prod", "staging"):
        given = GIVEN | {"matrix": json.dumps({"environment": environment})}
        assert runner.start("pull_request", pull_request(), given).code == 0
    (body,) = bodies(github)
    assert "- **prod**: 2 to create\n- **staging**: 2 to create" in body


def test_the_log_holds_nothing_but_what_we_say(runner: Runner) -> None:
    done = runner.start("pull_request", pull_request(), GIVEN)
    assert "Request GET" not in done.log

"""Findings in a job: annotations at file and line, a failed step where an apply would go wrong, and the inputs for it."""

from tests.action.conftest import CONFIG, SECRETS
from tests.support.aws_front import AwsFront
from tests.support.github_events import pull_request, push
from tests.support.github_server import GitHubServer
from tests.support.runner import Runner

GIVEN = {"secrets": SECRETS}
OVER = "- name: over\n  scheduleExpression: cron(0 3 1 1 ? 2020)\n  taskDefinition: reports\n"
WRONG_CONTAINER = CONFIG.replace("- name: app\n", "- name: ap\n")


def written(aws: AwsFront) -> list[str]:
    return [call.operation for call in aws.writes()]


def test_a_warning_is_an_annotation_at_its_line_and_fails_nothing(runner: Runner, aws: AwsFront) -> None:
    (runner.workspace / "ecschedule.yaml").write_text(CONFIG + OVER)
    done = runner.start("push", push(), GIVEN)
    assert done.code == 0
    (warning,) = [line for line in done.commands if line.startswith("::warning")]
    assert "file=ecschedule.yaml,line=16," in warning
    assert "PutRule" in written(aws)


def test_what_aws_would_refuse_is_an_error_at_its_line_and_nothing_is_applied(runner: Runner, aws: AwsFront) -> None:
    (runner.workspace / "ecschedule.yaml").write_text(WRONG_CONTAINER)
    done = runner.start("push", push(), GIVEN)
    assert (done.code, done.outputs["failure-reason"], written(aws)) == (1, "refused", [])
    assert any(line.startswith("::error") and "line=8," in line and "`ap`" in line for line in done.commands)


def test_the_comment_on_a_pull_request_tells_findings_beside_the_plan(runner: Runner, github: GitHubServer) -> None:
    (runner.workspace / "ecschedule.yaml").write_text(WRONG_CONTAINER)
    assert runner.start("pull_request", pull_request(), GIVEN).code == 1
    (comment,) = github.comments[7]
    assert "no container" in comment.body
    assert "nightly-report" in comment.body


def test_a_finding_can_be_allowed_by_the_input(runner: Runner, aws: AwsFront) -> None:
    (runner.workspace / "ecschedule.yaml").write_text(WRONG_CONTAINER)
    done = runner.start("push", push(), GIVEN | {"allow": "no-such-container\n"})
    assert done.code == 0
    assert "PutTargets" in written(aws)


def test_a_code_that_does_not_exist_is_named(runner: Runner, aws: AwsFront) -> None:
    done = runner.start("push", push(), GIVEN | {"allow": "no-such-containr"})
    assert (done.code, done.outputs["failure-reason"], written(aws)) == (1, "input", [])
    assert any("did you mean `no-such-container`?" in line for line in done.commands)


def test_jsonnet_gets_its_external_variables_from_the_inputs(runner: Runner, aws: AwsFront) -> None:
    (runner.workspace / "ecschedule.yaml").unlink()
    (runner.workspace / "ecschedule.jsonnet").write_text(
        "{ region: 'ap-northeast-1', cluster: std.extVar('cluster'), rules: ["
        " { name: 'job-%d' % n, scheduleExpression: 'rate(1 hour)', taskDefinition: 'reports',"
        "   containerOverrides: [{ name: 'app', cpu: n }] } for n in std.range(1, std.extVar('jobs')) ] }"
    )
    done = runner.start("push", push(), {"ext-str": "cluster=batch", "ext-code": "jobs=1 + 1"})
    assert (done.code, done.outputs["created"]) == (0, "2")


def test_a_finding_can_inject_no_workflow_command(runner: Runner) -> None:
    hostile = CONFIG.replace("- name: app\n", '- name: "x\\n::error::owned\\n::set-output name=a::b"\n')
    (runner.workspace / "ecschedule.yaml").write_text(hostile)
    done = runner.start("pull_request", pull_request(), GIVEN)
    assert done.code == 1
    assert not any(line.startswith(("::error::owned", "::set-output")) for line in done.commands)

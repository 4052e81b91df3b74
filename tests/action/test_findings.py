"""Findings in a job: annotations at file and line, a failed step where an apply would go wrong, and the inputs for it.

`test_action` starts a process for each step, these run in the tests' own: they are about what is told.
"""

import contextlib
import io
import os
import re
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from unittest.mock import patch

import pytest
from tests.action.conftest import CONFIG, SECRETS
from tests.aws.conftest import ClientCache
from tests.support.aws_front import AwsFront
from tests.support.github_events import pull_request, push
from tests.support.github_server import GitHubServer
from tests.support.runner import Finished, Runner

from esprestack.action import main

GIVEN = {"secrets": SECRETS, "require-plan": "off"}
OVER = "- name: over\n  scheduleExpression: cron(0 3 1 1 ? 2020)\n  taskDefinition: reports\n"
REFUSED = CONFIG.replace("rate(1 hour)", "rate(1 hours)")
WRONG = REFUSED.replace("- name: app\n", "- name: ap\n")
"""With something that AWS refuses, and something that never runs."""


@pytest.fixture(scope="module")
def client_cache() -> ClientCache:
    return ClientCache()


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch, client_cache: ClientCache) -> None:
    def run(_: object, *, cwd: Path, env: Mapping[str, str], **__: object) -> subprocess.CompletedProcess[str]:
        log = io.StringIO()
        with contextlib.chdir(cwd), patch.dict(os.environ, env, clear=True), contextlib.redirect_stdout(log):
            code = main()
        return subprocess.CompletedProcess((), code, log.getvalue(), "")

    monkeypatch.setattr("tests.support.runner.subprocess.run", run)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    client_cache.install(monkeypatch)


def write(runner: Runner, text: str, name: str = "ecschedule.yaml") -> None:
    (runner.workspace / name).write_text(text)


def written(aws: AwsFront) -> list[str]:
    return [call.operation for call in aws.writes()]


def annotations(done: Finished) -> list[str]:
    return [line for line in done.commands if line.startswith(("::error", "::warning", "::notice"))]


def at(line: int, column: int) -> str:
    return f" title=esprestack,file=ecschedule.yaml,line={line},endLine={line},col={column},endColumn={column}::"


# -- what fails the step ---------------------------------------------------------------------------------------


def test_a_warning_is_an_annotation_at_its_line_and_fails_no_pull_request(runner: Runner, github: GitHubServer) -> None:
    write(runner, CONFIG + OVER)
    done = runner.start("pull_request", pull_request(), GIVEN)
    assert (done.code, done.outputs["failure-reason"]) == (0, "")
    (warning,) = annotations(done)
    assert warning.startswith(f"::warning{at(16, 23)}the schedule `cron(0 3 1 1 ? 2020)` of the rule `over` is over")
    (comment,) = github.comments[7]
    assert re.search(
        r"^> \[!WARNING\]\n> \[ecschedule.yaml:16:23\]\(\S+#L16\): the schedule", comment.body, re.MULTILINE
    )


def test_a_warning_stops_no_apply_and_is_in_its_summary(runner: Runner, aws: AwsFront) -> None:
    write(runner, CONFIG + OVER)
    done = runner.start("push", push(), GIVEN)
    assert (done.code, written(aws).count("PutTargets")) == (0, 3)
    assert annotations(done)[0].startswith(f"::warning{at(16, 23)}")
    assert "> [ecschedule.yaml:16:23](https://github.com" in done.summary
    again = runner.start("push", push(), GIVEN)
    assert "> [ecschedule.yaml:16:23](https://github.com" in again.summary


def test_what_aws_refuses_or_never_starts_are_errors_at_their_lines_and_nothing_is_applied(
    runner: Runner, aws: AwsFront
) -> None:
    write(runner, WRONG + OVER)
    done = runner.start("push", push(), GIVEN)
    assert (done.code, done.outputs["failure-reason"], written(aws)) == (1, "refused", [])
    container, schedule, nothing, over = annotations(done)
    assert container.startswith(f"::error{at(8, 11)}the task definition `reports:1` has no container `ap`")
    assert schedule.startswith(f"::error{at(13, 28)}the schedule expression `rate(1 hours)`: 1 takes the singular")
    assert nothing == "::error::nothing was changed"
    assert over.startswith(f"::warning{at(16, 23)}")


def test_a_pull_request_fails_and_its_comment_tells_findings_beside_the_plan(
    runner: Runner, aws: AwsFront, github: GitHubServer
) -> None:
    write(runner, WRONG)
    done = runner.start("pull_request", pull_request(), GIVEN)
    assert (done.code, done.outputs["failure-reason"], written(aws)) == (1, "refused", [])
    (comment,) = github.comments[7]
    assert re.search(
        r"^> \[!CAUTION\]\n> \[ecschedule.yaml:8:11\].*\n> \[ecschedule.yaml:13:28\]", comment.body, re.MULTILINE
    )
    assert "2 to create" in comment.body


def test_more_findings_than_github_shows_are_counted_and_all_in_the_log(runner: Runner) -> None:
    rules = [f"- name: job-{n}\n  scheduleExpression: rate({n} day)\n  taskDefinition: reports\n" for n in range(2, 32)]
    write(runner, CONFIG + "".join(rules))
    done = runner.start("push", push(), GIVEN)
    assert len(annotations(done)) == 10
    assert annotations(done)[-1] == "::error::and 22 more: see the log and the summary"
    assert re.findall(r"^ecschedule.yaml:(\d+):28: .*\[schedule-expression\]$", done.log, re.MULTILINE) == [
        str(line) for line in range(16, 16 + 3 * 30, 3)
    ]


# -- inputs ----------------------------------------------------------------------------------------------------


def test_findings_can_be_allowed_by_the_input(runner: Runner, aws: AwsFront) -> None:
    write(runner, WRONG)
    done = runner.start("push", push(), GIVEN | {"allow": "no-such-container\n\n schedule-expression \n"})
    assert (done.code, annotations(done), written(aws).count("PutTargets")) == (0, [], 2)


def test_a_code_that_does_not_exist_is_named(runner: Runner, aws: AwsFront) -> None:
    done = runner.start("push", push(), GIVEN | {"allow": "no-such-containr"})
    assert (done.code, done.outputs["failure-reason"], aws.calls) == (1, "input", [])
    assert annotations(done) == [
        "::error::`no-such-containr` is no finding's code, so it can't be allowed (did you mean `no-such-container`?)"
    ]


JSONNET = """\
{
  region: 'ap-northeast-1',
  cluster: std.extVar('cluster'),
  rules: [
    { name: 'job-%d' % n, scheduleExpression: 'rate(1 hour)', taskDefinition: std.extVar('FAMILY') }
    for n in std.range(1, std.extVar('jobs'))
  ],
}
"""


@pytest.fixture
def jsonnet(runner: Runner) -> Mapping[str, str]:
    """A config with external variables, and the input that names it."""
    write(runner, JSONNET, "jobs.jsonnet")
    runner.environ["FAMILY"] = "reports"
    return {"config": "jobs.jsonnet"}


def test_jsonnet_gets_its_external_variables_from_the_inputs(
    runner: Runner, aws: AwsFront, jsonnet: Mapping[str, str]
) -> None:
    done = runner.start("push", push(), {**jsonnet, "ext-str": "cluster=batch\nFAMILY", "ext-code": "jobs=1 + 1"})
    assert (done.code, done.outputs["created"]) == (0, "2")
    assert {call.parameters["Rule"] for call in aws.calls if call.operation == "PutTargets"} == {"job-1", "job-2"}


@pytest.mark.parametrize(
    ("ext_str", "ext_code", "reason", "said"),
    [
        ("", "", "config", "file=jobs.jsonnet,line=6,endLine=6,col=27,endColumn=27::undefined external variable: jobs"),
        ("", "jobs=1 +", "config", "the external variable `jobs` fails at 1:4: unexpected end of file"),
        ("NOT_SET", "", "input", "the environment variable `NOT_SET` is not set"),
        ("AWS_SECRET_ACCESS_KEY", "", "input", "may not read the environment variable `AWS_SECRET_ACCESS_KEY`"),
    ],
    ids=["missing", "broken", "not set", "credentials"],
)
def test_an_external_variable_that_cannot_be_had_is_told(
    runner: Runner, aws: AwsFront, jsonnet: Mapping[str, str], ext_str: str, ext_code: str, reason: str, said: str
) -> None:
    given = {**jsonnet, "ext-str": f"cluster=batch\nFAMILY\n{ext_str}", "ext-code": ext_code}
    done = runner.start("push", push(), given)
    assert (done.code, done.outputs["failure-reason"], written(aws)) == (1, reason, [])
    assert said in "\n".join(annotations(done))


# -- hostile text ----------------------------------------------------------------------------------------------

OWNED = r"x\n::error::owned\r\n::stop-commands::y%0A::error::owned @octocat <img src=x>"
FINDINGS = f"""
- name: hostile
  scheduleExpression: "rate({OWNED})"
  taskDefinition: "{OWNED}"
  allow: ["{OWNED}"]
- name: container
  scheduleExpression: rate(2 hours)
  taskDefinition: reports
  containerOverrides:
  - name: "{OWNED}"
"""
ERRORS = f"""
- name: "x\\n::error::owned"
  "{OWNED}": 1
  scheduleExpression: rate(1 hour)
  taskDefinition: reports
"""


@pytest.mark.parametrize(("text", "told"), [(FINDINGS, 4), (ERRORS, 2)], ids=["findings", "errors"])
def test_a_finding_is_no_workflow_command_no_mention_and_no_html(
    runner: Runner, github: GitHubServer, text: str, told: int
) -> None:
    write(runner, CONFIG + text)
    done = runner.start("pull_request", pull_request(), GIVEN)
    mine = re.compile(r"::(add-mask::|(end)?group::|(error|warning) title=esprestack,file=ecschedule\.yaml,line=\d+,)")
    assert [line for line in done.commands if not mine.match(line)] == []
    assert sum("owned" in line for line in annotations(done)) == told
    (comment,) = github.comments[7]
    without_code = re.sub(r"(?ms)^(````*)diff.*?^\1$|(`+)[^`].*?\2", "", comment.body)
    assert "@octocat" not in without_code
    assert "<img" not in without_code

"""However large the plan: a comment that GitHub takes, a summary that the runner keeps, and a report of everything."""

import json
import re

from tests.action.conftest import CONFIG
from tests.support.github_events import pull_request, push
from tests.support.github_server import GitHubServer
from tests.support.runner import Runner

COMMENT, SUMMARY = 65_000, 1_000_000
HEAD = CONFIG.partition("rules:")[0] + "rules:\n"


def rule(name: str, number: int) -> str:
    return (
        f"- name: {name}-{number:03}\n  description: {'described at length, ' * 10}\n"
        f"  scheduleExpression: cron({number % 60} 18 ? * MON-FRI *)\n  taskDefinition: reports\n"
        f"  containerOverrides:\n  - name: app\n    command: [run, {'x' * 1500}]\n    environment: {{N: '{number}'}}\n"
    )


def test_300_changed_rules(runner: Runner, github: GitHubServer) -> None:
    path = runner.workspace / "ecschedule.yaml"
    path.write_text(HEAD + "".join(rule("old", number) for number in range(40)))
    assert runner.start("push", push(), {"require-plan": "off"}).code == 0
    path.write_text(HEAD + "".join(rule("new", number) for number in range(260)))
    done = runner.start(
        "pull_request", pull_request(), {"prune": "true", "max-deletes": "100", "timezone": "Asia/Tokyo"}
    )
    assert (done.code, done.outputs["created"], done.outputs["deleted"]) == (0, "260", "40")
    (comment,) = github.comments[7]
    assert len(comment.body.encode()) <= COMMENT
    assert all(f"- **delete** `old-{number:03}`" in comment.body for number in range(40))
    assert re.search(r"more rows are in the job's summary|more diffs and \d+ more rows", comment.body)
    assert len(done.summary.encode()) <= SUMMARY
    assert all(f"`new-{number:03}`" in done.summary for number in range(260))
    report = (runner.workspace / done.outputs["report"]).read_text()
    assert all(f"<summary>+ create new-{number:03}</summary>" in report for number in range(260))
    plan = json.loads((runner.workspace / done.outputs["plan-json"]).read_text())
    assert len(plan["plans"][0]["changes"]) == 300

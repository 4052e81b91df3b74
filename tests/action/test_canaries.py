"""No secret leaves by any way out, in whatever form it got into a text."""

import base64
import json
import re
import urllib.parse
from collections.abc import Iterator

import pytest
from tests.action.conftest import CONFIG
from tests.support.aws_front import AwsFront
from tests.support.github_events import MERGE_SHA, PullRequest, pull_request, push, schedule
from tests.support.github_server import GitHubServer
from tests.support.runner import Finished, Runner

PLAIN = "canary/Plain+9 & value=%42"
KEY = "-----BEGIN KEY-----\nY2FuYXJ5LWluLWEta2V5LWZpbGU\nc2Vjb25kLWxpbmUtb2YtaXQ\n-----END KEY-----"
TYPED = "typed-into-the-config-9"
SECRETS = json.dumps({"API_URL": PLAIN, "KEY": KEY, "TYPED": TYPED})


def forms() -> Iterator[str]:
    for secret in (PLAIN, KEY, TYPED):
        raw = secret.encode()
        yield secret
        yield json.dumps(secret)[1:-1]
        yield urllib.parse.quote(secret, safe="")
        yield urllib.parse.quote_plus(secret)
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(raw).decode()
            yield from (encode(before + raw + b"@host").decode() for before in (b"", b"u:", b"us:", b"use:"))
    yield from (line for line in KEY.splitlines() if not line.startswith("-----"))


def fragments() -> Iterator[str]:
    """What may be in no way out: all forms, of those in base64 the middle, which says enough."""
    for form in FORMS:
        yield form
        if len(form) > 40 and re.fullmatch(r"[\w+/=-]+", form):
            yield form[8:-12]


FORMS = list(forms())
FRAGMENTS = list(fragments())

EVERYWHERE = [
    "'{{ secret(\"API_URL\") }}'",
    "'x{{ secret(\"API_URL\") }}y'",
    *(json.dumps(form) for form in FORMS),
]
"""Values for a config: by look-up, in the midst of something, and typed in by somebody in all forms."""


def config() -> str:
    entries = "".join(f"      VALUE_{at}: {value}\n" for at, value in enumerate(EVERYWHERE))
    described = "".join(
        f"- name: job-{at}\n  description: {json.dumps(form[:500])}\n  scheduleExpression: rate(3 hours)\n"
        f"  taskDefinition: reports\n"
        for at, form in enumerate(FORMS)
        if "\n" not in form
    )
    return CONFIG.replace("      API_URL: '{{ secret(\"API_URL\") }}'\n", entries) + described


def ways_out(runner: Runner, done: Finished, github: GitHubServer) -> dict[str, str]:
    files = "\n".join(path.read_text() for path in (runner.workspace / "esprestack-out").rglob("*.*"))
    return {
        "log": done.visible_log,
        "summary": done.summary,
        "outputs": json.dumps(dict(done.outputs)),
        "report files": files,
        "what GitHub was sent": "\n".join(json.dumps(request.body) for request in github.requests),
        "comments": "\n".join(comment.body for comments in github.comments.values() for comment in comments),
        "issues": "\n".join(issue.body or "" for issue in github.issues.values()),
    }


@pytest.mark.parametrize("way", ["diff", "apply", "refused apply", "drift", "broken config", "broken template"])
def test_no_canary_is_in_any_way_out(runner: Runner, github: GitHubServer, aws: AwsFront, way: str) -> None:
    given = {"secrets": SECRETS, "fail-on": "nothing"}
    path = runner.workspace / "ecschedule.yaml"
    path.write_text(config())
    assert runner.start("pull_request", pull_request(), given).code == 0
    github.pull_requests[7] = PullRequest(7, state="closed", merge_commit_sha=MERGE_SHA)
    runner.environ["GITHUB_SHA"] = MERGE_SHA
    match way:
        case "diff":
            done = runner.start("pull_request", pull_request(), given)
        case "apply":
            done = runner.start("push", push(), given)
            assert (done.code, aws.count("PutTargets") > 3) == (0, True)
        case "refused apply":
            path.write_text(config().replace("rate(1 hour)", "rate(4 hours)"))
            done = runner.start("push", push(), given | {"require-plan": "match"})
            assert done.outputs["failure-reason"] == "plan-changed"
        case "drift":
            done = runner.start("schedule", schedule(), given)
            assert github.issues
        case "broken config":
            path.write_text(config() + f"- nmae: {json.dumps(PLAIN)}\n  {json.dumps(TYPED)}: x\n")
            done = runner.start("pull_request", pull_request(), given)
            assert done.outputs["failure-reason"] == "config"
        case _:
            path.write_text(config() + f'- name: \'{{{{ must_env("{TYPED}") }}}} {{{{ nope(secret("KEY")) }}}}\'\n')
            done = runner.start("pull_request", pull_request(), given)
            assert done.outputs["failure-reason"] == "config"
    for name, text in ways_out(runner, done, github).items():
        for form in FRAGMENTS:
            assert form not in text, f"{form!r} is in {name}"
            assert json.dumps(form)[1:-1] not in text, f"{form!r} is in {name}"
    assert done.summary

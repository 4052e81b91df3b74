"""What the GitHub of the tests promises, seen through the client that the product uses too."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
import requests
from github import Auth, Github, GithubException
from github.Issue import Issue
from tests.support import github_events
from tests.support.github_events import HEAD_SHA, MERGE_SHA, NO_SHA, Json, PullRequest
from tests.support.github_server import MAX_BODY, GitHubServer, Request, complaints

COMMENTS = "/repos/octo/batch/issues/7/comments"


@contextmanager
def a_client(server: GitHubServer, **more: Any) -> Iterator[Github]:
    client = Github(
        auth=Auth.Token("made-up"),
        base_url=server.url,
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
        **more,
    )
    with client:
        yield client


@pytest.fixture
def server() -> Iterator[GitHubServer]:
    with GitHubServer() as server:
        yield server


@pytest.fixture
def client(server: GitHubServer) -> Iterator[Github]:
    with a_client(server) as client:
        yield client


@pytest.fixture
def seven(client: Github) -> Issue:
    """Pull request 7, where the comments are."""
    return client.get_repo("octo/batch").get_issue(7)


def refused(status: int, call: Callable[..., Any], *args: Any, **kwargs: Any) -> GithubException:
    with pytest.raises(GithubException) as error:
        call(*args, **kwargs)
    assert error.value.status == status
    return error.value


def send(client: Github, method: str, path: str, body: Json | None = None, **query: str) -> tuple[Json, Any]:
    """Headers and content of the answer, for what the client has no method for."""
    return client.requester.requestJsonAndCheck(method, path, parameters=query, input=body)


# Comments


def test_a_comment_that_was_created_can_be_read_edited_and_deleted(server: GitHubServer, seven: Issue) -> None:
    comment = seven.create_comment("2 rules will change")
    assert seven.get_comment(comment.id).body == "2 rules will change"

    comment.edit("3 rules will change")
    assert [one.body for one in seven.get_comments()] == ["3 rules will change"]
    assert [one.body for one in server.comments[7]] == ["3 rules will change"]

    comment.delete()
    assert server.comments[7] == []
    refused(404, seven.get_comment, comment.id)
    server.assert_clean()


def test_an_edit_keeps_when_and_by_whom_a_comment_was_created(server: GitHubServer, seven: Issue) -> None:
    before = server.add_comment(7, "mona", "first")
    seven.get_comment(before.id).edit("second")

    assert server.comments[7] == [replace(before, body="second", updated_at=before.created_at + timedelta(seconds=1))]


def test_comments_are_the_tokens_owners(server: GitHubServer, seven: Issue) -> None:
    assert seven.create_comment("hello").user.login == "github-actions[bot]"

    server.login = "esprestack-app[bot]"
    assert seven.create_comment("hello").user.login == "esprestack-app[bot]"


def test_people_and_other_bots_comment_too(server: GitHubServer, seven: Issue) -> None:
    server.add_comment(7, "mona", "Looks right")
    server.add_comment(7, "renovate[bot]", "Rebased")

    users = [comment.user for comment in seven.get_comments()]
    assert [(user.login, user.type) for user in users] == [("mona", "User"), ("renovate[bot]", "Bot")]


def test_250_comments_are_read_in_three_pages(server: GitHubServer) -> None:
    for number in range(250):
        server.add_comment(7, "mona", f"comment {number}")

    with a_client(server, per_page=100) as client:
        issue = client.get_repo("octo/batch").get_issue(7)
        bodies = [comment.body for comment in issue.get_comments()]

    assert bodies == [f"comment {number}" for number in range(250)]
    assert [request.query for request in server.requests if request.path == COMMENTS] == [
        {"per_page": "100"},
        {"per_page": "100", "page": "2"},
        {"per_page": "100", "page": "3"},
    ]
    server.assert_clean()


def test_a_page_links_to_its_neighbours_and_both_ends(server: GitHubServer, client: Github) -> None:
    for number in range(70):
        server.add_comment(7, "mona", f"comment {number}")

    headers, content = send(client, "GET", COMMENTS, page="2")

    assert len(content) == 30
    assert headers["link"] == (
        f'<{server.url}{COMMENTS}?page=1>; rel="prev", <{server.url}{COMMENTS}?page=3>; rel="next", '
        f'<{server.url}{COMMENTS}?page=3>; rel="last", <{server.url}{COMMENTS}?page=1>; rel="first"'
    )
    assert 'rel="prev"' not in send(client, "GET", COMMENTS)[0]["link"]
    assert 'rel="next"' not in send(client, "GET", COMMENTS, page="3")[0]["link"]


def test_a_page_holds_100_comments_at_most(server: GitHubServer, client: Github) -> None:
    for number in range(101):
        server.add_comment(7, "mona", f"comment {number}")

    assert len(send(client, "GET", COMMENTS, per_page="500")[1]) == 100


def test_a_single_page_links_to_nothing(server: GitHubServer, client: Github) -> None:
    server.add_comment(7, "mona", "hello")

    assert "link" not in send(client, "GET", COMMENTS)[0]


def test_a_comment_has_65536_characters_at_most(server: GitHubServer, seven: Issue) -> None:
    comment = seven.create_comment("é" * MAX_BODY)

    for write in (seven.create_comment, comment.edit):
        error = refused(422, write, "x" * (MAX_BODY + 1))
        assert error.data["message"] == "Validation Failed"
        assert error.data["errors"] == [
            {
                "resource": "IssueComment",
                "code": "unprocessable",
                "field": "data",
                "message": "Body is too long (maximum is 65536 characters)",
            }
        ]
    assert [one.body for one in server.comments[7]] == ["é" * MAX_BODY]
    server.assert_clean()


def test_a_comment_says_something(server: GitHubServer, seven: Issue) -> None:
    refused(422, seven.create_comment, " ")

    assert server.comments[7] == []


def test_what_is_not_there_is_not_found(server: GitHubServer, client: Github) -> None:
    refused(404, client.get_repo, "octo/other")
    repository = client.get_repo("octo/batch")
    refused(404, repository.get_pull, 8)
    refused(404, repository.get_issue, 8)
    refused(404, send, client, "POST", "/repos/octo/batch/issues/8/comments", {"body": "hello"})
    with pytest.raises(LookupError, match="no pull request 8"):
        server.add_comment(8, "mona", "hello")
    server.assert_clean()


# Repository, pull requests, commits, issues


def test_the_repository_says_its_default_branch(server: GitHubServer, client: Github) -> None:
    server.default_branch = "trunk"

    repository = client.get_repo("octo/batch")
    assert (repository.full_name, repository.default_branch) == ("octo/batch", "trunk")
    assert repository.permissions.push


def test_a_pull_request_from_a_fork_has_another_head_repository(server: GitHubServer, client: Github) -> None:
    server.pull_requests[8] = PullRequest(8, head_sha=MERGE_SHA, base_ref="release", fork=True, login="hubot")

    pull = client.get_repo("octo/batch").get_pull(8)
    assert (pull.head.repo.full_name, pull.head.repo.fork) == ("hubot/batch", True)
    assert (pull.base.repo.full_name, pull.base.ref, pull.head.sha) == ("octo/batch", "release", MERGE_SHA)
    server.assert_clean()


def test_a_commit_tells_the_pull_request_that_it_heads_or_came_in_by(server: GitHubServer, client: Github) -> None:
    server.pull_requests[8] = PullRequest(8, head_sha="a" * 40, state="closed", merge_commit_sha=MERGE_SHA)
    repository = client.get_repo("octo/batch")

    def numbers(sha: str) -> list[int]:
        return [pull.number for pull in repository.get_commit(sha).get_pulls()]

    assert [numbers(HEAD_SHA), numbers(MERGE_SHA), numbers("b" * 40)] == [[7], [8], []]
    refused(422, repository.get_commit, "main")
    server.assert_clean()


def test_an_issue_can_be_opened_found_by_its_label_and_closed(server: GitHubServer, client: Github) -> None:
    repository = client.get_repo("octo/batch")
    issue = repository.create_issue("Drift", body="1 rule differs", labels=["esprestack"])
    assert issue.number == 8
    server.add_issue("Something else", login="mona")

    assert [one.title for one in repository.get_issues(labels=["esprestack"])] == ["Drift"]
    issue.edit(state="closed")
    assert [one.title for one in repository.get_issues(labels=["esprestack"])] == []
    assert (server.issues[8].state, server.issues[8].state_reason) == ("closed", "completed")
    issue.edit(body="2 rules differ", state="open")
    assert (server.issues[8].body, server.issues[8].state_reason) == ("2 rules differ", "reopened")
    issue.create_comment("Still there")
    assert [comment.body for comment in server.comments[8]] == ["Still there"]
    server.assert_clean()


def test_pull_requests_are_listed_among_the_issues(server: GitHubServer, client: Github) -> None:
    server.add_issue("Drift")

    issues = list(client.get_repo("octo/batch").get_issues(state="all"))
    assert [(one.number, one.pull_request is not None) for one in issues] == [(8, False), (7, True)]
    server.assert_clean()


# Who may do what


def test_an_apps_token_is_not_told_who_it_is(client: Github) -> None:
    error = refused(403, lambda: client.get_user().login)

    assert error.data["message"] == "Resource not accessible by integration"


def test_a_persons_token_is_told_who_it_is(server: GitHubServer, client: Github) -> None:
    server.app_token, server.login = False, "mona"

    assert client.get_user().login == "mona"


def test_a_read_only_token_reads_but_writes_nothing(server: GitHubServer, seven: Issue) -> None:
    server.permissions = "read"
    server.add_comment(7, "mona", "hello")
    [comment] = seven.get_comments()

    for write in (lambda: seven.create_comment("hi"), lambda: comment.edit("hi"), comment.delete):
        assert refused(403, write).data == {
            "message": "Resource not accessible by integration",
            "documentation_url": "https://docs.github.com/rest",
            "status": "403",
        }
    assert [one.body for one in server.comments[7]] == ["hello"]
    server.assert_clean()


@pytest.mark.parametrize(
    ("headers", "message"),
    [({}, "Requires authentication"), ({"Authorization": "Bearer "}, "Bad credentials")],
)
def test_nobody_writes_without_a_token(server: GitHubServer, headers: dict[str, str], message: str) -> None:
    answer = requests.post(server.url + COMMENTS, json={"body": "hello"}, headers=headers, timeout=5)

    assert (answer.status_code, answer.json()["message"]) == (401, message)
    assert server.comments[7] == []


# What goes wrong when it is told to


def test_a_failure_comes_once_and_nothing_is_stored(server: GitHubServer, seven: Issue) -> None:
    server.fail_next("POST", r"/comments$", 502)

    refused(502, seven.create_comment, "hello")
    assert server.comments[7] == []
    seven.create_comment("hello")
    assert len(server.comments[7]) == 1
    server.assert_clean()


def test_a_failure_may_come_after_the_write(server: GitHubServer, seven: Issue) -> None:
    server.fail_next("POST", r"/comments$", 504, "<html>Gateway Time-out</html>", after_storing=True)

    refused(504, seven.create_comment, "hello")
    assert [comment.body for comment in server.comments[7]] == ["hello"]


def test_a_failure_may_come_several_times_and_only_where_it_is_asked_for(server: GitHubServer, seven: Issue) -> None:
    server.fail_next("PATCH", r"/issues/comments/\d+$", 500, times=2)

    comment = seven.create_comment("hello")
    refused(500, comment.edit, "one")
    refused(500, comment.edit, "two")
    comment.edit("three")
    assert server.comments[7][0].body == "three"


def test_a_rate_limit_says_when_to_come_back(server: GitHubServer, client: Github) -> None:
    body = {"message": "You have exceeded a secondary rate limit.", "documentation_url": "https://docs.github.com"}
    server.fail_next("GET", "", 403, body, {"Retry-After": "60", "X-RateLimit-Remaining": "0"})

    error = refused(403, client.get_repo, "octo/batch")
    assert error.headers is not None
    assert (error.headers["retry-after"], error.headers["x-ratelimit-remaining"]) == ("60", "0")
    assert error.data == body


@pytest.mark.parametrize(("after_storing", "stored"), [(True, 1), (False, 0)])
def test_an_answer_may_be_lost(server: GitHubServer, seven: Issue, after_storing: bool, stored: int) -> None:
    server.drop_next("POST", r"/comments$", after_storing=after_storing)

    with pytest.raises(requests.ConnectionError):
        seven.create_comment("hello")
    assert len(server.comments[7]) == stored


def test_answers_tell_the_rate_limit_and_their_number(server: GitHubServer, client: Github) -> None:
    first, second = (send(client, "GET", COMMENTS)[0] for _ in range(2))

    assert (first["x-ratelimit-limit"], first["x-ratelimit-remaining"]) == ("1000", "999")
    assert second["x-ratelimit-used"] == "2"
    assert first["x-github-request-id"] != second["x-github-request-id"]


# Violations


def test_requests_are_recorded(server: GitHubServer, client: Github) -> None:
    send(client, "GET", COMMENTS, page="1")
    send(client, "POST", COMMENTS, {"body": "hello"})

    assert server.requests == [
        Request("GET", COMMENTS, {"page": "1"}),
        Request("POST", COMMENTS, body={"body": "hello"}),
    ]
    assert server.writes() == [Request("POST", COMMENTS, body={"body": "hello"})]
    assert server.requests[0].headers["authorization"] == "token made-up"


def broken_by(server: GitHubServer, client: Github, method: str, path: str, body: Json) -> list[str]:
    refused(500, send, client, method, path, body)
    assert server.comments[7] == []
    assert server.issues == {}
    return server.violations


def test_an_unknown_member_of_a_request_is_a_violation(server: GitHubServer, client: Github) -> None:
    assert broken_by(server, client, "POST", COMMENTS, {"body": "hello", "pinned": True}) == [
        f"POST {COMMENTS}: request pinned: isn't known (ReposOwnerRepoIssuesIssueNumberCommentsPostBody)"
    ]


def test_an_unknown_member_deep_in_a_request_is_a_violation(server: GitHubServer, client: Github) -> None:
    body = {"title": "Drift", "labels": ["drift", {"name": "esprestack", "colour": "red"}]}
    assert broken_by(server, client, "POST", "/repos/octo/batch/issues", body) == [
        "POST /repos/octo/batch/issues: request labels.1.colour: isn't known (ReposOwnerRepoIssuesPostBody)"
    ]


@pytest.mark.parametrize("body", [{}, {"body": None}, {"body": 7}])
def test_a_missing_or_wrong_member_of_a_request_is_a_violation(
    server: GitHubServer, client: Github, body: Json
) -> None:
    [violation] = broken_by(server, client, "POST", COMMENTS, body)

    assert violation.startswith(f"POST {COMMENTS}: request body: ")


def test_a_request_that_is_no_json_is_a_violation(server: GitHubServer) -> None:
    answer = requests.post(server.url + COMMENTS, data="body=hello", timeout=5)

    assert answer.status_code == 500
    assert "Invalid JSON" in server.violations[0]


def test_what_the_server_would_ignore_is_a_violation(server: GitHubServer, client: Github) -> None:
    issues = "/repos/octo/batch/issues"
    refused(500, send, client, "GET", issues, since="2026-01-01T00:00:00Z")
    refused(500, send, client, "POST", issues, {"title": "Drift", "assignees": ["mona"]})

    assert server.violations == [
        f"GET {issues}: query since: isn't served here",
        f"POST {issues}: request assignees: isn't served here",
    ]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/repos/octo/batch/labels"), ("PUT", COMMENTS), ("PATCH", "/user")]
)
def test_what_is_not_served_is_a_violation(server: GitHubServer, client: Github, method: str, path: str) -> None:
    refused(404, send, client, method, path)

    assert server.violations == [f"{method} {path}: isn't served here"]


def test_a_wrong_answer_of_the_server_itself_is_a_violation(server: GitHubServer, client: Github) -> None:
    comment = server.add_comment(7, "mona", "hello")
    server.comments[7] = [replace(comment, body=cast("str", 7))]

    refused(500, send, client, "GET", COMMENTS)
    assert server.violations[0].startswith(f"GET {COMMENTS}: our answer 0.body.")


def test_all_violations_are_told_at_once(server: GitHubServer, client: Github) -> None:
    server.assert_clean()
    refused(404, send, client, "GET", "/emojis")
    refused(404, send, client, "GET", "/zen")

    with pytest.raises(AssertionError, match=r"(?s)GET /emojis: .*GET /zen: "):
        server.assert_clean()


def test_an_enterprise_server_has_its_api_below_a_path() -> None:
    with GitHubServer(base_path="/api/v3") as server, a_client(server) as client:
        for number in range(31):
            server.add_comment(7, "mona", f"comment {number}")
        issue = client.get_repo("octo/batch").get_issue(7)
        comments = list(issue.get_comments())

        assert server.url.endswith("/api/v3")
        assert comments[30].url == f"{server.url}/repos/octo/batch/issues/comments/{comments[30].id}"
        assert server.requests[-1] == Request("GET", COMMENTS, {"page": "2"})
        server.assert_clean()

        root = server.url.removesuffix("/api/v3")
        assert requests.get(root + COMMENTS, timeout=5).status_code == 404
        assert server.violations == [f"GET {COMMENTS}: isn't served here"]


# Events


@pytest.mark.parametrize(
    ("model", "payload"),
    [
        ("WebhookPullRequestSynchronize", github_events.pull_request()),
        ("WebhookPullRequestSynchronize", github_events.pull_request(8, fork=True)),
        ("WebhookPullRequestSynchronize", github_events.pull_request_target(base_ref="release")),
        ("WebhookPullRequestOpened", github_events.pull_request(action="opened")),
        ("WebhookPullRequestReopened", github_events.pull_request(action="reopened")),
        ("WebhookPullRequestClosed", github_events.pull_request(action="closed")),
        ("WebhookPullRequestClosed", github_events.pull_request(action="closed", merged=True)),
        ("WebhookPullRequestEdited", github_events.pull_request(action="edited")),
        ("WebhookPullRequestReadyForReview", github_events.pull_request(action="ready_for_review")),
        ("WebhookPullRequestConvertedToDraft", github_events.pull_request(action="converted_to_draft")),
        ("WebhookPush", github_events.push()),
        ("WebhookPush", github_events.push("refs/tags/v1", before=NO_SHA)),
        ("WebhookPush", github_events.push("refs/heads/more-jobs", after=NO_SHA)),
        ("WebhookMergeGroupChecksRequested", github_events.merge_group()),
        ("WebhookWorkflowDispatch", github_events.workflow_dispatch()),
        ("WebhookWorkflowDispatch", github_events.workflow_dispatch(inputs={"apply": "true"})),
    ],
)
def test_an_events_payload_is_as_github_describes_it(model: str, payload: Json) -> None:
    assert complaints(model, json.dumps(payload)) == []


def test_an_event_says_what_it_was_asked_to_say() -> None:
    pull = github_events.pull_request(8, head_sha=MERGE_SHA, base_ref="release", default_branch="trunk")
    assert (pull["number"], pull["after"], pull["pull_request"]["head"]["sha"]) == (8, MERGE_SHA, MERGE_SHA)
    assert pull["pull_request"]["base"]["ref"] == "release"
    assert pull["repository"]["default_branch"] == "trunk"

    fork = github_events.pull_request(fork=True)["pull_request"]
    assert fork["head"]["repo"]["full_name"] == "mona/batch"
    assert fork["base"]["repo"]["full_name"] == "octo/batch"

    deleted = github_events.push(after=NO_SHA)
    assert (deleted["deleted"], deleted["head_commit"]) == (True, None)


def test_a_schedule_says_its_cron_and_repository() -> None:
    event = github_events.schedule("15 4 * * *", repository="octo/nightly")

    assert event["schedule"] == "15 4 * * *"
    assert event["workflow"] == ".github/workflows/esprestack.yml"
    assert event["repository"]["full_name"] == "octo/nightly"


def test_an_event_is_written_to_a_file(tmp_path: Path) -> None:
    path = github_events.write_event(tmp_path / "event.json", github_events.push())

    assert json.loads(path.read_text()) == github_events.push()


def test_a_member_that_github_does_not_know_is_a_complaint() -> None:
    event = github_events.pull_request()
    event["pull_request"]["head"]["branch"] = "more-jobs"

    assert complaints("WebhookPullRequestSynchronize", json.dumps(event)) == [
        "pull_request.head.branch: isn't known (WebhookPullRequestSynchronize)"
    ]

"""A server on loopback that is GitHub's REST API for one repository: what is written can be read back.

In come the requests of any client whose API base is `GitHubServer.url`; out go answers as GitHub's description
(REST API 2026-03-10) has them. Request bodies and our own answers are held against it: what breaks it, and what
isn't served here, is a violation. It is answered with an error, and `assert_clean` tells all of them.
"""

import json
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from threading import Lock, Thread
from types import GenericAlias
from typing import Any, Literal, Self, TypeAlias, TypeVar, cast
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from pydantic import BaseModel, TypeAdapter, ValidationError
from tests.support.github_events import (
    BASE_SHA,
    DEFAULT_BRANCH,
    MOMENT,
    PERSON,
    REPOSITORY,
    Json,
    PullRequest,
    Site,
    a_full_pull_request,
    a_pull_request,
    a_repository,
    a_user,
)

Permissions: TypeAlias = Literal["read", "write"]

API_VERSION = "2026-03-10"
DESCRIPTION = "githubkit_schemas.v2026_03_10.models"

# https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
DEFAULT_PER_PAGE = 30
MAX_PER_PAGE = 100

# The description doesn't name it; GitHub's answer to a longer body does.
MAX_BODY = 65_536

# https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
CALLS_PER_HOUR = {"app": 1_000, "user": 5_000}


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came in."""

    method: str
    path: str
    """Without the base path."""
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)
    """The names are in lower case."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment as it is now: an edit puts another in its place."""

    id: int
    login: str
    body: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue as it is now: an edit puts another in its place."""

    number: int
    title: str
    body: str | None
    login: str
    created_at: datetime
    updated_at: datetime
    labels: tuple[str, ...] = ()
    state: Literal["open", "closed"] = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None


class GitHubServer:
    """`with GitHubServer() as server:` serves a repository with the open pull request 7 at `server.url`.

    With `base_path` (`/api/v3`) it stands where GitHub Enterprise Server has its API. All attributes may be read
    and set at any time.
    """

    def __init__(
        self,
        repository: str = REPOSITORY,
        *,
        base_path: str = "",
        login: str = "github-actions[bot]",
        permissions: Permissions = "write",
        app_token: bool = True,
        default_branch: str = DEFAULT_BRANCH,
    ) -> None:
        self.repository = repository
        self.base_path = base_path.rstrip("/")
        self.login = login
        """Whose token it is, whatever the token."""
        self.permissions: Permissions = permissions
        """With `read` all writes are refused, as for pull requests from forks."""
        self.app_token = app_token
        """An app's token, as GITHUB_TOKEN is one: it isn't told who it is."""
        self.default_branch = default_branch
        self.pull_requests: dict[int, PullRequest] = {7: PullRequest(7)}
        self.issues: dict[int, Issue] = {}
        self.runs: list[tuple[str, str, str]] = []
        """Runs of workflows in progress: file, event and branch."""
        self.comments: dict[int, list[Comment]] = defaultdict(list)
        """By the number of the pull request or issue, the oldest first."""
        self.minimized: dict[int, str] = {}
        """Why, by the ids of the comments that were minimised."""
        self.delay: Callable[[], float] = lambda: 0.0
        """Seconds that a request is on its way, and its answer: asked for each anew."""
        self.requests: list[Request] = []
        self.violations: list[str] = []
        self._faults: list[_Fault] = []
        self._now = datetime.fromisoformat(MOMENT)
        self._last_comment = 1_000
        self._lock = Lock()
        self._server: _Server | None = None
        self._thread: Thread | None = None

    def __enter__(self) -> Self:
        self._server = _Server(self._respond)
        self._thread = Thread(target=self._server.serve_forever, args=(0.005,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server and self._thread:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    @property
    def url(self) -> str:
        """What GITHUB_API_URL is set to."""
        if not self._server:
            raise RuntimeError("The server isn't started: use it in a with statement.")
        return f"http://127.0.0.1:{self._server.server_port}{self.base_path}"

    @property
    def _graphql(self) -> str:
        """Where GraphQL is asked: on GitHub Enterprise Server beside the REST API, not in it."""
        return f"{self.base_path.removesuffix('/v3')}/graphql"

    @property
    def site(self) -> Site:
        return Site(self.url, self.url.removesuffix(self.base_path) if self.base_path else "https://github.com")

    # What was asked

    def writes(self) -> list[Request]:
        return [request for request in self.requests if request.method != "GET"]

    def assert_clean(self) -> None:
        """Raises AssertionError with all violations, if there are any."""
        if self.violations:
            raise AssertionError("GitHub's description was broken:\n" + "\n".join(self.violations))

    # What others did

    def add_comment(self, number: int, login: str, body: str) -> Comment:
        if number not in self.pull_requests and number not in self.issues:
            raise LookupError(f"There is no pull request {number}: put it into `pull_requests` first.")
        self._last_comment += 1
        now = self._tick()
        comment = Comment(self._last_comment, login, body, now, now)
        self.comments[number].append(comment)
        return comment

    def add_issue(
        self, title: str, body: str | None = None, *, labels: Iterable[str] = (), login: str = PERSON
    ) -> Issue:
        now = self._tick()
        number = max([*self.pull_requests, *self.issues], default=0) + 1
        self.issues[number] = Issue(number, title, body, login, now, now, tuple(labels))
        return self.issues[number]

    # What goes wrong

    def fail_next(
        self,
        method: str,
        path_regex: str,
        status: int,
        body: Json | str | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        times: int = 1,
        after_storing: bool = False,
    ) -> None:
        """Answers the next `times` requests of the method whose path has a match of the pattern with an error.

        With `after_storing` they are carried out before. Without `body` the answer says the status in words.
        """
        content = _error(status, HTTPStatus(status).phrase) if body is None else body
        answer = _Answer(status, content, tuple((headers or {}).items()))
        self._faults.append(_Fault(method, path_regex, answer, after_storing, times))

    def drop_next(self, method: str, path_regex: str, *, times: int = 1, after_storing: bool = True) -> None:
        """Closes the connection without an answer, once the request was carried out or instead of it."""
        self._faults.append(_Fault(method, path_regex, None, after_storing, times))

    # How a request is answered

    def _respond(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> "_Answer | None":
        time.sleep(self.delay())
        answer = self._answered(method, target, headers, body)
        time.sleep(self.delay())
        return answer

    def _answered(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> "_Answer | None":
        with self._lock:
            request, route, fields = self._read(method, target, headers, body)
            self.requests.append(request)
            fault = self._fault_for(request)
            try:
                if not route:
                    raise _ViolationError(["isn't served here"], HTTPStatus.NOT_FOUND)
                _check_request(route, request, body)
                if fault and not fault.after_storing:
                    return self._numbered(fault.answer)
                answer = self._carry_out(route, request, fields)
                _check_answer(route, answer)
            except _ViolationError as violation:
                said = [f"{method} {request.path}: {complaint}" for complaint in violation.complaints]
                self.violations.extend(said)
                return self._numbered(_Answer(violation.status, _error(violation.status, "; ".join(said))))
            return self._numbered(fault.answer if fault else answer)

    def _read(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> "tuple[Request, _Route | None, Mapping[str, str]]":
        parts = urlsplit(target)
        path = unquote(parts.path)
        inside = path.startswith(f"{self.base_path}/")
        path = path.removeprefix(self.base_path) if inside else path
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        request = Request(method, path, query, _json_or_text(body), headers)
        if (method, unquote(parts.path)) == ("POST", self._graphql):
            return request, _GRAPHQL, {}
        for route in _ROUTES if inside else ():
            if found := route.match(request):
                return request, route, found.groupdict()
        return request, None, {}

    def _fault_for(self, request: Request) -> "_Fault | None":
        for fault in self._faults:
            if fault.times and fault.method == request.method and re.search(fault.path, request.path):
                fault.times -= 1
                return fault
        return None

    def _carry_out(self, route: "_Route", request: Request, fields: Mapping[str, str]) -> "_Answer":
        try:
            self._check_token(request, required=request.method != "GET" or request.path == "/user")
            if fields.get("repository", self.repository).lower() != self.repository.lower():
                raise _not_found()
            if request.method != "GET" and self.permissions == "read" and route is not _GRAPHQL:
                raise _RefusalError(HTTPStatus.FORBIDDEN, "Resource not accessible by integration")
            return route.act(self, request, fields)
        except _RefusalError as refusal:
            return refusal.answer

    def _check_token(self, request: Request, *, required: bool) -> None:
        header = request.headers.get("authorization")
        if header is None and required:
            raise _RefusalError(HTTPStatus.UNAUTHORIZED, "Requires authentication")
        if header is not None and not re.fullmatch(r"(?i:bearer|token) \S+", header):
            raise _RefusalError(HTTPStatus.UNAUTHORIZED, "Bad credentials")

    def _numbered(self, answer: "_Answer | None") -> "_Answer | None":
        """With the headers that GitHub sends with each answer; those of the answer go before."""
        if answer is None:
            return None
        limit = CALLS_PER_HOUR["app" if self.app_token else "user"]
        used = len(self.requests)
        headers = {
            "X-GitHub-Request-Id": f"E5C0:{used:04X}:1A2B3C:4D5E6F:672590F0",
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-GitHub-Api-Version-Selected": API_VERSION,
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(limit - used, 0)),
            "X-RateLimit-Used": str(used),
            "X-RateLimit-Reset": str(int(time.time()) + 3600),
            "X-RateLimit-Resource": "core",
        }
        given = {name.lower() for name, _ in answer.headers}
        common = ((name, value) for name, value in headers.items() if name.lower() not in given)
        return replace(answer, headers=(*answer.headers, *common))

    def _tick(self) -> datetime:
        """Each write is a second later than the one before: tests needn't wait to see what came first."""
        self._now += timedelta(seconds=1)
        return self._now


# Operations


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    content: Json | list[Json] | str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def body(self) -> bytes:
        if self.content is None:
            return b""
        return (self.content if isinstance(self.content, str) else json.dumps(self.content)).encode()


_Fields: TypeAlias = Mapping[str, str]


def _get_user(server: GitHubServer, request: Request, fields: _Fields) -> _Answer:
    if server.app_token:
        raise _RefusalError(HTTPStatus.FORBIDDEN, "Resource not accessible by integration")
    known = ("name", "company", "location", "email", "hireable", "bio", "twitter_username")
    numbers = ("public_repos", "public_gists", "followers", "following")
    content = a_user(server.login, server.site) | dict.fromkeys(known) | dict.fromkeys(numbers, 0)
    return _Answer(200, content | {"blog": "", "created_at": MOMENT, "updated_at": MOMENT})


def _get_repository(server: GitHubServer, request: Request, fields: _Fields) -> _Answer:
    push = server.permissions == "write"
    content = a_repository(server.repository, server.default_branch, server.site)
    return _Answer(
        200,
        content
        | {"subscribers_count": 0, "network_count": 0}
        | {"permissions": {"admin": False, "maintain": False, "push": push, "triage": push, "pull": True}},
    )


def _get_pull_request(server: GitHubServer, request: Request, fields: _Fields) -> _Answer:
    number = int(fields["number"])
    if number not in server.pull_requests:
        raise _not_found()
    pull, comments = server.pull_requests[number], len(server.comments[number])
    return _Answer(
        200,
        a_full_pull_request(pull, server.repository, server.default_branch, server.site, comments=comments),
    )


def _get_commit(server: GitHubServer, request: Request, fields: _Fields) -> _Answer:
    """All commits exist, and say the same."""
    sha = _checked_sha(fields)
    api = f"{server.site.api}/repos/{server.repository}"
    url = f"{api}/commits/{sha}"
    person = {"name": PERSON, "email": f"{PERSON}@users.noreply.github.com", "date": MOMENT}
    author = a_user(PERSON, server.site)
    return _Answer(
        200,
        {
            "url": url,
            "sha": sha,
            "node_id": f"C_{sha}",
            "html_url": f"{server.site.web}/{server.repository}/commit/{sha}",
            "comments_url": f"{url}/comments",
            "commit": {
                "url": f"{api}/git/commits/{sha}",
                "author": person,
                "committer": person,
                "message": "Run the nightly batch earlier",
                "comment_count": 0,
                "tree": {"sha": BASE_SHA, "url": f"{api}/git/trees/{BASE_SHA}"},
            },
            "author": author,
            "committer": author,
            "parents": [],
            "files": [],
        },
    )


def _list_pull_requests_of_commit(server: GitHubServer, request: Request, fields: _Fields) -> _Answer:
    """Those that the commit is the head of or came in by; none for a commit that nobody knows."""
    sha = _checked_sha(fields)
    found = [
        pull for pull in server.pull_requests.values() if sha in (pull.head_sha, pull.merge_commit_sha, *pull.commits)
    ]
    return _page(
        server,
        request,
        found,
        lambda pull: a_pull_request(pull, server.repository, server.default_branch, server.site),
    )


def _list_pull_requests(server: GitHubServer, request: Request, fields: _Fields) -> _Answer:
    """Sorted by their numbers, whatever was asked for: nothing here happens to a pull request later."""
    state, base = request.query.get("state", "open"), request.query.get("base")
    found = [
        pull for pull in server.pull_requests.values() if state in (pull.state, "all") and base in (pull.base_ref, None)
    ]
    found.sort(key=lambda pull: pull.number, reverse=request.query.get("direction") == "desc")
    return _page(
        server,
        request,
        found,
        lambda pull: a_pull_request(pull, server.repository, server.default_branch, server.site),
    )


def _list_issues(server: GitHubServer, request: Request, fields: _Fields) -> _Answer:
    """Pull requests are issues too, and GitHub lists them with the others."""
    state = request.query.get("state", "open")
    if state not in ("open", "closed", "all"):
        raise _invalid({"resource": "Issue", "field": "state", "code": "invalid", "value": state})
    labels = {label for label in request.query.get("labels", "").split(",") if label}
    creator = request.query.get("creator")
    found = [
        issue
        for issue in (*server.issues.values(), *map(_as_issue, server.pull_requests.values()))
        if state in (issue.state, "all")
        if labels <= set(issue.labels)
        if creator in (issue.login, None)
    ]
    newest_first = sorted(found, key=lambda issue: -issue.number)
    return _page(server, request, newest_first, lambda issue: _issue(server, issue))


def _get_issue(server: GitHubServer, request: Request, fields: _Fields) -> _Answer:
    return _Answer(200, _issue(server, _known_issue(server, fields)))


def _create_issue(server: GitHubServer, request: Request, fields: _Fields) -> _Answer:
    given = _checked_issue(request.body)
    issue = server.add_issue(given["title"], given.get("body"), labels=given.get("labels", ()), login=server.login)
    content = _issue(server, issue)
    return _Answer(201, content, (("Location", content["url"]),))


def _update_issue(server: GitHubServer, request: Request, fields: _Fields) -> _Answer:
    old = _known_issue(server, fields)
    if old.number in server.pull_requests:
        raise _ViolationError(["changing a pull request as an issue isn't served here"])
    now = server._tick()
    new = replace(old, **_checked_issue(request.body), updated_at=now)
    if new.state != old.state:
        closed = new.state == "closed"
        reason = request.body.get("state_reason") or ("completed" if closed else "reopened")
        new = replace(new, state_reason=reason, closed_at=now if closed else None)
    else:
        new = replace(new, state_reason=old.state_reason)  # ignored unless the state changes
    server.issues[old.number] = new
    return _Answer(200, _issue(server, new))


def _list_comments(server: GitHubServer, request: Request, fields: _Fields) -> _Answer:
    number = _known_issue(server, fields).number
    return _page(server, request, server.comments[number], lambda comment: _comment(server, number, comment))


def _create_comment(server: GitHubServer, request: Request, fields: _Fields) -> _Answer:
    number = _known_issue(server, fields).number
    comment = server.add_comment(number, server.login, _checked_comment(request.body))
    content = _comment(server, number, comment)
    return _Answer(201, content, (("Location", content["url"]),))


def _get_comment(server: GitHubServer, request: Request, fields: _Fields) -> _Answer:
    number, index = _known_comment(server, fields)
    return _Answer(200, _comment(server, number, server.comments[number][index]))


def _update_comment(server: GitHubServer, request: Request, fields: _Fields) -> _Answer:
    number, index = _known_comment(server, fields)
    body = _checked_comment(request.body)
    comment = replace(server.comments[number][index], body=body, updated_at=server._tick())
    server.comments[number][index] = comment
    return _Answer(200, _comment(server, number, comment))


def _delete_comment(server: GitHubServer, request: Request, fields: _Fields) -> _Answer:
    number, index = _known_comment(server, fields)
    del server.comments[number][index]
    return _Answer(204)


def _minimize_comment(server: GitHubServer, request: Request, fields: _Fields) -> _Answer:
    """The only mutation that is known here: https://docs.github.com/en/graphql/reference/mutations#minimizecomment."""
    if set(request.body) != {"query", "variables"} or "minimizeComment(input: $input)" not in request.body["query"]:
        raise _ViolationError(["this GraphQL isn't served here"])
    given = request.body["variables"]["input"]
    node, reason = given["subjectId"], given["classifier"]
    found = [comment.id for comments in server.comments.values() for comment in comments if f"IC_{comment.id}" == node]
    if server.permissions == "read" or not found:
        kind = "FORBIDDEN" if found else "NOT_FOUND"
        message = "Resource not accessible by integration" if found else f"Could not resolve to a node: {node}"
        return _Answer(200, {"data": {"minimizeComment": None}, "errors": [{"type": kind, "message": message}]})
    server.minimized[found[0]] = reason
    return _Answer(200, {"data": {"minimizeComment": {"minimizedComment": {"isMinimized": True}}}})


def _list_runs(server: GitHubServer, request: Request, fields: _Fields) -> _Answer:
    event, status = request.query.get("event"), request.query.get("status", "in_progress")
    found = [run for run in server.runs if event in (run[1], None) and status == "in_progress"]
    answer = _page(server, request, found, lambda run: _run(server, *run))
    return replace(answer, content={"total_count": len(found), "workflow_runs": answer.content})


# Their parts


def _run(server: GitHubServer, path: str, event: str, branch: str) -> Json:
    repository = a_repository(server.repository, server.default_branch, server.site)
    url = f"{repository['url']}/actions/runs/30"
    links = ("jobs", "logs", "check_suite", "artifacts", "cancel", "rerun", "workflow")
    person = {"name": PERSON, "email": f"{PERSON}@users.noreply.github.com"}
    head = {"id": BASE_SHA, "tree_id": BASE_SHA, "message": "m", "timestamp": MOMENT, "author": person}
    return {
        "id": 30,
        "node_id": "WFR_30",
        "head_branch": branch,
        "head_sha": BASE_SHA,
        "path": path,
        "display_title": "Run the nightly batch earlier",
        "run_number": 3,
        "event": event,
        "status": "in_progress",
        "conclusion": None,
        "workflow_id": 5,
        "url": url,
        "html_url": url,
        "pull_requests": [],
        "created_at": MOMENT,
        "updated_at": MOMENT,
        **{f"{name}_url": f"{url}/{name}" for name in links},
        "head_commit": head | {"committer": person},
        "repository": repository,
        "head_repository": repository,
    }


def _checked_sha(fields: _Fields) -> str:
    sha = fields["sha"]
    if not re.fullmatch(r"[0-9a-f]{40}", sha):
        raise _RefusalError(HTTPStatus.UNPROCESSABLE_ENTITY, f"No commit found for SHA: {sha}")
    return sha


def _known_issue(server: GitHubServer, fields: _Fields) -> Issue:
    number = int(fields["number"])
    if issue := server.issues.get(number):
        return issue
    if pull := server.pull_requests.get(number):
        return _as_issue(pull)
    raise _not_found()


def _known_comment(server: GitHubServer, fields: _Fields) -> tuple[int, int]:
    for number, comments in server.comments.items():
        for index, comment in enumerate(comments):
            if comment.id == int(fields["id"]):
                return number, index
    raise _not_found()


def _as_issue(pull: PullRequest) -> Issue:
    then = datetime.fromisoformat(MOMENT)
    closed_at = None if pull.state == "open" else then
    return Issue(pull.number, pull.title, pull.body, pull.login, then, then, state=pull.state, closed_at=closed_at)


def _checked_comment(body: Json) -> str:
    text: str = body["body"]
    problem = {"resource": "IssueComment", "code": "unprocessable", "field": "data"}
    if not text.strip():
        raise _invalid(problem | {"message": "Body cannot be blank"})
    if len(text) > MAX_BODY:
        raise _invalid(problem | {"message": f"Body is too long (maximum is {MAX_BODY} characters)"})
    return text


def _checked_issue(body: Json) -> Json:
    """The members as `Issue` has them."""
    if len(body.get("body") or "") > MAX_BODY:
        message = f"body is too long (maximum is {MAX_BODY} characters)"
        raise _invalid({"resource": "Issue", "code": "custom", "field": "body", "message": message})
    checked = dict(body)
    if "title" in body:
        checked["title"] = str(body["title"])
    if "labels" in body:
        checked["labels"] = tuple(label if isinstance(label, str) else label["name"] for label in body["labels"])
    return checked


def _issue(server: GitHubServer, issue: Issue) -> Json:
    site = server.site
    kind = "pull" if issue.number in server.pull_requests else "issues"
    page = f"{site.web}/{server.repository}/{kind}/{issue.number}"
    repository = f"{site.api}/repos/{server.repository}"
    url = f"{repository}/issues/{issue.number}"
    content = {
        "id": 9_000 + issue.number,
        "node_id": f"I_{issue.number}",
        "url": url,
        "repository_url": repository,
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "html_url": page,
        "number": issue.number,
        "title": issue.title,
        "body": issue.body,
        "state": issue.state,
        "state_reason": issue.state_reason,
        "user": a_user(issue.login, site),
        "labels": [_label(repository, label) for label in issue.labels],
        "assignees": [],
        "milestone": None,
        "locked": False,
        "active_lock_reason": None,
        "comments": len(server.comments[issue.number]),
        "created_at": _time(issue.created_at),
        "updated_at": _time(issue.updated_at),
        "closed_at": _time(issue.closed_at) if issue.closed_at else None,
        "closed_by": None,
        "author_association": _association(issue.login),
        "performed_via_github_app": None,
        "reactions": _reactions(url),
    }
    if kind == "issues":
        return content
    pull = server.pull_requests[issue.number]
    links = {
        "url": f"{repository}/pulls/{issue.number}",
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "merged_at": MOMENT if pull.merged else None,
    }
    return content | {"draft": pull.draft, "pull_request": links}


def _comment(server: GitHubServer, number: int, comment: Comment) -> Json:
    site = server.site
    repository = f"{site.api}/repos/{server.repository}"
    url = f"{repository}/issues/comments/{comment.id}"
    kind = "pull" if number in server.pull_requests else "issues"
    return {
        "id": comment.id,
        "node_id": f"IC_{comment.id}",
        "url": url,
        "html_url": f"{site.web}/{server.repository}/{kind}/{number}#issuecomment-{comment.id}",
        "issue_url": f"{repository}/issues/{number}",
        "user": a_user(comment.login, site),
        "created_at": _time(comment.created_at),
        "updated_at": _time(comment.updated_at),
        "body": comment.body,
        "author_association": _association(comment.login),
        "performed_via_github_app": None,
        "reactions": _reactions(url),
    }


def _label(repository: str, name: str) -> Json:
    return {
        "id": 1,
        "node_id": "LA_1",
        "url": f"{repository}/labels/{name}",
        "name": name,
        "description": None,
        "color": "ededed",
        "default": False,
    }


def _reactions(url: str) -> Json:
    names = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")
    return {"url": f"{url}/reactions", "total_count": 0} | dict.fromkeys(names, 0)


def _association(login: str) -> str:
    return "NONE" if login.endswith("[bot]") else "MEMBER"


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_T = TypeVar("_T")


def _page(server: GitHubServer, request: Request, found: list[_T], shown: Callable[[_T], Json]) -> _Answer:
    """The page that was asked for, and the links to others as GitHub gives them: none if there are no others."""
    size = min(_positive(request.query.get("per_page")) or DEFAULT_PER_PAGE, MAX_PER_PAGE)
    page = _positive(request.query.get("page")) or 1
    last = max(-(-len(found) // size), 1)
    pages = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    backward = {"prev", "first"} if page > 1 else set()
    forward = {"next", "last"} if page < last else set()
    links = [
        f'<{server.url}{request.path}?{urlencode({**request.query, "page": number})}>; rel="{name}"'
        for name, number in pages.items()
        if name in backward | forward
    ]
    content = [shown(one) for one in found[(page - 1) * size : page * size]]
    return _Answer(200, content, (("Link", ", ".join(links)),) if links else ())


def _positive(text: str | None) -> int:
    """0 for what is no positive number: GitHub takes its default instead."""
    return int(text) if text and text.isdecimal() else 0


# Refusals and violations


class _RefusalError(Exception):
    """GitHub itself would answer so."""

    def __init__(self, status: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.answer = _Answer(status, _error(status, message) | more)


class _ViolationError(Exception):
    """The client or this server broke the description."""

    def __init__(self, complaints: list[str], status: int = HTTPStatus.INTERNAL_SERVER_ERROR) -> None:
        super().__init__(complaints)
        self.complaints = complaints
        self.status = status


def _not_found() -> _RefusalError:
    return _RefusalError(HTTPStatus.NOT_FOUND, "Not Found")


def _invalid(problem: Json) -> _RefusalError:
    return _RefusalError(HTTPStatus.UNPROCESSABLE_ENTITY, "Validation Failed", errors=[problem])


def _error(status: int, message: str) -> Json:
    content = {"message": message, "documentation_url": "https://docs.github.com/rest"}
    # The description has no `status` in this one.
    return content if status == HTTPStatus.UNPROCESSABLE_ENTITY else content | {"status": str(int(status))}


# Routes


_Act: TypeAlias = Callable[[GitHubServer, Request, _Fields], _Answer]

_PATTERNS = {"repository": "[^/]+/[^/]+", "number": r"\d+", "id": r"\d+", "sha": "[^/]+"}
_PAGING = frozenset({"per_page", "page"})
_ISSUE = frozenset({"title", "body", "labels"})


@dataclass(frozen=True, slots=True)
class _Route:
    method: str
    path: str
    act: _Act
    answer: str | None
    """The description's name of the answer if all goes well; None if it has no content."""
    many: bool = False
    body: str | None = None
    """The description's name of the request's body."""
    members: frozenset[str] = frozenset({"body"})
    """What of the body has an effect here."""
    query: frozenset[str] = frozenset()

    def match(self, request: Request) -> re.Match[str] | None:
        return _pattern(self.path).fullmatch(request.path) if self.method == request.method else None


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", lambda found: f"(?P<{found[1]}>{_PATTERNS[found[1]]})", path))


_IN = "/repos/{repository}"
_ROUTES = (
    _Route("GET", "/user", _get_user, "PublicUser"),
    _Route("GET", _IN, _get_repository, "FullRepository"),
    _Route(
        "GET",
        _IN + "/pulls",
        _list_pull_requests,
        "PullRequestSimple",
        many=True,
        query=_PAGING | {"state", "base", "sort", "direction"},
    ),
    _Route(
        "GET",
        _IN + "/actions/runs",
        _list_runs,
        "ReposOwnerRepoActionsRunsGetResponse200",
        query=_PAGING | {"event", "status"},
    ),
    _Route("GET", _IN + "/pulls/{number}", _get_pull_request, "PullRequest"),
    _Route("GET", _IN + "/commits/{sha}", _get_commit, "Commit", query=_PAGING),
    _Route(
        "GET",
        _IN + "/commits/{sha}/pulls",
        _list_pull_requests_of_commit,
        "PullRequestSimple",
        many=True,
        query=_PAGING,
    ),
    _Route(
        "GET",
        _IN + "/issues",
        _list_issues,
        "Issue",
        many=True,
        query=_PAGING | {"state", "labels", "creator", "sort", "direction"},
    ),
    _Route("POST", _IN + "/issues", _create_issue, "Issue", body="ReposOwnerRepoIssuesPostBody", members=_ISSUE),
    _Route("GET", _IN + "/issues/{number}", _get_issue, "Issue"),
    _Route(
        "PATCH",
        _IN + "/issues/{number}",
        _update_issue,
        "Issue",
        body="ReposOwnerRepoIssuesIssueNumberPatchBody",
        members=_ISSUE | {"state", "state_reason"},
    ),
    _Route("GET", _IN + "/issues/{number}/comments", _list_comments, "IssueComment", many=True, query=_PAGING),
    _Route(
        "POST",
        _IN + "/issues/{number}/comments",
        _create_comment,
        "IssueComment",
        body="ReposOwnerRepoIssuesIssueNumberCommentsPostBody",
    ),
    _Route("GET", _IN + "/issues/comments/{id}", _get_comment, "IssueComment"),
    _Route(
        "PATCH",
        _IN + "/issues/comments/{id}",
        _update_comment,
        "IssueComment",
        body="ReposOwnerRepoIssuesCommentsCommentIdPatchBody",
    ),
    _Route("DELETE", _IN + "/issues/comments/{id}", _delete_comment, None),
)

_GRAPHQL = _Route("POST", "/graphql", _minimize_comment, "")
"""GraphQL refuses with 200: what the description of the REST API says of answers isn't asked for."""


@dataclass(slots=True)
class _Fault:
    method: str
    path: str
    answer: _Answer | None
    """None closes the connection."""
    after_storing: bool
    times: int
    """How often it is still to happen."""


# GitHub's description


def complaints(model: str, text: bytes | str, *, many: bool = False) -> list[str]:
    """What the description says against a JSON text that ought to be a `model` (or a list of them)."""
    try:
        content = _adapter(model, many).validate_json(text, strict=True, extra="allow", by_name=False)
    except ValidationError as error:
        return [f"{_place(one['loc'])}: {one['msg']} ({model})" for one in error.errors()]
    return [f"{place}: isn't known ({model})" for place in _unknown(content)]


def _check_request(route: _Route, request: Request, body: bytes) -> None:
    if route is _GRAPHQL:
        return
    found = [f"query {name}: isn't served here" for name in request.query if name not in route.query]
    if route.body:
        wrong = complaints(route.body, body)
        found += [f"request {complaint}" for complaint in wrong]
        if not wrong:
            unserved = [name for name in request.body if name not in route.members]
            found += [f"request {name}: isn't served here" for name in unserved]
    elif body:
        found.append("request: has a body")
    if found:
        raise _ViolationError(found)


def _check_answer(route: _Route, answer: _Answer) -> None:
    if route is _GRAPHQL:
        return
    if answer.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        found = complaints("ValidationError", answer.body)
    elif answer.status >= HTTPStatus.BAD_REQUEST:
        found = complaints("BasicError", answer.body)
    elif route.answer:
        found = complaints(route.answer, answer.body, many=route.many)
    else:
        found = ["has content"] if answer.content is not None else []
    if found:
        raise _ViolationError([f"our answer {complaint}" for complaint in found])


@cache
def _adapter(model: str, many: bool) -> TypeAdapter[Any]:
    """The description is loaded at its first use, and of it only what is asked for."""
    kind: Any = getattr(import_module(DESCRIPTION), model)
    return TypeAdapter(cast("Any", GenericAlias(list, (kind,))) if many else kind)


def _unknown(content: object, place: tuple[str | int, ...] = ()) -> Iterator[str]:
    """The members that models took along without knowing them, where they aren't meant to be free."""
    if isinstance(content, BaseModel):
        if content.model_config.get("extra") != "allow":
            yield from (_place((*place, name)) for name in content.model_extra or ())
        for name, known in type(content).model_fields.items():
            yield from _unknown(getattr(content, name), (*place, known.alias or name))
    elif isinstance(content, list):
        for index, one in enumerate(content):
            yield from _unknown(one, (*place, index))


def _place(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path)) or "the whole"


def _json_or_text(body: bytes) -> Any:
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


# The server


_Respond: TypeAlias = Callable[[str, str, Mapping[str, str], bytes], _Answer | None]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, respond: _Respond) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.respond = respond

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a client that went away is no error of ours
            super().handle_error(request, client_address)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.respond(self.command, self.path, headers, body)
        if answer is None:
            self.close_connection = True
            return
        lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in answer.headers]
        if answer.content is not None:
            kind = "text/html" if isinstance(answer.content, str) else "application/json"
            lines.append(f"Content-Type: {kind}; charset=utf-8")
        if answer.status != HTTPStatus.NO_CONTENT:
            lines.append(f"Content-Length: {len(answer.body)}")
        self.wfile.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + answer.body)  # one packet

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Nothing is printed: `requests` has it all."""

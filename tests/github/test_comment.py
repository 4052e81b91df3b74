"""The comment on a pull request, written through an API that fails, limits and refuses as GitHub's does."""

import time
from collections.abc import Iterator

import pytest
from tests.support.github_server import MAX_BODY, GitHubServer
from tests.support.racer import ours

from esprestack.errors import GithubError
from esprestack.github.client import Client, NotPermittedError
from esprestack.github.comment import Posted, upsert
from esprestack.github.patience import Pauses
from esprestack.reports.sections import sections_of
from esprestack.telling import Ours

COMMENTS = "/issues/7/comments"
QUICK = Pauses(between_writes=0.0, backoff=0.001, longest=2.0, settling=0.01)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubServer]:
    with GitHubServer() as server:
        monkeypatch.setenv("GITHUB_API_URL", server.url)
        yield server
        server.assert_clean()


def write(wanted: Ours | None = None, budget: int = 65_000, *, only_if_there: bool = False) -> Posted | None:
    return upsert(Client("made-up", "octo/batch", QUICK), 7, wanted or ours("a"), budget, only_if_there=only_if_there)


def legs(server: GitHubServer) -> list[list[str]]:
    return [[section.facts.leg for section in sections_of(comment.body)] for comment in server.comments[7]]


def test_a_plain_run_makes_one_comment_and_looks_once_more(server: GitHubServer) -> None:
    posted = write()
    assert posted
    assert posted.url.endswith(f"#issuecomment-{server.comments[7][0].id}")
    asked = [request.method for request in server.requests if request.path.endswith(COMMENTS)]
    assert asked == ["GET", "POST", "GET"]


def test_an_unchanged_comment_is_not_written_again(server: GitHubServer) -> None:
    write()
    before = len(server.writes())
    write()
    assert len(server.writes()) == before


def test_none_is_made_where_one_is_only_to_be_updated(server: GitHubServer) -> None:
    assert write(only_if_there=True) is None
    assert server.writes() == []


@pytest.mark.parametrize("fault", ["502", "reset"])
def test_a_comment_that_was_stored_before_the_failure_is_not_posted_twice(server: GitHubServer, fault: str) -> None:
    if fault == "reset":
        server.drop_next("POST", COMMENTS)
    else:
        server.fail_next("POST", COMMENTS, 502, after_storing=True)
    assert write()
    assert legs(server) == [["a"]]


@pytest.mark.parametrize("fault", ["502", "reset"])
def test_a_comment_that_was_not_stored_is_posted_again(server: GitHubServer, fault: str) -> None:
    if fault == "reset":
        server.drop_next("POST", COMMENTS, after_storing=False)
    else:
        server.fail_next("POST", COMMENTS, 502)
    assert write()
    assert legs(server) == [["a"]]


def test_reads_and_updates_that_fail_are_done_again(server: GitHubServer) -> None:
    write()
    server.fail_next("GET", COMMENTS, 500)
    server.fail_next("PATCH", "/issues/comments", 503)
    assert write(ours("a", "2/1"))
    assert sections_of(server.comments[7][0].body)[0].facts.run == "2/1"


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_a_secondary_limit_is_waited_out(server: GitHubServer, status: int, method: str) -> None:
    if method == "PATCH":
        write()
    message = {"message": "You have exceeded a secondary rate limit.", "documentation_url": "https://docs.github.com"}
    server.fail_next(method, "comments", status, message | {"status": str(status)}, {"Retry-After": "0"})
    assert write(ours("a", "2/1"))
    assert legs(server) == [["a"]]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_limit_that_is_too_long_is_told_with_the_time_at_which_it_ends(server: GitHubServer, method: str) -> None:
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time()) + 1800)}
    body = {"message": "API rate limit exceeded for installation ID 1.", "documentation_url": "x", "status": "403"}
    server.fail_next(method, COMMENTS, 403, body, headers)
    with pytest.raises(GithubError, match=r"too many requests; it takes more at \d\d:\d\d UTC"):
        write()
    assert legs(server) == []


def test_a_retry_after_of_an_hour_is_not_slept_through(server: GitHubServer) -> None:
    server.fail_next("GET", COMMENTS, 429, headers={"Retry-After": "3600"})
    with pytest.raises(GithubError, match="too many requests"):
        write()


def test_a_body_that_is_too_long_is_made_shorter(server: GitHubServer) -> None:
    text = "### plan\n" + "some words\n" * 10_000
    posted = write(ours("a", text=text), budget=90_000)
    assert posted
    assert len(server.comments[7][0].body) <= MAX_BODY
    assert [request.method for request in server.writes()] == ["POST", "POST"]


@pytest.mark.parametrize(("status", "said"), [(403, "pull-requests: write"), (404, "pull-requests: write")])
def test_a_token_that_may_not_write_is_told_what_it_lacks(server: GitHubServer, status: int, said: str) -> None:
    server.fail_next("POST", COMMENTS, status)
    with pytest.raises(NotPermittedError, match=said):
        write()


def test_a_locked_conversation_is_named(server: GitHubServer) -> None:
    body = {"message": "Unable to create comment because issue is locked.", "documentation_url": "x", "status": "403"}
    server.fail_next("POST", COMMENTS, 403, body)
    with pytest.raises(NotPermittedError, match="locked"):
        write()


def test_duplicates_are_gathered_into_the_oldest_one(server: GitHubServer) -> None:
    for leg in ("a", "b", "c"):
        server.add_comment(7, server.login, ours(leg).body((), 65_000))
    oldest = server.comments[7][0].id
    write(ours("b", "2/1"))
    assert legs(server) == [["a", "b", "c"]]
    assert server.comments[7][0].id == oldest


def test_comments_of_earlier_runs_are_minimised_and_another_is_made(server: GitHubServer) -> None:
    write(ours("a", "1/1"))
    fresh = Ours("default", ours("a", "2/1").section, frozenset({"2/1"}))
    posted = write(fresh)
    assert posted
    old, new = server.comments[7]
    assert server.minimized == {old.id: "OUTDATED"}
    assert sections_of(new.body)[0].facts.run == "2/1"
    assert posted.warnings == ()


def test_a_comment_that_cannot_be_minimised_is_a_warning(server: GitHubServer) -> None:
    write(ours("a", "1/1"))
    server.fail_next("POST", "/graphql", 502, times=9)
    posted = write(Ours("default", ours("a", "2/1").section, frozenset({"2/1"})))
    assert posted
    assert posted.warnings == ("an older comment couldn't be minimised: 502",)
    assert len(server.comments[7]) == 2


def test_writes_keep_githubs_distance() -> None:
    assert Pauses().between_writes == 1.0

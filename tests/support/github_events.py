"""GitHub's objects and events as JSON, the events as the runner writes them to GITHUB_EVENT_PATH.

In go the few facts that a test is about; out come whole objects that GitHub's description (REST API 2026-03-10)
takes without a complaint: only what it names, and all that it asks for.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import quote
from zlib import crc32

Json: TypeAlias = dict[str, Any]
Action: TypeAlias = Literal[
    "opened", "synchronize", "reopened", "closed", "edited", "ready_for_review", "converted_to_draft"
]

REPOSITORY = "octo/batch"
DEFAULT_BRANCH = "main"
WORKFLOW = ".github/workflows/esprestack.yml"
PERSON = "mona"
MOMENT = "2026-11-02T03:00:00Z"

HEAD_SHA = "c4f3e0b1a29d8c7b6a5f4e3d2c1b0a9f8e7d6c5b"
BASE_SHA = "0b5e55ed0b5e55ed0b5e55ed0b5e55ed0b5e55ed"
MERGE_SHA = "3e46ed003e46ed003e46ed003e46ed003e46ed00"
NO_SHA = "0" * 40
"""Stands in a push's `before` if the branch is new, and in its `after` if the branch was deleted."""


# Events


def pull_request(
    number: int = 7,
    action: Action = "synchronize",
    *,
    head_sha: str = HEAD_SHA,
    head_ref: str = "more-jobs",
    base_ref: str = DEFAULT_BRANCH,
    fork: bool = False,
    merged: bool = False,
    login: str = PERSON,
    repository: str = REPOSITORY,
    default_branch: str = DEFAULT_BRANCH,
) -> Json:
    """`merged` goes with the action `closed`."""
    pull = PullRequest(
        number,
        head_sha=head_sha,
        head_ref=head_ref,
        base_ref=base_ref,
        fork=fork,
        login=login,
        state="closed" if action == "closed" else "open",
        draft=action == "converted_to_draft",
        merge_commit_sha=MERGE_SHA if merged else None,
    )
    payload: Json = {
        "action": action,
        "number": number,
        "pull_request": a_full_pull_request(pull, repository, default_branch),
        "repository": a_repository(repository, default_branch),
        "sender": a_user(login),
    }
    if action == "synchronize":
        payload |= {"before": BASE_SHA, "after": head_sha}
        payload["pull_request"]["assignee"] = None  # the description asks for it in this action only
    if action == "edited":
        payload["changes"] = {"title": {"from": "Draft"}}
    return payload


pull_request_target = pull_request
"""The payloads are alike: what differs stands in GITHUB_EVENT_NAME, GITHUB_REF and GITHUB_SHA."""


def push(
    ref: str = "refs/heads/main",
    after: str = MERGE_SHA,
    *,
    before: str = BASE_SHA,
    message: str = "Run the nightly batch earlier (#7)",
    commits: Sequence[str] = (),
    login: str = PERSON,
    repository: str = REPOSITORY,
    default_branch: str = DEFAULT_BRANCH,
) -> Json:
    address = f"{login}@users.noreply.github.com"
    person = {"name": login, "email": address, "username": login}
    commit = {
        "id": after,
        "tree_id": BASE_SHA,
        "distinct": True,
        "message": message,
        "timestamp": MOMENT,
        "url": f"{GITHUB.web}/{repository}/commit/{after}",
        "author": person,
        "committer": person,
        "added": [],
        "removed": [],
        "modified": ["ecschedule.yaml"],
    }
    deleted = after == NO_SHA
    # In pushes, and nowhere else, the repository has times as numbers, and its owner an address.
    pushed = a_repository(repository, default_branch)
    pushed |= {"created_at": 1767225600, "pushed_at": 1793588400, "master_branch": default_branch, "stargazers": 0}
    pushed["owner"] |= {"name": pushed["owner"]["login"], "email": None}
    return {
        "ref": ref,
        "before": before,
        "after": after,
        "base_ref": None,
        "compare": f"{GITHUB.web}/{repository}/compare/{before[:12]}...{after[:12]}",
        "created": before == NO_SHA,
        "deleted": deleted,
        "forced": False,
        "head_commit": None if deleted else commit,
        "commits": [] if deleted else [*({**commit, "id": sha} for sha in commits), commit],
        "pusher": {"name": login, "email": address},
        "repository": pushed,
        "sender": a_user(login),
    }


def schedule(cron: str = "0 3 * * *", *, repository: str = REPOSITORY, default_branch: str = DEFAULT_BRANCH) -> Json:
    """No webhook: the description doesn't know it."""
    return {
        "schedule": cron,
        "workflow": WORKFLOW,
        "repository": a_repository(repository, default_branch),
    }


def workflow_dispatch(
    ref: str = "refs/heads/main",
    *,
    inputs: dict[str, str] | None = None,
    login: str = PERSON,
    repository: str = REPOSITORY,
    default_branch: str = DEFAULT_BRANCH,
) -> Json:
    """`inputs` is None if the workflow declares none."""
    return {
        "ref": ref,
        "inputs": inputs,
        "workflow": WORKFLOW,
        "repository": a_repository(repository, default_branch),
        "sender": a_user(login),
    }


def merge_group(
    number: int = 7,
    *,
    head_sha: str = MERGE_SHA,
    base_ref: str = DEFAULT_BRANCH,
    login: str = PERSON,
    repository: str = REPOSITORY,
    default_branch: str = DEFAULT_BRANCH,
) -> Json:
    """The group of one pull request that is about to enter the branch `base_ref`."""
    person = {"name": login, "email": f"{login}@users.noreply.github.com"}
    return {
        "action": "checks_requested",
        "merge_group": {
            "head_sha": head_sha,
            "head_ref": f"refs/heads/gh-readonly-queue/{base_ref}/pr-{number}-{BASE_SHA}",
            "base_sha": BASE_SHA,
            "base_ref": f"refs/heads/{base_ref}",
            "head_commit": {
                "id": head_sha,
                "tree_id": BASE_SHA,
                "message": f"Merge pull request #{number}",
                "timestamp": MOMENT,
                "author": person,
                "committer": person,
            },
        },
        "repository": a_repository(repository, default_branch),
        "sender": a_user(login),
    }


def write_event(path: Path, payload: Json) -> Path:
    """Returns the path: it is what GITHUB_EVENT_PATH is set to."""
    path.write_text(json.dumps(payload, indent=2))
    return path


# Objects


@dataclass(frozen=True, slots=True)
class Site:
    """Where a GitHub is: its API and its pages."""

    api: str
    web: str


GITHUB = Site("https://api.github.com", "https://github.com")


@dataclass(frozen=True, slots=True)
class PullRequest:
    number: int = 7
    title: str = "Run the nightly batch earlier"
    body: str | None = None
    login: str = PERSON
    state: Literal["open", "closed"] = "open"
    draft: bool = False
    head_sha: str = HEAD_SHA
    head_ref: str = "more-jobs"
    base_ref: str = DEFAULT_BRANCH
    base_sha: str = BASE_SHA
    fork: bool = False
    """The head is in a repository of the author's."""
    merge_commit_sha: str | None = None
    """Set once it is merged. GitHub shows it only to clients of older API versions."""
    commits: tuple[str, ...] = ()
    """Others that it brought to the branch: those of a merge commit, or the rebased ones."""

    def head_repository(self, repository: str) -> str:
        return f"{self.login}/{repository.partition('/')[2]}" if self.fork else repository

    @property
    def merged(self) -> bool:
        return self.merge_commit_sha is not None


def a_user(login: str, site: Site = GITHUB, *, organization: bool = False) -> Json:
    """A login that ends with `[bot]` is an app's."""
    bot = login.endswith("[bot]")
    number = crc32(login.encode())
    url = f"{site.api}/users/{quote(login)}"
    return {
        "login": login,
        "id": number,
        "node_id": f"U_{number}",
        "avatar_url": f"https://avatars.githubusercontent.com/u/{number}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{site.web}/apps/{login.removesuffix('[bot]')}" if bot else f"{site.web}/{login}",
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": "Bot" if bot else "Organization" if organization else "User",
        "user_view_type": "public",
        "site_admin": False,
    }


def a_repository(
    full_name: str = REPOSITORY,
    default_branch: str = DEFAULT_BRANCH,
    site: Site = GITHUB,
    *,
    fork: bool = False,
) -> Json:
    """What all of the description's repositories have in common."""
    owner, _, name = full_name.partition("/")
    number = crc32(full_name.encode())
    url = f"{site.api}/repos/{full_name}"
    page = f"{site.web}/{full_name}"
    host = site.web.partition("//")[2]
    return {
        "id": number,
        "node_id": f"R_{number}",
        "name": name,
        "full_name": full_name,
        "private": True,
        "owner": a_user(owner, site, organization=not fork),
        "html_url": page,
        "description": None,
        "fork": fork,
        "url": url,
        **{member: url + path for member, path in _PATHS_OF_A_REPOSITORY.items()},
        "created_at": MOMENT,
        "updated_at": MOMENT,
        "pushed_at": MOMENT,
        "git_url": f"git://{host}/{full_name}.git",
        "ssh_url": f"git@{host}:{full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "mirror_url": None,
        "homepage": None,
        "size": 108,
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": None,
        "has_issues": True,
        "has_projects": True,
        "has_wiki": False,
        "has_pages": False,
        "has_discussions": False,
        "forks_count": 0,
        "archived": False,
        "disabled": False,
        "open_issues_count": 1,
        "license": None,
        "allow_forking": True,
        "is_template": False,
        "web_commit_signoff_required": False,
        "topics": [],
        "visibility": "private",
        "forks": 0,
        "open_issues": 1,
        "watchers": 0,
        "default_branch": default_branch,
    }


def a_pull_request(
    pull: PullRequest,
    repository: str = REPOSITORY,
    default_branch: str = DEFAULT_BRANCH,
    site: Site = GITHUB,
) -> Json:
    """As lists have it."""
    url = f"{site.api}/repos/{repository}/pulls/{pull.number}"
    issue = f"{site.api}/repos/{repository}/issues/{pull.number}"
    page = f"{site.web}/{repository}/pull/{pull.number}"
    links = {
        "html": page,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{site.api}/repos/{repository}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{site.api}/repos/{repository}/statuses/{pull.head_sha}",
    }
    identity = crc32(page.encode())
    return {
        "url": url,
        "id": identity,
        "node_id": f"PR_{identity}",
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        **{f"{name}_url": address for name, address in links.items()},
        "_links": {"self": {"href": url}} | {name: {"href": address} for name, address in links.items()},
        "number": pull.number,
        "state": pull.state,
        "locked": False,
        "active_lock_reason": None,
        "title": pull.title,
        "user": a_user(pull.login, site),
        "body": pull.body,
        "created_at": MOMENT,
        "updated_at": MOMENT,
        "closed_at": None if pull.state == "open" else MOMENT,
        "merged_at": MOMENT if pull.merged else None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": [],
        "milestone": None,
        "draft": pull.draft,
        "head": _end(pull.head_repository(repository), pull.head_ref, pull.head_sha, default_branch, site, pull.fork),
        "base": _end(repository, pull.base_ref, pull.base_sha, default_branch, site, fork=False),
        "author_association": "CONTRIBUTOR" if pull.fork else "MEMBER",
        "auto_merge": None,
    }


def a_full_pull_request(
    pull: PullRequest,
    repository: str = REPOSITORY,
    default_branch: str = DEFAULT_BRANCH,
    site: Site = GITHUB,
    *,
    comments: int = 0,
) -> Json:
    """As its own address and the events have it."""
    return a_pull_request(pull, repository, default_branch, site) | {
        "merged": pull.merged,
        "mergeable": None,
        "rebaseable": None,
        "mergeable_state": "unknown",
        "merged_by": a_user(pull.login, site) if pull.merged else None,
        "comments": comments,
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": 1,
        "additions": 4,
        "deletions": 2,
        "changed_files": 1,
    }


def _end(repository: str, ref: str, sha: str, default_branch: str, site: Site, fork: bool) -> Json:
    content = a_repository(repository, default_branch, site, fork=fork)
    owner = content["owner"]
    return {"label": f"{owner['login']}:{ref}", "ref": ref, "sha": sha, "user": owner, "repo": content}


_PATHS_OF_A_REPOSITORY = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}

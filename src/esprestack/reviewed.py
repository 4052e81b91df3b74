"""What was reviewed: the plans in our comments on merged pull requests, and whether an apply is what they say."""

from collections.abc import Sequence
from functools import cached_property

from esprestack.errors import PlanChangedError, Problem
from esprestack.github.client import Client
from esprestack.github.event import Event
from esprestack.github.pulls import Pull, brought_by, recently_merged
from esprestack.plan.binding import from_compact, is_part, require_part
from esprestack.plan.model import Change, Plan, hash_of
from esprestack.reports.sections import Section, marker, sections_of


class Reviews:
    """The pull requests that the commits of this run came in by, and those that were merged before."""

    def __init__(self, client: Client, event: Event, key: str) -> None:
        self._client = client
        self._event = event
        self._marker = marker(key)

    @cached_property
    def pulls(self) -> list[Pull]:
        """Those of this push. Raises GithubError."""
        return brought_by(self._client, self._event.commits, self._event.default_branch, self._marker)

    @cached_property
    def _waiting(self) -> list[tuple[int, Section]]:
        """Plans on pull requests that were merged and, as far as their comments say, never applied as a whole."""
        return [
            (pull.number, section)
            for pull in recently_merged(self._client, self._event.default_branch, self._marker)
            for section in _sections(pull)
            if section.facts.plans and section.facts.applied != "done"
        ]

    def require(self, plans: Sequence[Plan]) -> None:
        """Raises PlanChangedError unless `plans` are what was reviewed or part of it; GithubError.

        A plan that was merged before and never applied counts too: its apply may have failed, or was never started.
        """
        if not any(plan.changing for plan in plans):
            return
        sections = [section for pull in self.pulls for section in _sections(pull)]
        if hash_of(plans) in {section.facts.planHash for section in sections}:
            return
        reviewed = [section.facts.plans for section in sections]
        try:
            require_part(plans, from_compact(reviewed))
        except PlanChangedError:
            waiting = [section.facts.plans for _, section in self._waiting]
            try:
                require_part(plans, from_compact([*reviewed, *waiting]))
            except PlanChangedError as error:
                raise PlanChangedError(self._why_unknown(sections) or error.problems) from None

    def _why_unknown(self, sections: Sequence[Section]) -> list[Problem]:
        if not self.pulls:
            what = f"no merged pull request brought the commit {self._event.commit[:12]}: nobody has reviewed a plan"
            return [Problem(what, todo="merge by pull requests, or apply by hand what you looked at")]
        if any(section.facts.plans for section in sections):
            return []
        numbers = ", ".join(f"#{pull.number}" for pull in self.pulls)
        todo = "let this action run on pull requests with the same `comment-key`"
        return [Problem(f"no comment of ours on {numbers} has a plan", todo=todo)]

    def merged(self, plan: Plan, change: Change) -> int | None:
        """The pull request that has this change in its plan and was merged, but never applied. Raises GithubError."""
        for number, section in self._waiting:
            if is_part(plan, change, from_compact([section.facts.plans])):
                return number
        return None


def _sections(pull: Pull) -> list[Section]:
    return [section for body in pull.comments for section in sections_of(body)]

"""A drift check's dealings with GitHub: whether an apply is under way, why AWS differs, and the drift issues."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from esprestack.errors import GithubError, Problem
from esprestack.github.client import Client
from esprestack.github.event import Event
from esprestack.github.inputs import Inputs
from esprestack.github.issue import Issues, Kept
from esprestack.github.workflows import is_applying
from esprestack.plan.model import Action, Change, Plan, digest
from esprestack.reports.drift_issue import (
    Close,
    Edit,
    Found,
    Known,
    Open,
    Remark,
    Reopen,
    State,
    decide,
    drift_text,
    failure_text,
    in_a_line,
    marker,
    prefix,
)
from esprestack.reports.when import Reader
from esprestack.reviewed import Reviews
from esprestack.secrets import Vault

BY_HAND = "changed in AWS, or pushed without a pull request and never applied"


@dataclass(frozen=True, slots=True)
class Drifting:
    """One step's drift check. `client` is None without a token."""

    event: Event
    inputs: Inputs
    vault: Vault
    reader: Reader
    client: Client | None
    now: datetime
    notices: list[str] = field(default_factory=list)
    """What couldn't be asked or written, for the log."""

    def is_applying(self) -> bool:
        """Whether an apply is under way, which a check would take for drift."""
        if self.client is None or not self.event.workflow:
            return False
        try:
            return is_applying(self.client, self.event.workflow, self.event.default_branch)
        except GithubError as error:
            self.notices.append(f"whether an apply is under way isn't known: {error}")
            return False

    def causes(self, plans: Sequence[Plan]) -> dict[str, str]:
        """For each rule that differs, who is likely to have made the difference."""
        if self.client is None:
            return {}
        reviews = Reviews(self.client, self.event, self.inputs.comment_key)
        try:
            return {
                change.name: self._cause(reviews, plan, change)
                for plan in plans
                for change in [*plan.changing, *plan.of(Action.ORPHAN)]
            }
        except GithubError as error:
            self.notices.append(f"what was merged isn't known: {error}")
            return {}

    def _cause(self, reviews: Reviews, plan: Plan, change: Change) -> str:
        number = reviews.merged(plan, change) if change.changes else None
        return BY_HAND if number is None else f"merged with #{number}, but not applied"

    def keep_issues(self, plans: Sequence[Plan], problems: Sequence[Problem], causes: Mapping[str, str]) -> str:
        """Brings the drift issues up to date; the numbers of those that are open now, with commas between.

        Without `plans` the check itself has failed, for the reasons in `problems`.
        """
        if self.client is None or not self.inputs.drift_issue:
            return ""
        issues = Issues(self.client, self.inputs.drift_labels)
        try:
            ours = issues.ours(prefix(self.inputs.comment_key, self.inputs.matrix))
            if not plans:
                found = [self._failed(line, problems) for line in ours]
            else:
                found = [self._found(plan, causes) for plan in plans]
            kept = [self._carried_out(issues, ours.get(item.marker), item) for item in found]
        except GithubError as error:
            self.notices.append(f"no drift issue: {error}")
            return ""
        return ",".join(str(number) for number in kept if number)

    def _found(self, plan: Plan, causes: Mapping[str, str]) -> Found:
        others = plan.of(Action.ORPHAN, Action.CONFLICT)
        differs = bool(plan.changing or others)
        where = f" ({self.inputs.matrix})" if self.inputs.matrix else ""
        title = f"Drift: {plan.config}{where}"
        return self._masked(
            Found(
                marker(self.inputs.comment_key, self.inputs.matrix, plan.config),
                title,
                State.DRIFT if differs else State.CLEAN,
                self.event.commit,
                self.event.run_url,
                self.now,
                digest(plan.hash, *sorted(f"{change.action} {change.name}" for change in others))[:16],
                drift_text(plan, title, causes, self.reader) if differs else "",
                in_a_line(plan),
            )
        )

    def _failed(self, line: str, problems: Sequence[Problem]) -> Found:
        return self._masked(
            Found(
                line,
                "",
                State.FAILED,
                self.event.commit,
                self.event.run_url,
                self.now,
                failure=failure_text(problems),
            )
        )

    def _masked(self, found: Found) -> Found:
        mask = self.vault.mask
        return replace(found, title=mask(found.title), text=mask(found.text), failure=mask(found.failure))

    def _carried_out(self, issues: Issues, kept: Kept | None, found: Found) -> int:
        """The number of the issue that is open after all; 0 for none."""
        number, is_open = (kept.number, kept.is_open) if kept else (0, False)
        for step in decide(Known(kept.number, kept.is_open, kept.body) if kept else None, found):
            match step:
                case Open(title, body):
                    number, is_open = issues.open(found.marker, title, body).number, True
                case Edit(body):
                    issues.edit(number, body)
                case Remark(text):
                    issues.remark(number, text)
                case Close():
                    issues.close(number)
                    is_open = False
                case Reopen():
                    issues.reopen(number)
                    is_open = True
        return number if is_open else 0

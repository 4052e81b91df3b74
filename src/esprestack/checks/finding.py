"""A finding, which rule it is of, and which findings are left when some are allowed."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from esprestack.config.desired import Desired
from esprestack.errors import Problem, Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem of the rule with that name; without a name it is the whole config's."""

    rule: str
    problem: Problem


def remaining(findings: Iterable[Finding], desired: Sequence[Desired], allow: Collection[str] = ()) -> list[Problem]:
    """The problems that neither `allow` nor the rule's own `allow:` lets pass. An error can't be allowed."""
    of_rules = {item.rule.name: frozenset(item.allow) for item in desired}
    return [
        finding.problem
        for finding in findings
        if finding.problem.severity is Severity.ERROR
        or finding.problem.code not in {*allow, *of_rules.get(finding.rule, ())}
    ]

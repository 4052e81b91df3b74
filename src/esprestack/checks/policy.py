"""What IAM statements say of one request, as far as that can be told from them: yes, no, or unclear.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from esprestack.facts import Condition, Statement


class Verdict(Enum):
    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks for what. `resource` may end with `*`: only a pattern that covers all of it matches.

    `service` is who asks for a role that trusts it; such a request has no resource.
    """

    action: str
    resource: str = ""
    service: str = ""
    context: Mapping[str, str] = field(default_factory=dict)
    """Condition keys, in lower case, whose values are known. Any other key is unclear."""


def decide(statements: Iterable[Statement], request: Request) -> Verdict:
    """What is denied isn't allowed; what nobody allows isn't either."""
    allowed = denied = Verdict.NO
    for statement in statements:
        applies = _applies(statement, request)
        if statement.allows:
            allowed = _any((allowed, applies))
        else:
            denied = _any((denied, applies))
    if allowed is Verdict.NO or denied is Verdict.YES:
        return Verdict.NO
    return Verdict.UNCLEAR if Verdict.UNCLEAR in (allowed, denied) else Verdict.YES


def matches(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """IAM's wildcards: `*` is any number of characters, `?` is one."""
    if ignore_case:
        pattern, text = pattern.lower(), text.lower()
    first, *parts = pattern.split("*")
    if not parts:
        return len(first) == len(text) and _is_at(first, text, 0)
    *middle, last = parts
    at, end = len(first), len(text) - len(last)
    if at > end or not _is_at(first, text, 0) or not _is_at(last, text, end):
        return False
    for part in middle:  # the earliest place of each leaves the most to the others
        found = next((start for start in range(at, end - len(part) + 1) if _is_at(part, text, start)), None)
        if found is None:
            return False
        at = found + len(part)
    return True


def _is_at(part: str, text: str, start: int) -> bool:
    """Whether `part`, whose `?` is any character, stands in `text` at `start`."""
    return all(wanted in ("?", given) for wanted, given in zip(part, text[start:], strict=False))


def _applies(statement: Statement, request: Request) -> Verdict:
    subject = (
        _one_of(statement.services, request.service)
        if request.service
        else _one_of(statement.resources, request.resource)
    )
    action = _one_of(statement.actions, request.action, ignore_case=True)
    return _all((action, subject, *(_holds(condition, request.context) for condition in statement.conditions)))


def _one_of(patterns: tuple[str, ...] | None, text: str, *, ignore_case: bool = False) -> Verdict:
    """None: the statement names what it isn't about."""
    if patterns is None:
        return Verdict.UNCLEAR
    return _any(
        Verdict.UNCLEAR if "${" in pattern else _verdict(matches(pattern, text, ignore_case=ignore_case))
        for pattern in patterns
    )


def _holds(condition: Condition, context: Mapping[str, str]) -> Verdict:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"""
    given = context.get(condition.key.lower())
    if given is None or any("${" in value for value in condition.values):
        return Verdict.UNCLEAR
    match condition.operator.removesuffix("IfExists"):
        case "StringEquals":
            return _verdict(given in condition.values)
        case "StringEqualsIgnoreCase":
            return _verdict(given.lower() in map(str.lower, condition.values))
        case "StringLike" | "ArnEquals" | "ArnLike":
            return _verdict(any(matches(value, given) for value in condition.values))
    return Verdict.UNCLEAR


def _verdict(yes: bool) -> Verdict:
    return Verdict.YES if yes else Verdict.NO


def _any(verdicts: Iterable[Verdict]) -> Verdict:
    found = set(verdicts)
    return next((verdict for verdict in (Verdict.YES, Verdict.UNCLEAR) if verdict in found), Verdict.NO)


def _all(verdicts: Iterable[Verdict]) -> Verdict:
    found = set(verdicts)
    return next((verdict for verdict in (Verdict.NO, Verdict.UNCLEAR) if verdict in found), Verdict.YES)

"""Plan and Outcome for a terminal."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from esprestack.plan.model import Action, Change, Plan
from esprestack.plan.outcome import Moment, Outcome, Result, Step, Waiting
from esprestack.reports.wording import SIGNS, headline, scope_line, summary
from esprestack.reports.yaml_text import diff_lines

_COLOURS = {"+": "32", "-": "31", "~": "33", "±": "33", "»": "36", "!": "1;31", "?": "35"}


def plan_text(plans: Sequence[Plan], colour: bool) -> str:
    """What would change, rule by rule, each with its diff; the last line counts."""
    lines: list[str] = []
    for plan in plans:
        lines.append(_painted(f"{plan.config}: {scope_line(plan)}", "1", colour))
        for change in plan.changes:
            if change.action is not Action.UNCHANGED:
                lines += ["", *_change_lines(change, colour)]
        lines += [f"note: {note}" for note in plan.notes]
        lines.append("")
    lines.append(summary(plans))
    return "\n".join(lines) + "\n"


def _change_lines(change: Change, colour: bool) -> Iterator[str]:
    sign = SIGNS[change.action]
    yield _painted(f"{sign} {headline(change)}", _COLOURS.get(sign, "0"), colour)
    if change.action is Action.ORPHAN:
        return
    yield from (f"    note: {note}" for note in change.notes)
    for line in diff_lines(change):
        yield _painted(f"    {line}", _COLOURS[line[0]], colour) if line[0] in "+-" else f"    {line}"


def step_text(step: Step | Waiting, colour: bool) -> str:
    """One line for one rule of an apply."""
    if isinstance(step, Waiting):
        return f"waiting until {step.until:%H:%M:%S} UTC, when no run of {step.change.name} is due"
    code = {Result.DONE: "32", Result.NOT_TRIED: "33"}.get(step.result, "31")
    said = f": {step.problem.what}" if step.problem else ""
    return _painted(f"{step.result}: {step.change.action} {step.change.name}{said}", code, colour)


def moment_text(moment: Moment) -> str:
    """One line of a deployment's time line, in UTC."""
    return f"{moment.at.astimezone(UTC):%H:%M:%S} {moment.what}"


def iso(at: datetime) -> str:
    """In UTC, as JSON has it: `2026-11-27T09:00:05Z`."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def outcome_text(outcomes: Sequence[Outcome]) -> str:
    """The last line of an apply."""
    counted = {result: sum(outcome.count(result) for outcome in outcomes) for result in Result}
    if not any(counted.values()):
        return "Nothing to apply: AWS is what the config says\n"
    return "Applied: " + ", ".join(f"{count} {result}" for result, count in counted.items() if count) + "\n"


def _painted(text: str, code: str, colour: bool) -> str:
    return f"\033[{code}m{text}\033[0m" if colour else text

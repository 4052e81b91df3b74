"""Plan and Outcome as GitHub's Markdown: the pull request's comment and the job's summary.

Everything that comes from a config or from AWS is neutralised: it can't close a fence, break a table, mention
anybody or link anywhere. The text steps down until it fits its budget, which is counted in bytes.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from esprestack.errors import Problem, Severity
from esprestack.plan.model import Action, Change, Plan
from esprestack.plan.outcome import Outcome, Result
from esprestack.reports.wording import SIGNS, scope_line, summary
from esprestack.reports.yaml_text import diff_lines

COMMENT_BYTES = 65_000
"""GitHub refuses a comment of more than 65,536 characters; bytes are the strictest reading of that."""

SUMMARY_BYTES = 1_000_000
"""The runner drops a step summary of more than 1 MiB as a whole."""

_IMPORTANT = frozenset({Action.DELETE, Action.CONFLICT, Action.REPLACE, Action.ADOPT})
_FIRST = [
    Action.DELETE,
    Action.CONFLICT,
    Action.REPLACE,
    Action.ADOPT,
    Action.UPDATE,
    Action.CREATE,
    Action.ORPHAN,
]


def plan_markdown(plans: Sequence[Plan], problems: Sequence[Problem], budget: int, title: str) -> str:
    """The plan in at most `budget` bytes: all diffs, or the important ones, or the table, or the counts alone."""
    steps: list[Callable[[Change], bool] | None] = [
        lambda _: True,
        lambda change: change.action in _IMPORTANT,
        lambda _: False,
        None,
    ]
    for shown in steps[:-1]:
        if text := _within(_plan_lines(plans, problems, title, shown), budget):
            return text
    return _cut("\n".join(_plan_lines(plans, problems, title, steps[-1])) + "\n", budget)


def _within(lines: Iterator[str], budget: int) -> str:
    """The lines as a text; empty where they are more than `budget` bytes, found out without making all of them."""
    found, size = [], 0
    for line in lines:
        size += len(line.encode()) + 1
        if size > budget:
            return ""
        found.append(line)
    return "\n".join(found) + "\n"


def _plan_lines(
    plans: Sequence[Plan], problems: Sequence[Problem], title: str, shown: Callable[[Change], bool] | None
) -> Iterator[str]:
    yield f"### {title}"
    yield ""
    yield f"**{summary(plans)}**"
    yield from _boxes(problems, 20)
    for plan in plans:
        changes = sorted(plan.of(*_FIRST), key=lambda change: (_FIRST.index(change.action), change.name))
        yield ""
        yield f"{code(plan.config)}: {inline(scope_line(plan))}"
        if changes and shown is not None:
            yield ""
            yield "| | rule | change | schedule | why, or which fields |"
            yield "|---|---|---|---|---|"
            yield from map(_row, changes)
        elif changes:
            yield ""
            named = [change for change in changes if change.action in _IMPORTANT]
            yield from (f"- {change.action} {code(change.name)}" for change in named)
        hidden = 0
        for change in changes:
            if change.action is Action.ORPHAN:
                continue
            if shown is None or not shown(change):
                hidden += 1
                continue
            yield from _details(change)
        if hidden:
            yield ""
            yield f"*{hidden} more diffs are in the job's summary and in its report file.*"
        if plan.notes:
            yield ""
            yield from (f"- {inline(note)}" for note in plan.notes[:50])


def _row(change: Change) -> str:
    after = change.after or change.before or {}
    before = (change.before or {}).get("scheduleExpression")
    now = after.get("scheduleExpression", "")
    schedule = f"{code(before)} → {code(now)}" if before and before != now else code(now)
    state = " (disabled)" if after.get("disabled") else ""
    fields = [field.path for field in change.fields] if change.action is not Action.CREATE else []
    if change.action is Action.DELETE:
        fields = []
    named = ", ".join(code(path) for path in fields[:6]) + (f" and {len(fields) - 6} more" if len(fields) > 6 else "")
    why = "; ".join(filter(None, (inline(change.reason), named)))
    return f"| {SIGNS[change.action]} | {code(change.name)} | {change.action}{state} | {schedule} | {why} |"


def _details(change: Change) -> Iterator[str]:
    lines = list(diff_lines(change))
    if not lines:
        return
    mark = fence(lines)
    yield ""
    yield f"<details><summary>{SIGNS[change.action]} {change.action} {html(change.name)}</summary>"
    yield ""
    yield f"{mark}diff"
    yield from lines
    yield mark
    yield ""
    yield "</details>"


def outcome_markdown(outcomes: Sequence[Outcome], budget: int, title: str) -> str:
    """What an apply did, rule by rule."""
    lines = [f"### {title}", ""]
    steps = [step for outcome in outcomes for step in outcome.steps]
    if not steps:
        lines.append("**Nothing to apply: AWS is what the config says**")
    else:
        counted = [f"{sum(step.result is result for step in steps)} {result}" for result in Result]
        lines += ["**" + ", ".join(count for count in counted if not count.startswith("0 ")) + "**", ""]
        lines += ["| rule | change | result |", "|---|---|---|"]
        steps.sort(key=lambda step: step.result is Result.DONE)
        for step in steps:
            said = f": {inline(step.problem.what)}" if step.problem else ""
            lines.append(f"| {code(step.change.name)} | {step.change.action} | {step.result}{said} |")
    text = "\n".join(lines) + "\n"
    return text if len(text.encode()) <= budget else _cut(text, budget)


def problems_markdown(problems: Sequence[Problem], title: str) -> str:
    """Errors that ended a run before there was a plan."""
    return "\n".join([f"### {title}", *_boxes(problems, 50)]) + "\n"


def _boxes(problems: Sequence[Problem], most: int) -> Iterator[str]:
    """What stops an apply in one box, warnings in another."""
    for box, stops in (("CAUTION", True), ("WARNING", False)):
        shown = [problem for problem in problems if problem.stops is stops]
        if shown:
            yield ""
            yield f"> [!{box}]"
            yield from (f"> {inline(problem_line(problem))}  " for problem in shown[:most])
            if len(shown) > most:
                yield f"> and {len(shown) - most} more"


def problem_line(problem: Problem) -> str:
    code = f" [{problem.code}]" if problem.severity is not Severity.ERROR else ""
    return f"{problem}{code}"


def fence(lines: Sequence[str]) -> str:
    """A code fence that no line in it can close."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    return "`" * max(3, longest + 1)


def code(text: object) -> str:
    """A code span that shows `text` as it is, also within a table."""
    plain = re.sub(r"\s+", " ", str(text)).replace("|", "\\|")
    if not plain.strip():
        return ""
    mark = "`" * (max((len(run) for run in re.findall("`+", plain)), default=0) + 1)
    pad = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{mark}{pad}{plain}{pad}{mark}"


def inline(text: str) -> str:
    """Running text without any meaning for Markdown, but for spans in back quotes, which stay code."""
    parts = re.split(r"(`[^`]+`)", re.sub(r"\s+", " ", text))
    return "".join(code(part[1:-1]) if index % 2 else _escaped(part) for index, part in enumerate(parts))


def _escaped(text: str) -> str:
    """No emphasis, link, mention, reference or list, whatever the text; zero-width spaces break what GitHub links."""
    escaped = re.sub(r"([\\*_{}\[\]()!|~^$`])", r"\\\1", html(text))
    escaped = re.sub(r"^([-+>]|\d+[.)])", r"\\\1", escaped)
    return re.sub(r"(#|://|www\.|GH(?=-\d))", "\\1\u200b", escaped)


def html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("@", "@\u200b")


def _cut(text: str, budget: int) -> str:
    """The last step: whole lines from the start, as many as fit."""
    ending = "\n*Cut: the rest is in the job's summary and in its report file.*\n"
    kept: list[str] = []
    size = len(ending.encode())
    for line in text.split("\n"):
        size += len(line.encode()) + 1
        if size > budget:
            break
        kept.append(line)
    return "\n".join(kept) + ending

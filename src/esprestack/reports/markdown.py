"""Plan and Outcome as GitHub's Markdown: the pull request's comment and the job's summary.

Everything that comes from a config or from AWS is neutralised (reports.gfm), and the text steps down until it fits
its budget, which is counted in bytes (reports.fitting).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from esprestack.config.kind import Kind
from esprestack.config.words import Words
from esprestack.errors import Problem, Severity
from esprestack.plan.model import Action, Change, Plan
from esprestack.plan.outcome import Outcome, Result
from esprestack.reports.before_after import new_collisions, often, then
from esprestack.reports.fitting import CLOSING, OPENING, fitted
from esprestack.reports.gfm import code, fence, html, inline
from esprestack.reports.timeline import timeline
from esprestack.reports.when import Reader, in_words, next_run
from esprestack.reports.wording import SIGNS, scope_line, summary
from esprestack.reports.yaml_text import diff_lines

COMMENT_BYTES = 65_000
"""GitHub refuses a comment of more than 65,536 characters; bytes are the strictest reading of that."""

SUMMARY_BYTES = 1_000_000
"""The runner drops a step summary of more than 1 MiB as a whole."""

_NAMED = (Action.DELETE, Action.CONFLICT)
"""What is named before everything else, and stays whatever has to go."""
_FIRST = [
    Action.DELETE,
    Action.CONFLICT,
    Action.REPLACE,
    Action.ADOPT,
    Action.UPDATE,
    Action.CREATE,
    Action.ORPHAN,
]
_NOBODY = Reader()
_MOST_NOTES = 50


def plan_markdown(
    plans: Sequence[Plan], problems: Sequence[Problem], budget: int, title: str, reader: Reader = _NOBODY
) -> str:
    """The plan in at most `budget` bytes: counts, what is deleted, a table of all rules, and each one's diff."""
    diffs = _Diffs(budget)
    text = "\n".join(_plan_lines(plans, problems, title, reader, diffs)) + "\n"
    return fitted(text, budget, diffs.unmade)


@dataclass(slots=True)
class _Diffs:
    """How much room there is for diffs: of thousands most aren't made at all."""

    left: int
    """Bytes."""
    unmade: int = 0

    def of(self, change: Change) -> Sequence[str]:
        if self.left <= 0:
            self.unmade += 1
            return ()
        lines = list(_details(change))
        self.left -= sum(map(len, lines))
        return lines


def _plan_lines(
    plans: Sequence[Plan], problems: Sequence[Problem], title: str, reader: Reader, diffs: _Diffs
) -> Iterator[str]:
    yield f"### {title}"
    yield ""
    yield f"**{summary(plans)}**"
    yield from _box("CAUTION", [problem for problem in problems if problem.stops], 20, reader)
    yield from new_collisions(plans, reader)
    for plan in plans:
        changes = sorted(plan.of(*_FIRST), key=lambda change: (_FIRST.index(change.action), change.name))
        yield ""
        yield f"{code(plan.config)}: {inline(scope_line(plan))}"
        if named := [change for change in changes if change.action in _NAMED]:
            yield ""
            yield from (f"- **{change.action}** {code(change.name)}{_because(change)}" for change in named)
        if changes:
            yield ""
            yield from _table(plan, changes, reader)
        for change in changes:
            if change.action is not Action.ORPHAN:
                yield from diffs.of(change)
        if plan.notes:
            yield ""
            yield from (f"- {inline(note)}" for note in plan.notes[:_MOST_NOTES])
    yield from timeline(plans, reader)
    yield from _box("WARNING", [problem for problem in problems if not problem.stops], 20, reader)


def _because(change: Change) -> str:
    return f": {inline(change.reason)}" if change.reason else ""


def _table(plan: Plan, changes: Sequence[Change], reader: Reader) -> Iterator[str]:
    """Rules with their schedules; of services their parts, and what a reader should know of each."""
    if plan.kind is Kind.RULES:
        yield "| | rule | change | when | next run | fields |"
        yield "|---|---|---|---|---|---|"
        yield from (_row(change, reader) for change in changes)
        return
    yield "| | | change | fields |"
    yield "|---|---|---|---|"
    yield from (f"| {SIGNS[item.action]} | {code(item.name)} | {item.action} | {_why(item)} |" for item in changes)
    told = [(change, note) for change in changes for note in change.notes]
    if told:
        yield ""
        yield from (f"- {code(change.name)}: {inline(note)}" for change, note in told[:_MOST_NOTES])
        if len(told) > _MOST_NOTES:
            yield f"- and {len(told) - _MOST_NOTES} more"


def _why(change: Change) -> str:
    """The reason, and the fields."""
    fields = [field.path for field in change.fields] if change.action not in (Action.CREATE, Action.DELETE) else []
    named = ", ".join(code(path) for path in fields[:6]) + (f" and {len(fields) - 6} more" if len(fields) > 6 else "")
    return "; ".join(filter(None, (inline(change.reason), named)))


def _row(change: Change, reader: Reader) -> str:
    after = change.after or change.before or {}
    state = " (disabled)" if after.get("disabled") else ""
    when = _lines(_expressions(change, after), inline(in_words(after, reader)), inline(often(change, reader)))
    coming = ""
    if change.action is not Action.DELETE:
        coming = _lines(inline(next_run(after, reader)), inline(then(change, reader)))
    named = f"{SIGNS[change.action]} | {code(change.name)} | {change.action}{state}"
    return f"| {named} | {when} | {coming} | {_why(change)} |"


def _expressions(change: Change, after: Words) -> str:
    before, now = (change.before or {}).get("scheduleExpression"), after.get("scheduleExpression", "")
    return f"{code(before)} → {code(now)}" if before and before != now else code(now)


def _lines(*parts: str) -> str:
    """Within a cell."""
    return "<br>".join(filter(None, parts))


def _details(change: Change) -> Iterator[str]:
    lines = list(diff_lines(change))
    if not lines:
        return
    mark = fence(lines)
    yield ""
    yield f"{OPENING}{SIGNS[change.action]} {change.action} {html(change.name)}</summary>"
    yield ""
    yield f"{mark}diff"
    yield from lines
    yield mark
    yield ""
    yield CLOSING


def outcome_markdown(outcomes: Sequence[Outcome], budget: int, title: str) -> str:
    """What an apply did, rule by rule; what didn't work comes first."""
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
    return fitted("\n".join(lines) + "\n", budget)


def problems_markdown(problems: Sequence[Problem], title: str, reader: Reader = _NOBODY) -> str:
    """Errors that ended a run before there was a plan."""
    stops = [problem for problem in problems if problem.stops]
    warnings = [problem for problem in problems if not problem.stops]
    boxes = [*_box("CAUTION", stops, 50, reader), *_box("WARNING", warnings, 50, reader)]
    return "\n".join([f"### {title}", *boxes]) + "\n"


def _box(kind: str, problems: Sequence[Problem], most: int, reader: Reader) -> Iterator[str]:
    if problems:
        yield ""
        yield f"> [!{kind}]"
        yield from (f"> {_linked(problem, reader)}  " for problem in problems[:most])
        if len(problems) > most:
            yield f"> and {len(problems) - most} more"


def _linked(problem: Problem, reader: Reader) -> str:
    """The problem with its place as a link to the line at the commit, where the files can be seen."""
    where = problem.where
    if not reader.files or where is None or where.file.startswith(("/", "../")):
        return inline(problem_line(problem))
    said = problem_line(problem).removeprefix(f"{where}: ")
    line = f"#L{where.line}" if where.line else ""
    return f"[{inline(str(where))}]({reader.files}/{quote(where.file)}{line}): {inline(said)}"


def problem_line(problem: Problem) -> str:
    code = f" [{problem.code}]" if problem.severity is not Severity.ERROR else ""
    return f"{problem}{code}"

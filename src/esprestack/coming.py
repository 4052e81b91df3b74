"""The job of `next`: what the configs' rules are and when they run, without asking AWS or anybody else."""

import json
from typing import TYPE_CHECKING

from esprestack.config.source import MISSING
from esprestack.errors import ConfigError, InputError, Problem, Where
from esprestack.rule import Rule, with_texts
from esprestack.run import Run
from esprestack.schedule import ScheduleError
from esprestack.secrets import SEALED
from esprestack.several import check_rules, in_order
from esprestack.timetable.entry import Entry
from esprestack.timetable.size import Size, size_of
from esprestack.timetable.times import Times, times_of

if TYPE_CHECKING:
    from esprestack.config.desired import Desired
    from esprestack.config.examine import Loaded
    from esprestack.config.tree import Data

_NOT_GIVEN = "not-given"
_EXPRESSION = ("scheduleExpression", "schedule_expression")
_OF_TIME = (
    *_EXPRESSION, "timezone", "startDate", "start_date", "endDate", "end_date", "flexibleTimeWindow",
    "flexible_time_window", "disabled", "backend",
)  # fmt: skip
"""Keys that decide when a rule runs; a value that isn't known is left out of the rule where it must be no text."""


def coming_rules(run: Run) -> tuple[list[Entry], list[Problem]]:
    """Every rule of the run's configs, or those that it selects, in their order, and what isn't known of them.

    Raises ConfigError with everything that is wrong with the files. That a secret or a variable isn't given is no
    obstacle: few schedules hang on one.
    """
    examined = run.examined()
    problems = [problem for item in examined for problem in item.problems]
    configs = [item.readable for item in examined if item.readable]
    problems += run.stand_twice(configs)
    wanted = run.settings.options.rules
    check_rules([loaded.prepared for loaded in configs], wanted)
    entries = []
    for loaded in configs:
        for desired in run.likely(loaded)[1]:
            if wanted and desired.rule.name not in wanted:
                continue
            try:
                entries.append(_entry(run, loaded, desired))
            except ConfigError as error:
                problems += error.problems
    stopping = [problem for problem in problems if problem.code != _NOT_GIVEN]
    if stopping or len(configs) < len(examined):
        raise ConfigError(in_order(problems))
    return entries, in_order(problems)


def _entry(run: Run, loaded: "Loaded", desired: "Desired") -> Entry:
    rule, vault = desired.rule, run.vault
    opened = with_texts(rule, vault.open)
    times, unknown = _times(desired, opened)

    def shown(key: str, text: str) -> str:
        return vault.mask(str(run.veil.shown(key, text.replace(MISSING, "*"))))

    return Entry(
        config=shown("config", loaded.path),
        name=shown("name", rule.name),
        expression=shown("scheduleExpression", rule.schedule_expression),
        times=times,
        size=size_of(opened.target) if opened.target else Size(),
        description=shown("description", rule.description),
        unknown=unknown,
    )


def _times(desired: "Desired", opened: Rule) -> tuple[Times | None, str]:
    """When it runs, or why that isn't known. A schedule that holds a secret isn't drawn: the picture would tell it."""
    if SEALED.search(desired.rule.schedule_expression + desired.rule.timing.timezone):
        return None, "it is a secret"
    written = _written(desired)
    if MISSING in json.dumps([written.get(key) for key in _OF_TIME], ensure_ascii=False):
        return None, "it hangs on a value that isn't known here"
    try:
        return times_of(opened), ""
    except ScheduleError as error:
        what = f"the schedule expression `{desired.rule.schedule_expression}`: {error.what}"
        raise ConfigError(Problem(what, _place(desired, error.start), error.todo)) from None
    except InputError as error:
        wrong = error.problems[0]
        raise ConfigError(Problem(wrong.what, desired.place("timezone"), wrong.todo)) from None


def _written(desired: "Desired") -> "dict[str, Data]":
    """The rule's entry in the file, what the model left out of it included."""
    entry: Data = desired.tree.data
    for part in desired.path:
        if isinstance(entry, dict):
            entry = entry.get(str(part))
        elif isinstance(entry, list) and isinstance(part, int):
            entry = entry[part]
    return entry if isinstance(entry, dict) else {}


def _place(desired: "Desired", offset: int) -> Where:
    """Of the character at `offset` in the rule's expression."""
    for key in _EXPRESSION:
        if desired.tree.find((*desired.path, key)):
            return desired.tree.where_within((*desired.path, key), offset)
    return desired.place()

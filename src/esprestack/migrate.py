"""The job of `migrate`: the moves of every config, carried out, and the configs brought up to date.

In: a run and what was asked for; out: plans and results as types. Nothing here prints.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from esprestack.aws import DENIED, NO_CLUSTER
from esprestack.backends.base import Backend, Live, Wanted
from esprestack.errors import AwsError, Problem, RefusedError, Severity
from esprestack.migration.carry_out import Moving, Site, Told
from esprestack.migration.model import Move, Moved, MoveOptions
from esprestack.migration.pairs import Pair, Stage, asked, pairs
from esprestack.migration.plan import Seen, make_move, refusal
from esprestack.migration.switch import Time
from esprestack.rewriting import Rewritten, rewritten
from esprestack.rule import Home, Scope
from esprestack.run import Run
from esprestack.several import check_rules

if TYPE_CHECKING:
    from esprestack.config.desired import Desired
    from esprestack.config.examine import Loaded


_REPLACED = frozenset({"wrong-home", "schedule-doubtful", "schedule-over", "same-job-twice"})
"""Findings that are no matter of a move: keys that it takes away, and what is so in either home."""


@dataclass(frozen=True, slots=True)
class Planned:
    """The moves of one config, the number that it has among the run's, and what its reader should know."""

    at: int
    path: str
    scope: Scope
    site: Site
    moves: tuple[Move, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()


def plan(run: Run, options: MoveOptions) -> list[Planned]:
    """The moves of every config, or of the rules that the run selects. Changes nothing."""
    check_rules(run.prepared(), run.settings.options.rules)
    return [_planned(run, at, loaded, options) for at, loaded in enumerate(run.loaded())]


def carry_out(
    run: Run, planned: Sequence[Planned], options: MoveOptions, time: Time, until: datetime, told: Told
) -> list[list[Moved]]:
    """What became of the moves of each config; gaps that open after `until` are left to the next call."""
    moving = Moving(time, options.guard, until, told, run.veil)
    work = [(item.site, move) for item in planned for move in item.moves]
    results = iter(moving.carry_out(work))
    return [[next(results) for _ in item.moves] for item in planned]


def new_text(run: Run, item: Planned, moved: Sequence[Moved], text: str, to: Home) -> Rewritten:
    """The config's text once it says where its moved rules live."""
    return rewritten(run, item.at, item.scope, text, moved, to)


# -- planning --------------------------------------------------------------------------------------------------


def _planned(run: Run, at: int, loaded: "Loaded", options: MoveOptions) -> Planned:
    from esprestack.config.desired import desired_rules

    prepared, rules = loaded.prepared, run.settings.options.rules
    run.aws(run.region_of(prepared))
    backend = run.backend_of(prepared)
    wanted = {name: meant for name, meant in prepared.wanted.items() if not rules or name in rules}
    live = _read(backend, asked(wanted))
    written = [item for item in desired_rules(loaded, live.scope, run.settings.now) if item.rule.name in wanted]
    every, _ = run.followed(written, live.scope, deploying=False)
    found = pairs(live, every)
    chosen = [item for item in every if rules or _is_meant(item, found[item.rule.name], options.to)]
    planning = _Planning(run, live, options)
    moves = tuple(planning.move(item, found[item.rule.name]) for item in chosen)
    of_name = {item.rule.name: item for item in every}

    def read(names: Sequence[str]) -> Mapping[str, Pair]:
        again = _read(backend, asked({name: wanted[name] for name in names}))
        return pairs(again, [of_name[name] for name in names])

    notes = (*live.notes, *_left_alone(every, chosen, found, options.to))
    site = Site(backend, live.scope, read)
    return Planned(at, loaded.path, live.scope, site, moves, notes, tuple(planning.warnings))


def _read(backend: Backend, wanted: Mapping[str, Wanted]) -> Live:
    """Both homes; what can't be read in one of them could run there. Raises RefusedError, AwsError."""
    live = backend.read(wanted)
    if live.on_bus is None:
        raise RefusedError(Problem(f"{'; '.join(live.notes)}: nothing can be moved that can't be seen"))
    unsure = [name for name, rule in live.rules.items() if rule.tracking_id != live.scope.tracking_id]
    return backend.confirm(live, unsure) if unsure else live


def _is_meant(item: "Desired", pair: Pair, to: Home) -> bool:
    """Whether a rule is to be moved without being named."""
    if to is Home.RULES:
        return pair.schedule is not None and (pair.rule is not None or item.rule.home is to)
    lives = pair.rule is not None or (pair.schedule is not None and item.rule.home is Home.RULES)
    return lives and not _is_to_stay(item)


def _is_to_stay(item: "Desired") -> bool:
    """Whether the config says of this very rule that it is to be one of EventBridge's own."""
    return item.rule.home is Home.RULES and item.tree.find((*item.path, "backend")) is not None


def _left_alone(
    every: "Sequence[Desired]", chosen: "Sequence[Desired]", found: Mapping[str, Pair], to: Home
) -> Iterator[str]:
    for item in every:
        pair = found[item.rule.name]
        if item in chosen:
            continue
        if pair.stage(to, enabled=item.rule.enabled) is Stage.ABSENT:
            yield f"`{item.rule.name}` is in neither home: apply makes it"
        elif to is Home.SCHEDULER and pair.rule and _is_to_stay(item):
            yield f"`{item.rule.name}` stays a rule, as its `backend: rules` says: move it with --rule"
        elif to is Home.RULES and pair.schedule and item.rule.home is Home.SCHEDULER:
            yield f"`{item.rule.name}` stays a schedule, no rule of it is left: move it with --rule"


class _Planning:
    """The moves of one config's rules, with what AWS is asked about each."""

    def __init__(self, run: Run, live: Live, options: MoveOptions) -> None:
        self._run = run
        self._live = live
        self._options = options
        self.warnings: list[Problem] = []

    def move(self, item: "Desired", pair: Pair) -> Move:
        starts = self._starts(pair) if self._counts_from_nowhere(item, pair) else ()
        seen = Seen(item, pair, self._live, self._run.settings.clock(), starts)
        move = make_move(seen, self._options, self._run.veil)
        if move.stage is Stage.ABSENT:
            return replace(move, refusals=(refusal(item, "is in neither home", "apply makes it"),))
        if move.copy is None or move.stage is Stage.NOWHERE:
            return move
        problems = self._found(replace(item, rule=move.copy))
        self.warnings += [problem for problem in problems if not problem.stops]
        return replace(move, refusals=(*move.refusals, *(problem for problem in problems if problem.stops)))

    def _counts_from_nowhere(self, item: "Desired", pair: Pair) -> bool:
        """Whether it is a rate whose last run only its tasks tell."""
        if self._options.to is Home.RULES or pair.rule is None or not pair.rule.rule.enabled:
            return False
        return item.rule.enabled and pair.rule.rule.schedule_expression.startswith("rate(")

    def _starts(self, pair: Pair) -> tuple[datetime, ...]:
        from esprestack.backends.last_starts import last_starts

        if pair.rule is None:
            return ()
        scope = self._live.scope
        try:
            return last_starts(self._run.aws(scope.region), scope, pair.rule.rule, self._live.on_bus or ())
        except AwsError as error:
            if error.code not in (*DENIED, NO_CLUSTER):  # where there is no cluster no task was started
                raise
            self.warnings += [replace(problem, severity=Severity.WARNING) for problem in error.problems]
            return ()

    def _found(self, copy: "Desired") -> list[Problem]:
        """What AWS would refuse of the copy, or never run."""
        findings, scope = self._run.findings, self._live.scope
        aws, parallel = self._run.aws(scope.region), self._run.settings.parallel
        found = findings.offline([copy], scope)
        found += findings.online([copy], scope, aws, parallel, self._live.on_bus, roles=True)
        return [problem for problem in found if problem.code not in _REPLACED]

"""Rules that name a revision of a family, moved along with a service that is deployed, or rolled back, by itself.

In: a run, and the service with the revision that it gets; out: plans that change the targets' task definition and
nothing else, whatever else the configs say: that is for an apply.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from esprestack.backends.base import Live
from esprestack.config.kind import Kind
from esprestack.errors import InputError, Problem, RefusedError
from esprestack.plan.make import PlanOptions, doubtful, make_plan
from esprestack.plan.pins import Pins
from esprestack.planning import Planned
from esprestack.rule import LiveRule
from esprestack.run import Run
from esprestack.services.ecs import family_of, number_of
from esprestack.services.following import Leader, followed, is_pinned, with_revision
from esprestack.services.in_use import of_rule
from esprestack.services.model import Revision, ServiceScope

if TYPE_CHECKING:
    from esprestack.config.desired import Desired
    from esprestack.config.examine import Loaded


@dataclass(frozen=True, slots=True)
class Moves:
    """What moves, and what is left alone though its config says that it follows."""

    planned: tuple[Planned, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> list[str]:
        """Of the rules that move."""
        return [change.name for item in self.planned for change in item.plan.changing]

    @property
    def users(self) -> list[str]:
        """The same, as users of the revision that they leave."""
        writes = [change.write for item in self.planned for change in item.plan.changing]
        return [of_rule(write.name, write.after.home) for write in writes if write and write.after]


def led_by(scope: ServiceScope, revision: Revision) -> Leader:
    """The service, with a revision that it gets."""
    family, number = family_of(revision.arn), str(number_of(revision.arn))
    return Leader(scope.service, scope.region, scope.account, family, number, revision.document, moves=True)


def plan_moves(run: Run, leader: Leader) -> Moves:
    """The rules of the run's configs that follow the service. Reads alone.

    Raises RefusedError for rules that couldn't run any more, ConfigError for configs that can't be read, AwsError.
    """
    if not _has_rules(run):
        return Moves()
    found = [_Config(run, loaded, leader) for loaded in run.loaded()]
    problems = [problem for config in found for problem in config.barred]
    moves = [] if problems else [config.moves() for config in found]
    problems += [problem for move in moves for item in move.planned for problem in item.plan.refusals]
    if problems:
        raise RefusedError([*problems, Problem("rules that follow can't move", todo="mend that, or give --no-rules")])
    return Moves(
        tuple(item for move in moves for item in move.planned), tuple(note for move in moves for note in move.notes)
    )


def _has_rules(run: Run) -> bool:
    try:
        return bool(run.paths[Kind.RULES])
    except InputError:  # the service was named in another way than by a config
        return False


class _Config:
    """One config's rules beside the service."""

    def __init__(self, run: Run, loaded: "Loaded", leader: Leader) -> None:
        from esprestack.config.desired import desired_rules

        self._run = run
        self._leader = leader
        self._path = loaded.path
        self._backend = run.backend_of(loaded.prepared)
        self._scope = self._backend.scope()
        written = desired_rules(loaded, self._scope, run.settings.now)
        _, self._pins = followed(written, self._scope, [leader], run.vault.open)
        self._following = [item for item in written if item.rule.name in self._pins.follows]

    @property
    def barred(self) -> Iterator[Problem]:
        for name, problem in self._pins.barred.items():
            yield replace(problem, what=f"the rule `{name}`: {problem.what}")

    def moves(self) -> Moves:
        """Raises AwsError."""
        if not self._following:
            return Moves()
        live = self._backend.read({item.rule.name: item.meant for item in self._following})
        if doubted := doubtful(self._following, live, live.rules):
            live = self._backend.confirm(live, doubted)
        said = {item.rule.name: self._why_not(item, live.rules.get(item.rule.name)) for item in self._following}
        moving = [item for item in self._following if not said[item.rule.name]]
        notes = tuple(
            f"`{name}` follows the service, and is left to an apply: {why}" for name, why in said.items() if why
        )
        return Moves((self._planned(moving, live),) if moving else (), notes)

    def _why_not(self, item: "Desired", found: LiveRule | None) -> str:
        """Why the live rule isn't moved; empty if it is."""
        if found is None or found.rule.home is not item.rule.home:
            return "it isn't there yet"
        if found.tracking_id != self._scope.tracking_id:
            return f"it is tracked by {f'`{found.tracking_id}`' if found.tracking_id else 'nobody'}"
        started = found.rule.target.task_definition if found.rule.target else ""
        if not is_pinned(found.rule) or started.rpartition(":")[0] != self._leader.family:
            return f"it starts {started or 'nothing'}"
        return ""

    def _planned(self, moving: "Sequence[Desired]", live: Live) -> Planned:
        desired = tuple(
            replace(item, rule=with_revision(live.rules[item.rule.name].rule, self._leader.number)) for item in moving
        )
        names = tuple(item.rule.name for item in desired)
        pins = Pins(follows={name: self._pins.follows[name] for name in names})
        plan = make_plan(self._path, desired, live, PlanOptions(rules=names), self._run.veil, pins=pins)
        return Planned(plan, self._backend, desired)

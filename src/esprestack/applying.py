"""An apply: of rules alone, or of services and then rules. What services need is imported only where there are any.

In: what `jobs.diff` planned; out: the plans that were carried out, and what became of each.
"""

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from esprestack import jobs
from esprestack.errors import Problem
from esprestack.jobs import AnyPlanned
from esprestack.planning import Planned
from esprestack.run import Run

if TYPE_CHECKING:
    from esprestack.apply import Told
    from esprestack.plan.outcome import Outcome
    from esprestack.services.migrating import Hears
    from esprestack.services.model import Document


def apply_all(
    run: Run,
    planned: Sequence[AnyPlanned],
    problems: Sequence[Problem],
    migrations: "Mapping[str, Document]",
    hears: "Hears",
    stop: threading.Event,
    told: "Told",
) -> "tuple[Sequence[AnyPlanned], Sequence[Outcome]]":
    """Carries out what was planned. `migrations` are TaskOverrides by the services' names.

    Raises EsprestackError, before anything is changed, where something stands in the way.
    """
    rules = [item for item in planned if isinstance(item, Planned)]
    if len(rules) == len(planned):
        return rules, jobs.apply_plans(run, rules, problems, stop, told)
    from esprestack.deploying import Deploying

    return Deploying(run, migrations, hears, stop, told).carry_out(planned, problems)


def migrations_of(run: Run, text: str, where: str) -> "Mapping[str, Document]":
    """What `text`, given at `where`, says of tasks before the deploys; none if it is empty. Raises EsprestackError."""
    if not text:
        return {}
    from esprestack.services.ready import migrations_in

    return migrations_in(text, run, where)

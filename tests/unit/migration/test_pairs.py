"""How far a move has come is read off both homes: nothing else remembers it."""

from dataclasses import replace

import pytest

from esprestack.migration.pairs import Pair, Stage
from esprestack.rule import Home, LiveRule, Rule

ON, OFF, NONE = True, False, None
A_RULE = Rule(name="nightly", schedule_expression="cron(0 3 * * ? *)", target=None)


def live(home: Home, enabled: bool | None) -> LiveRule | None:
    return None if enabled is None else LiveRule(replace(A_RULE, home=home, enabled=enabled), "jobs")


@pytest.mark.parametrize(
    ("rule", "schedule", "wanted", "forth", "back"),
    [
        (NONE, NONE, True, Stage.ABSENT, Stage.ABSENT),
        (ON, NONE, True, Stage.NOT_BEGUN, Stage.MOVED),
        (ON, OFF, True, Stage.COPIED, Stage.MOVED),
        (OFF, OFF, True, Stage.NOWHERE, Stage.NOWHERE),
        (OFF, ON, True, Stage.MOVED, Stage.COPIED),
        (NONE, ON, True, Stage.MOVED, Stage.NOT_BEGUN),
        (ON, ON, True, Stage.BOTH_RUN, Stage.BOTH_RUN),
        (OFF, NONE, False, Stage.NOT_BEGUN, Stage.MOVED),
        (OFF, OFF, False, Stage.MOVED, Stage.MOVED),
        (OFF, NONE, True, Stage.NOT_BEGUN, Stage.MOVED),
    ],
)
def test_the_stage_is_where_it_runs(
    rule: bool | None, schedule: bool | None, wanted: bool, forth: Stage, back: Stage
) -> None:
    pair = Pair(live(Home.RULES, rule), live(Home.SCHEDULER, schedule))
    assert pair.stage(Home.SCHEDULER, enabled=wanted) is forth
    assert pair.stage(Home.RULES, enabled=wanted) is back

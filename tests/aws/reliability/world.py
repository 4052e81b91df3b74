"""The account of the reliability tests, what an apply makes of it, and the invariants."""

import copy
from typing import Any, NamedTuple, TypeAlias

from moto.events.models import events_backends
from tests.aws.account import ACCOUNT, CLUSTER, CLUSTER_ARN, REGION, TRACKING_TAG, Account, a_target, arn
from tests.aws.configs import Folder, a_rule
from tests.aws.conftest import Esprestack, Said
from tests.support.shaky_front import Chosen, ShakyFront


class Live(NamedTuple):
    """One rule as the server has it: itself, its targets by id, its tags."""

    rule: dict[str, Any]
    targets: dict[str, dict[str, Any]]
    tags: dict[str, str]


State: TypeAlias = dict[str, Live]

APPLY = ("apply", "--prune", "--max-deletes", "9")
COPY = {"Id": "copy", "Arn": arn("sqs", "copies")}


class World:
    """Rules to create, update, exchange the target of, adopt, disable, delete; some of others, not to be touched."""

    def __init__(self, esprestack: Esprestack, folder: Folder, account: Account, front: ShakyFront) -> None:
        self.esprestack = esprestack
        self.account = account
        self.front = front
        folder.config(
            a_rule("new"),
            a_rule("changed", scheduleExpression="rate(3 days)", taskCount=3),
            a_rule("moved"),
            a_rule("found", taskCount=2, ruleTags={"team": "ops"}),
            a_rule("off", disabled=True, taskCount=4),
            a_rule("both", taskCount=5),
            a_rule("lost"),
            a_rule("same"),
        )
        self.restart()
        self.before = self.state()
        assert self.apply().code == 0
        self.wanted = self.state()

    def restart(self) -> None:
        """The account as it was in the beginning, and an AWS that works."""
        self.front.reset()
        self.front.calm()
        account = self.account
        account.has_task_definitions("app")
        account.has_rule("changed", Description="Old", targets=[a_target("changed", Input='{"cpu":"512"}')])
        account.has_rule("moved", targets=[a_target("old")])
        account.has_rule("found", tracked_by=None, tags={"team": "data", "old": "yes"})
        account.has_rule("off")
        account.has_rule("both", targets=[a_target("both"), COPY])
        account.has_rule("lost", targets=[])
        account.has_rule("same")
        account.has_rule("gone")
        account.has_rule("half-gone", targets=[])
        account.has_rule("theirs", tracked_by="theirs")
        account.has_rule("foreign", tracked_by=None, targets=[a_target("x", cluster="elsewhere")])

    def state(self) -> State:
        """The server's own memory: asking it by calls takes longer than the apply."""
        backend = events_backends[ACCOUNT][REGION]
        return {
            name: Live(
                {
                    "ScheduleExpression": rule.scheduled_expression,
                    "Description": rule.description or "",
                    "State": rule.state,
                    "RoleArn": rule.role_arn,
                },
                {target["Id"]: copy.deepcopy(target) for target in rule.targets},
                dict(backend.tagger.get_tag_dict_for_resource(rule.arn)),
            )
            for name, rule in backend.event_buses["default"].rules.items()
        }

    def apply(self, *options: str, choose: Chosen | None = None) -> Said:
        if choose:
            self.front.choose = choose
        said = self.esprestack(*APPLY, *options)
        self.front.choose = lambda *_: None
        return said

    # -- what must hold ----------------------------------------------------------------------------------------

    def check(self, said: Said, told: str) -> None:
        """After an apply during which things went wrong, and after the next one without."""
        assert "Traceback" not in said.out + said.err, told
        state = self.state()
        self.check_state(state, told)
        if said.code == 0:
            idle = {
                "half-gone"
            } - self.wanted.keys()  # where the index of tags is denied nothing names it: it has no target
            assert {name: live for name, live in state.items() if name not in idle} == self.wanted, (
                f"{told}: called done"
            )
        self.check_converges(told)

    def check_converges(self, told: str) -> None:
        again = self.apply()
        assert again.code == 0, f"{told}: {again.err}"
        assert self.state() == self.wanted, told

    def check_state(self, state: State, told: str) -> None:
        """The invariants at any moment, however far an apply came."""
        before, wanted = self.before, self.wanted
        for name in ("theirs", "foreign", "same"):
            assert state[name] == before[name], f"{told}: {name} is none of this apply's business"
        for name in before.keys() & wanted.keys():
            assert name in state, f"{told}: {name} was lost"
        for name, live in state.items():
            known = [rules[name] for rules in (before, wanted) if name in rules]
            assert live.rule in [rule.rule for rule in known], f"{told}: {name} is neither old nor new: {live.rule}"
            on_cluster = [target for target in live.targets.values() if target["Arn"] == CLUSTER_ARN]
            assert len(on_cluster) <= 1, f"{told}: {name} would start two tasks"
            assert all(target in [rule.targets.get(id_) for rule in known] for id_, target in live.targets.items()), (
                f"{told}: a target of {name} is neither old nor new"
            )
            if name in wanted and name not in before:
                assert live.tags == {TRACKING_TAG: CLUSTER}, f"{told}: {name} was made, and is nobody's"
            if name in before and name in wanted and len(before[name].targets) == len(wanted[name].targets) == 1:
                exchanged = before[name].targets.keys() != wanted[name].targets.keys()
                assert live.targets or exchanged, f"{told}: {name} lost its target"
        if "both" in state:
            assert state["both"].targets["copy"] == COPY, f"{told}: another target of a rule was touched"

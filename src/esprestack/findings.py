"""What a run finds wrong with its configs: the checks, given what they need to know."""

import difflib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from esprestack.aws import Aws
from esprestack.errors import InputError, Problem
from esprestack.rule import Scope
from esprestack.secrets import Vault

if TYPE_CHECKING:
    from esprestack.checks.online import Wanted
    from esprestack.config.desired import Desired
    from esprestack.config.examine import Loaded
    from esprestack.facts import Facts

_NOBODY = "000000000000"
_ARN = re.compile(r"arn:(aws[\w-]*):[\w-]+:([\w-]*):(\d{12}):")


class Findings:
    """The findings of one run, without those that are allowed."""

    def __init__(self, vault: Vault, now: datetime, allow: Collection[str]) -> None:
        """Raises InputError for codes in `allow` that no finding has."""
        _check_codes(allow)
        self._vault = vault
        self._now = now
        self._allow = allow
        self._facts: dict[str, Facts] = {}
        self._not_asked: set[str] = set()

    def prepare(self) -> None:
        """Imports the checks that every config goes through, which somebody has time for while AWS is asked."""
        from esprestack.checks import finding, offline  # noqa: F401

    def of_text(self, loaded: "Loaded", region: str, tracking_id: str) -> list[Problem]:
        """What can be found without asking anybody who the account is."""
        from esprestack.config.desired import desired_rules

        scope = self.likely_scope(loaded, region, tracking_id)
        return self.offline(desired_rules(loaded, scope, self._now), scope)

    def offline(self, desired: "Sequence[Desired]", scope: Scope) -> list[Problem]:
        """What is wrong with the rules of a config, whatever AWS has."""
        from esprestack.checks.finding import remaining
        from esprestack.checks.offline import offline_findings

        return remaining(offline_findings(desired, scope, self._vault, self._now), desired, self._allow)

    def online(
        self,
        desired: "Sequence[Desired]",
        scope: Scope,
        aws: Aws,
        parallel: int,
        on_bus: frozenset[str] | None,
        *,
        roles: bool,
    ) -> list[Problem]:
        """What AWS's own answers say of `desired`; each question is asked once in a run, whichever config asks.

        `roles`: look into them too.
        """
        if not desired:
            return []
        from esprestack.checks.finding import remaining
        from esprestack.checks.online import online_findings, wanted_facts

        wanted = wanted_facts(desired, self._vault)
        facts = self._known(wanted if roles else replace(wanted, roles=frozenset()), aws, parallel)
        facts = replace(facts, rules_on_bus=on_bus)
        found = remaining(online_findings(desired, scope, facts, self._vault), desired, self._allow)
        return [problem for problem in found if problem.code != "not-asked" or self._is_first(problem)]

    def _known(self, wanted: "Wanted", aws: Aws, parallel: int) -> "Facts":
        """What is wanted, and what was asked before in the region."""
        from esprestack.backends.facts import FactsReader
        from esprestack.facts import Facts

        old = self._facts.get(aws.region, Facts({}, {}))
        new = FactsReader(aws, parallel).read(
            wanted.task_definitions - old.task_definitions.keys(), wanted.roles - old.roles.keys()
        )
        facts = Facts({**old.task_definitions, **new.task_definitions}, {**old.roles, **new.roles})
        self._facts[aws.region] = facts
        return facts

    def _is_first(self, not_asked: Problem) -> bool:
        """Whether no config before said that this kind of question wasn't answered."""
        kind = not_asked.what.partition(":")[0]
        if kind in self._not_asked:
            return False
        self._not_asked.add(kind)
        return True

    def likely_scope(self, loaded: "Loaded", region: str, tracking_id: str, account: str = "") -> Scope:
        """Partition, region and account of the first ARN in the config, the cluster's before others.

        `account`: where no ARN says it, and `*` gives way to one that does.
        """
        texts = [loaded.config.cluster, *_texts(loaded.prepared.tree.data)]
        found = [match for text in texts if (match := _ARN.match(self._vault.open(text)))]
        region = region or next((match[2] for match in found if match[2]), "us-east-1")
        partition = found[0][1] if found else _partition(region)
        if account in ("", "*"):
            account = found[0][3] if found else account or _NOBODY
        scope = Scope(partition, region, account, "", tracking_id)
        return replace(scope, cluster=scope.shorten(self._vault.open(loaded.config.cluster), "ecs", "cluster/"))


def _partition(region: str) -> str:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"""
    special = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
    return next((partition for start, partition in special.items() if region.startswith(start)), "aws")


def _check_codes(allow: Collection[str]) -> None:
    if not allow:
        return
    from esprestack.checks.codes import CODES
    from esprestack.services.codes import SERVICE_CODES
    from esprestack.services.risks import RISKS

    problems, known = [], [*CODES, *SERVICE_CODES, *RISKS]
    for code in allow:
        if code not in known:
            near = difflib.get_close_matches(code, known, n=1)
            todo = f"did you mean `{near[0]}`?" if near else "see docs/findings.md"
            problems.append(Problem(f"`{code}` is no finding's code, so it can't be allowed", todo=todo))
    if problems:
        raise InputError(problems)


def _texts(value: object) -> Iterable[str]:
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part

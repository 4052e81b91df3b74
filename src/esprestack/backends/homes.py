"""Both homes as one backend: nobody else knows whether a rule is EventBridge's own or a schedule of its Scheduler."""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

from esprestack.aws import DENIED, Aws
from esprestack.backends.base import Live, Wanted, Write, twin
from esprestack.backends.rules import RulesBackend
from esprestack.backends.scheduler import SchedulerBackend
from esprestack.backends.tag_index import TagIndex
from esprestack.errors import AwsError
from esprestack.rule import TRACKING_TAG, Home, LiveRule, Rule, Scope

_TWIN = twin("", Home.RULES)


class HomesBackend:
    """The rules and schedules of one cluster and one owner. EventBridge Scheduler is asked where there is a reason."""

    def __init__(self, aws: Aws, cluster: str, tracking_id: str, parallel: int, clock: Callable[[], datetime]) -> None:
        self._tracking_id = aws.open(tracking_id)
        self._index = TagIndex(aws)
        self._rules = RulesBackend(aws, cluster, tracking_id, parallel, self._index)
        self._schedules = SchedulerBackend(aws, cluster, tracking_id, parallel, self._index, clock)

    def prepare(self) -> None:
        self._rules.prepare()

    def scope(self) -> Scope:
        """Of whichever home has learned it already."""
        return self._rules.known_scope or self._schedules.scope()

    def read(self, wanted: Mapping[str, Wanted], *, owned: bool = False, cluster: bool = False) -> Live:
        """What both homes have. One that may not be read is left out with a note where nothing is wanted of it."""
        self._index.refresh()
        plain = {name.removesuffix(_TWIN): asked for name, asked in wanted.items() if name.endswith(_TWIN)}
        plain |= {name: asked for name, asked in wanted.items() if not name.endswith(_TWIN)}
        of_scheduler = {name: asked for name, asked in plain.items() if asked.home is Home.SCHEDULER}
        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(self._rules.read, plain, owned=owned, cluster=cluster)
            schedules: Live | AwsError | None = None
            everything = cluster and not wanted
            if of_scheduler or everything or ((owned or cluster) and self._has_groups()):
                schedules = _or_denied(lambda: self._schedules.read(of_scheduler, owned=owned, cluster=cluster))
            rules = _or_denied(reading.result)
        all_in_scheduler = bool(of_scheduler) and len(of_scheduler) == len(plain)
        if isinstance(rules, AwsError) and not (all_in_scheduler and isinstance(schedules, Live)):
            raise rules
        if isinstance(schedules, AwsError) and of_scheduler:
            raise schedules
        return _joined(self.scope(), rules, schedules, wanted)

    def confirm(self, live: Live, names: Collection[str]) -> Live:
        of_rules = {name: live.rules[name] for name in names if live.rules[name].rule.home is Home.RULES}
        called = {rule.name: name for name, rule in of_rules.items()}
        plain = replace(live, rules={rule.name: rule for rule in of_rules.values()})
        sure = self._rules.confirm(plain, list(called))
        rules = dict(live.rules) | {called[name]: rule for name, rule in sure.rules.items()}
        return replace(live, rules=rules, certain=live.certain | frozenset(names))

    def beside(self, live: Live, names: Collection[str]) -> Live:
        wanted = {name: Wanted(home=Home.SCHEDULER) for name in names}
        found = _or_denied(lambda: self._schedules.read(wanted))
        if isinstance(found, AwsError):
            rules = ", ".join(f"`{name}`" for name in sorted(names))
            note = f"whether {rules} runs as a schedule already isn't known: {found.problems[0].what}"
            return replace(live, notes=(*live.notes, note))
        rules_of_both = dict(live.rules)
        for name, rule in found.rules.items():
            rules_of_both[twin(name, Home.SCHEDULER) if name in live.rules else name] = rule
        return replace(live, rules=rules_of_both, groups={**live.groups, **found.groups})

    def write(self, write: Write) -> None:
        home = write.after.home if write.after else write.before.rule.home if write.before else Home.RULES
        self._of(home).write(write)

    def enable(self, rule: Rule) -> None:
        self._of(rule.home).enable(rule)

    def disable(self, rule: Rule) -> None:
        self._of(rule.home).disable(rule)

    def is_enabled(self, rule: Rule) -> bool:
        return self._of(rule.home).is_enabled(rule)

    def _of(self, home: Home) -> RulesBackend | SchedulerBackend:
        return self._schedules if home is Home.SCHEDULER else self._rules

    def tidy(self) -> None:
        self._index.refresh()
        if self._has_groups():
            self._schedules.tidy()

    def stop(self) -> None:
        self._rules.stop()

    def _has_groups(self) -> bool:
        return any(dict(tags).get(TRACKING_TAG) == self._tracking_id for tags in self._index.groups().values())


def _joined(
    scope: Scope, rules: Live | AwsError, schedules: Live | AwsError | None, wanted: Mapping[str, Wanted]
) -> Live:
    """Both homes' answers, each rule under a name of its own."""
    notes = [
        f"{what} couldn't be read: {answer.problems[0].what}"
        for what, answer in (("EventBridge's rules", rules), ("EventBridge Scheduler's schedules", schedules))
        if isinstance(answer, AwsError)
    ]
    found = {home: live for home, live in ((Home.RULES, rules), (Home.SCHEDULER, schedules)) if isinstance(live, Live)}
    joined: dict[str, LiveRule] = {}
    certain: set[str] = set()
    for home, live in found.items():
        others = {name for other, its in found.items() if other is not home for name in its.rules}
        for name, rule in live.rules.items():
            called = _called(name, home, wanted, others)
            joined[called] = rule
            if name in live.certain:
                certain.add(called)
    groups = schedules.groups if isinstance(schedules, Live) else {}
    on_bus = rules.on_bus if isinstance(rules, Live) else None
    return Live(scope, joined, frozenset(certain), on_bus, groups, tuple(notes))


def _called(name: str, home: Home, wanted: Mapping[str, Wanted], others: Collection[str]) -> str:
    """What a rule is called: by its name, unless that means the one in the other home."""
    other = twin(name, home)
    meant = wanted[name].home if name in wanted else Home.RULES
    if other in wanted and (name not in wanted or meant is not home):
        return other
    return other if meant is not home and name in others else name


def _or_denied(read: Callable[[], Live]) -> Live | AwsError:
    try:
        return read()
    except AwsError as error:
        if error.code in DENIED:
            return error
        raise

"""EventBridge rules: reads the live rules of a cluster with the fewest calls, and writes one rule at a time."""

from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from esprestack.aws import DENIED, READS_PER_WRITE, Answer, Aws
from esprestack.backends.base import Live, Wanted, Write
from esprestack.backends.rules_mapping import live_rule, pairs, put_rule, put_target, tag_list
from esprestack.backends.tag_index import TagIndex
from esprestack.errors import Again, AwsError, Problem
from esprestack.retries import again
from esprestack.rule import TRACKING_TAG, LiveRule, Pairs, Rule, Scope, Target, with_texts

PAGE = 100
"""The largest page of every listing here."""

_ANY = Wanted()
_NOT_FOUND = "ResourceNotFoundException"


class RulesBackend:
    """The rules of the default bus that start tasks on one cluster, marked by one tracking id."""

    def __init__(self, aws: Aws, cluster: str, tracking_id: str, parallel: int, index: TagIndex) -> None:
        self._aws = aws
        self._index = index
        self._cluster = aws.open(cluster)
        self._tracking_id = aws.open(tracking_id)
        self._parallel = parallel
        self._scope: Scope | None = None

    # -- reading -----------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        self._aws.prepare("events")

    @property
    def known_scope(self) -> Scope | None:
        """The scope, as far as an answer has told it."""
        return self._scope

    def scope(self) -> Scope:
        if self._scope is None:
            partition, account = self._aws.identity()
            self._scope = self._make_scope(partition, account)
        return self._scope

    def _make_scope(self, partition: str, account: str) -> Scope:
        scope = Scope(partition, self._aws.region, account, "", self._tracking_id)
        return replace(scope, cluster=scope.shorten(self._cluster, "ecs", "cluster/"))

    def read(self, wanted: Mapping[str, Wanted], *, owned: bool = False, cluster: bool = False) -> Live:
        """One ListRules listing; ListTargetsByRule for the rules that matter, side by side, as pages arrive.

        Tags come from one GetResources listing, which lags behind: see `confirm`.
        """
        with ThreadPoolExecutor(READS_PER_WRITE * self._parallel) as pool:
            index = pool.submit(self._index.rules)
            listed: dict[str, Answer] = {}
            asked: dict[str, Future[LiveRule | None]] = {}

            def ask(names: Iterable[str]) -> None:
                for name in names:
                    if name in listed and name not in asked:
                        asked[name] = pool.submit(self._live, listed[name], wanted.get(name, _ANY).target_id)

            for page in self._aws.pages("events", "list_rules", "NextToken", Limit=PAGE):
                rules = {rule["Name"]: rule for rule in page.get("Rules", [])}
                listed.update(rules)
                if self._scope is None and rules:
                    _, partition, _, _, account, _ = next(iter(rules.values()))["Arn"].split(":", 5)
                    self._scope = self._make_scope(partition, account)
                ask(rules.keys() & wanted.keys())
            tags = index.result()
            certain: set[str] = set()
            if owned and tags:
                ask(name for name, tag in tags.items() if dict(tag).get(TRACKING_TAG) == self._tracking_id)
            elif owned and listed:
                certain, tags = self._owned_by_asking(pool, listed.keys() - wanted.keys())
                ask(name for name in certain if dict(tags[name]).get(TRACKING_TAG) == self._tracking_id)
            if cluster and listed:
                ask(self._on_cluster(listed))
            answers = {name: future.result() for name, future in asked.items()}
            found = {name: _with_tags(rule, tags.get(name)) for name, rule in answers.items() if rule}
        return Live(self.scope(), found, frozenset(certain), frozenset(listed))

    def confirm(self, live: Live, names: Collection[str]) -> Live:
        with ThreadPoolExecutor(READS_PER_WRITE * self._parallel) as pool:
            answers = dict(zip(names, pool.map(self._tags, names), strict=True))
        rules = dict(live.rules) | {name: _with_tags(live.rules[name], tags) for name, tags in answers.items()}
        return replace(live, rules=rules, certain=live.certain | answers.keys())

    def _live(self, rule: Answer, target_id: str) -> LiveRule | None:
        """The listed rule with its targets; None if it was deleted since it was listed."""
        try:
            pages = list(self._aws.pages("events", "list_targets_by_rule", "NextToken", Rule=rule["Name"], Limit=PAGE))
        except AwsError as error:
            if error.code == _NOT_FOUND:
                return None
            raise
        targets = [target for page in pages for target in page.get("Targets", [])]
        return live_rule(rule, targets, self.scope(), self._aws.open(target_id))

    def _owned_by_asking(self, pool: ThreadPoolExecutor, others: Collection[str]) -> tuple[set[str], dict[str, Pairs]]:
        """The rules' own tags, of the cluster's rules that no config names: where the index knows nothing."""
        names = self._on_cluster(others)
        tags = dict(zip(names, pool.map(self._tags, names), strict=True))
        return set(names), tags

    def _on_cluster(self, listed: Collection[str]) -> list[str]:
        """Names among `listed` with a target on the cluster; all of them where that may not be asked."""
        try:
            pages = list(
                self._aws.pages(
                    "events",
                    "list_rule_names_by_target",
                    "NextToken",
                    TargetArn=self.scope().cluster_arn,
                    Limit=PAGE,
                )
            )
        except AwsError as error:
            if error.code in DENIED:
                return sorted(listed)
            raise
        return sorted({name for page in pages for name in page.get("RuleNames", [])} & set(listed))

    def _tags(self, name: str) -> Pairs:
        try:
            answer = self._aws.call("events", "list_tags_for_resource", ResourceARN=self._arn(name))
        except AwsError as error:
            if error.code == _NOT_FOUND:
                return ()
            raise
        return pairs(answer.get("Tags"))

    def _arn(self, name: str) -> str:
        return self.scope().arn("events", f"rule/{name}")

    def stop(self) -> None:
        self._aws.stopped.set()

    # -- writing -----------------------------------------------------------------------------------------------

    def write(self, write: Write) -> None:
        """The target is put before the rule, so that a new schedule never starts an old target; a rule that is to
        be disabled is disabled first, one that is to be deleted loses its targets first.
        """
        before = write.before
        after = write.after and with_texts(write.after, self._aws.open)
        if after is None:
            if before is not None:
                self._delete(before)
        elif before is None:
            self._create(after)
        else:
            self._update(before, after)

    def enable(self, rule: Rule) -> None:
        self._aws.call("events", "enable_rule", Name=self._aws.open(rule.name))

    def disable(self, rule: Rule) -> None:
        self._aws.call("events", "disable_rule", Name=self._aws.open(rule.name))

    def is_enabled(self, rule: Rule) -> bool:
        try:
            return bool(
                self._aws.call("events", "describe_rule", Name=self._aws.open(rule.name)).get("State") != "DISABLED"
            )
        except AwsError as error:
            if error.code == _NOT_FOUND:
                return False
            raise

    def _create(self, rule: Rule) -> None:
        tags = tag_list(((TRACKING_TAG, self._tracking_id), *(rule.rule_tags or ())))
        self._put_rule(rule, Tags=tags)
        self._put_target(rule)

    def _update(self, before: LiveRule, after: Rule) -> None:
        self._retag(before, after)
        old = before.rule
        rule_changed = put_rule(old, self.scope()) != put_rule(after, self.scope())
        if rule_changed and not after.enabled:
            self._put_rule(after)
        if old.target and after.target and old.target.id != after.target.id:
            self._exchange(after, old.target)
        elif old.target != after.target:
            self._put_target(after)
        if rule_changed and after.enabled:
            self._put_rule(after)

    def _exchange(self, rule: Rule, old: Target) -> None:
        """Another target id: the old target goes first. Stopped between the two, the next apply puts the new one;
        the other way round two targets would start two tasks from then on (docs/decisions/0014).
        """
        self._remove_targets(rule.name, [old.id])
        try:
            self._put_target(rule)
        except AwsError as error:
            first = error.problems[0]
            try:
                if error.again is Again.TRANSIENT and rule.target:
                    self._remove_targets(rule.name, [rule.target.id])  # its answer was lost: it may be there
                self._put_target(replace(rule, target=old))
            except AwsError as worse:
                what = f"{first.what}; putting back `{old.id}` failed too ({worse.problems[0].what})"
                what += ": THE RULE MAY HAVE NO TARGET NOW"
                raise AwsError(Problem(what, todo=first.todo or "apply again"), error.code, error.final) from None
            raise

    def _retag(self, before: LiveRule, after: Rule) -> None:
        have = dict(before.rule.rule_tags or ())
        want = dict(after.rule_tags) if after.rule_tags is not None else {}
        put = {key: value for key, value in want.items() if have.get(key) != value}
        if before.tracking_id != self._tracking_id:
            put[TRACKING_TAG] = self._tracking_id
        if put:
            tags = tag_list(tuple(sorted(put.items())))
            self._aws.call("events", "tag_resource", ResourceARN=self._arn(after.name), Tags=tags)
        gone = sorted(have.keys() - want.keys()) if after.rule_tags is not None else []
        if gone:
            self._aws.call("events", "untag_resource", ResourceARN=self._arn(after.name), TagKeys=gone)

    def _delete(self, rule: LiveRule) -> None:
        try:
            if rule.target_ids:
                self._remove_targets(rule.name, list(rule.target_ids))
            self._aws.call("events", "delete_rule", Name=rule.name)
        except AwsError as error:
            if error.code != _NOT_FOUND:  # somebody was faster: it is gone, as wanted
                raise

    def _put_rule(self, rule: Rule, **more: Any) -> None:
        self._aws.call("events", "put_rule", **put_rule(rule, self.scope()), **more)

    def _put_target(self, rule: Rule) -> None:
        if rule.target:
            target = put_target(rule.target, self.scope())
            self._all_entries("put_targets", Rule=rule.name, Targets=[target])

    def _remove_targets(self, name: str, ids: list[str]) -> None:
        self._all_entries("remove_targets", Rule=name, Ids=ids)

    def _all_entries(self, operation: str, **parameters: Any) -> None:
        """These calls answer 200 also when entries failed: the answer has to be read."""

        def check(answer: Answer) -> None:
            if answer.get("FailedEntryCount"):
                entry: Answer = next(iter(answer.get("FailedEntries") or ()), {})
                code, said = entry.get("ErrorCode") or "", entry.get("ErrorMessage") or ""
                shown = operation.replace("_", " ").title().replace(" ", "")
                what = f"events:{shown} of `{parameters['Rule']}`, target `{entry.get('TargetId')}`: {code}: {said}"
                raise AwsError(Problem(what), code, again=again(code))

        self._aws.call_checked(check, "events", operation, **parameters)


def _with_tags(live: LiveRule, tags: Pairs | None) -> LiveRule:
    """`live` with its tags: the tracking id apart, AWS's own left out; None means that they aren't known."""
    if tags is None:
        return live
    own = tuple((key, value) for key, value in tags if key != TRACKING_TAG and not key.startswith("aws:"))
    return replace(live, tracking_id=dict(tags).get(TRACKING_TAG), rule=replace(live.rule, rule_tags=own))

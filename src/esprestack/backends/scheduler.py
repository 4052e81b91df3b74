"""EventBridge Scheduler: reads the schedules of one owner's groups, and writes one schedule at a time.

Only groups can be tagged, so a group belongs to one tracking id, and with it all its schedules.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-group.html
"""

import threading
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias

from esprestack.aws import READS_PER_WRITE, Answer, Aws
from esprestack.backends.base import Live, Wanted, Write, twin
from esprestack.backends.rules_mapping import pairs, tag_list
from esprestack.backends.scheduler_mapping import live_schedule, place_of, schedule_request
from esprestack.backends.tag_index import TagIndex
from esprestack.errors import AwsError, Problem
from esprestack.rule import TRACKING_TAG, Home, LiveRule, Rule, Scope, with_texts

PAGE = 100
FEW = 20
"""So many schedules are asked for one by one; for more their groups are listed first."""

_NOT_FOUND = "ResourceNotFoundException"
_EXISTS = "ConflictException"
_NOT_ASSUMABLE = "must allow AWS EventBridge Scheduler to assume the role"
"""AWS tries the role when a schedule is written, and doesn't know one that was made a moment ago.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
"""
_ROLE_WAITS = (1.0, 2.0, 4.0, 8.0)
"""Seconds."""

_Place: TypeAlias = tuple[str, str]
"""Group and name."""


class SchedulerBackend:
    """The schedules that start tasks on one cluster, in groups that are tagged with one tracking id."""

    def __init__(
        self,
        aws: Aws,
        cluster: str,
        tracking_id: str,
        parallel: int,
        index: TagIndex,
        clock: Callable[[], datetime],
    ) -> None:
        self._aws = aws
        self._clock = clock
        self._index = index
        self._cluster = aws.open(cluster)
        self._tracking_id = aws.open(tracking_id)
        self._parallel = parallel
        self._scope: Scope | None = None
        self._groups: dict[str, str | None] = {}
        """The groups that exist, each with its tracking id."""
        self._making = threading.Lock()
        self._seen: dict[tuple[_Place, object], LiveRule] = {}
        """What was read, by its place and the time of its last change: what hasn't changed isn't asked for again."""

    # -- reading -----------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        self._aws.prepare("scheduler")

    def scope(self) -> Scope:
        return self._scope or self._learned(*self._aws.identity())

    def _learned(self, partition: str, account: str) -> Scope:
        scope = Scope(partition, self._aws.region, account, "", self._tracking_id)
        self._scope = replace(scope, cluster=scope.shorten(self._cluster, "ecs", "cluster/"))
        return self._scope

    def read(self, wanted: Mapping[str, Wanted], *, owned: bool = False, cluster: bool = False) -> Live:
        """GetSchedule side by side for the schedules that matter, which few, or else the listings of groups, name."""
        usual = Scope("", "", "", "", self._tracking_id).schedule_group
        places = {(asked.group or usual, name): asked for name, asked in wanted.items()}
        groups = dict.fromkeys([*(group for group, _ in places), usual, *self._tagged_groups()])
        with ThreadPoolExecutor(READS_PER_WRITE * self._parallel) as pool:
            if owned or cluster or len(places) > FEW:
                asked = self._listed(pool, groups, wanted, owned=owned)
            else:
                asked = {(group, name): pool.submit(self._get, (group, name)) for group in groups for name in wanted}
            if cluster:
                for place, summary in self._on_cluster():
                    if place not in asked:
                        asked[place] = pool.submit(self._known_or_got, place, summary)
            self._ask_for_tags(pool, {group for group, _ in asked} | groups.keys())
            found = {place: rule for place, future in asked.items() if (rule := future.result())}
        tracked = {place: replace(rule, tracking_id=self._groups.get(place[0])) for place, rule in found.items()}
        return Live(
            self.scope(), _named(tracked, places), frozenset(_named(tracked, places)), groups=dict(self._groups)
        )

    def confirm(self, live: Live, names: Collection[str]) -> Live:
        """Nothing to confirm: the tags of groups are read from the groups themselves."""
        return replace(live, certain=live.certain | frozenset(names))

    def _tagged_groups(self) -> list[str]:
        """The groups that the index gives to our tracking id."""
        tagged = self._index.groups().items()
        return sorted(name for name, tags in tagged if dict(tags).get(TRACKING_TAG) == self._tracking_id)

    def _listed(
        self, pool: ThreadPoolExecutor, groups: Collection[str], wanted: Collection[str], *, owned: bool
    ) -> dict[_Place, Future[LiveRule | None]]:
        asked: dict[_Place, Future[LiveRule | None]] = {}
        for group in groups:
            for summary in self._summaries(GroupName=group):
                place = group, summary["Name"]
                if owned or summary["Name"] in wanted:
                    asked[place] = pool.submit(self._known_or_got, place, summary)
        return asked

    def _on_cluster(self) -> Iterator[tuple[_Place, Answer]]:
        for summary in self._summaries():
            if (summary.get("Target") or {}).get("Arn") == self.scope().cluster_arn:
                yield (summary["GroupName"], summary["Name"]), summary

    def _summaries(self, **where: str) -> Iterator[Answer]:
        try:
            for page in self._aws.pages("scheduler", "list_schedules", "NextToken", MaxResults=PAGE, **where):
                for summary in page.get("Schedules", []):
                    if self._scope is None:
                        _, partition, _, _, account, _ = summary["Arn"].split(":", 5)
                        self._learned(partition, account)
                    yield summary
        except AwsError as error:
            if error.code != _NOT_FOUND:  # there is no such group (yet)
                raise

    def _known_or_got(self, place: _Place, summary: Answer) -> LiveRule | None:
        key = place, summary.get("LastModificationDate")
        if key not in self._seen and (found := self._get(place)):
            self._seen[key] = found
        return self._seen.get(key)

    def _get(self, place: _Place) -> LiveRule | None:
        """The schedule; None if there is none (any more)."""
        group, name = place
        try:
            answer = self._aws.call("scheduler", "get_schedule", GroupName=group, Name=name)
        except AwsError as error:
            if error.code == _NOT_FOUND:
                return None
            raise
        return live_schedule(answer, self.scope(), None)

    def _ask_for_tags(self, pool: ThreadPoolExecutor, groups: Collection[str]) -> None:
        """Learns whose the groups are; one that doesn't exist isn't kept."""
        asked = {group: pool.submit(self._owner_of, group) for group in groups}
        for group, future in asked.items():
            exists, owner = future.result()
            if exists:
                self._groups[group] = owner
            else:
                self._groups.pop(group, None)

    def _owner_of(self, group: str) -> tuple[bool, str | None]:
        """Whether the group exists, and the tracking id that it is tagged with."""
        try:
            answer = self._aws.call("scheduler", "list_tags_for_resource", ResourceArn=self._arn(group))
        except AwsError as error:
            if error.code == _NOT_FOUND:
                return False, None
            raise
        return True, dict(pairs(answer.get("Tags"))).get(TRACKING_TAG)

    def _arn(self, group: str) -> str:
        return self.scope().arn("scheduler", f"schedule-group/{group}")

    def stop(self) -> None:
        self._aws.stopped.set()

    # -- writing -----------------------------------------------------------------------------------------------

    def write(self, write: Write) -> None:
        """A schedule is replaced as a whole, in one call; one that changes its group is deleted first."""
        before, after = write.before, write.after and with_texts(write.after, self._aws.open)
        if after is None:
            if before is not None:
                self._delete(before.rule)
            return
        self._own(after.timing.group or self.scope().schedule_group)
        if before is not None and before.rule.timing.group == after.timing.group:
            self._update(after)
            return
        if before is not None:
            self._delete(before.rule)
        self._create(after)

    def enable(self, rule: Rule) -> None:
        self._update(with_texts(replace(rule, enabled=True), self._aws.open))

    def disable(self, rule: Rule) -> None:
        self._update(with_texts(replace(rule, enabled=False), self._aws.open))

    def is_enabled(self, rule: Rule) -> bool:
        found = self._get((rule.timing.group or self.scope().schedule_group, self._aws.open(rule.name)))
        return found is not None and found.rule.enabled

    def _create(self, rule: Rule) -> None:
        self._put("create_schedule", rule)

    def _update(self, rule: Rule) -> None:
        self._put("update_schedule", rule)

    def _put(self, operation: str, rule: Rule) -> None:
        """One token for all tries: whatever answer was lost, there is one schedule."""
        request = schedule_request(rule, self.scope(), self._clock()) | {"ClientToken": str(uuid.uuid4())}
        self._when_ready(lambda: self._aws.call("scheduler", operation, **request))

    def _when_ready(self, call: Callable[[], Any]) -> None:
        """Does it, again as long as AWS doesn't know the role or the group that was made a moment ago."""
        for seconds in _ROLE_WAITS:
            try:
                call()
            except AwsError as error:
                if not _is_too_early(error) or self._aws.stopped.wait(seconds):
                    raise
            else:
                return
        call()

    def _delete(self, rule: Rule) -> None:
        try:
            place = place_of(rule, self.scope())
            self._aws.call("scheduler", "delete_schedule", **place, ClientToken=str(uuid.uuid4()))
        except AwsError as error:
            if error.code != _NOT_FOUND:  # somebody was faster: it is gone, as wanted
                raise

    def tidy(self) -> None:
        """Deletes the groups of ours that hold nothing any more: AWS allows 500 of them.

        A group is emptied by its deletion, so it is looked into just before.
        """
        for group in dict.fromkeys([self.scope().schedule_group, *self._tagged_groups()]):
            _, owner = self._owner_of(group)
            if owner == self._tracking_id and next(self._summaries(GroupName=group), None) is None:
                self._aws.call("scheduler", "delete_schedule_group", Name=group, ClientToken=str(uuid.uuid4()))

    def _own(self, group: str) -> None:
        """Makes the group, or tags it, once; a schedule in it is ours then."""
        with self._making:
            if self._groups.get(group) == self._tracking_id:
                return
            tags = tag_list(((TRACKING_TAG, self._tracking_id),))
            if group not in self._groups:
                try:
                    token = str(uuid.uuid4())
                    self._aws.call("scheduler", "create_schedule_group", Name=group, Tags=tags, ClientToken=token)
                except AwsError as error:
                    if error.code != _EXISTS:
                        raise
                    self._require_free(group)
                else:
                    self._groups[group] = self._tracking_id
                    return
            self._aws.call("scheduler", "tag_resource", ResourceArn=self._arn(group), Tags=tags)
            self._groups[group] = self._tracking_id

    def _require_free(self, group: str) -> None:
        """Raises AwsError where somebody else has made the group since it was looked for."""
        _, owner = self._owner_of(group)
        if owner not in (None, self._tracking_id):
            what = f"the schedule group `{group}` is tracked by `{owner}`, not by `{self._tracking_id}`"
            raise AwsError(Problem(what, todo="name another `scheduleGroup`, or apply again"), "Conflict")


def _is_too_early(error: AwsError) -> bool:
    """Whether the same call can succeed in a moment: a role or a group is too young, or another write is under way."""
    said = error.problems[0].what
    young = _NOT_ASSUMABLE in said or (error.code == _NOT_FOUND and "schedule group" in said.lower())
    return young or (error.code == _EXISTS and "already exists" not in said)


def _named(found: Mapping[_Place, LiveRule], places: Collection[_Place]) -> dict[str, LiveRule]:
    """The schedules by their names; of two with one name the wanted one has it."""
    rules: dict[str, LiveRule] = {}
    for place in sorted(found, key=lambda place: (place not in places, place)):
        name = place[1] if place[1] not in rules else twin(place[1], Home.SCHEDULER, place[0])
        rules[name] = found[place]
    return rules

"""The role doctor: whether the role that EventBridge takes exists, may be taken by it, and may start the tasks.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/CWE_IAM_role.html
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from esprestack.checks.finding import Finding
from esprestack.checks.policy import Request, Verdict, decide
from esprestack.checks.subject import Subject, known
from esprestack.facts import Absent, Facts, Role, Statement, TaskDefinition, Unanswered
from esprestack.rule import Home, Scope

SERVICES = {Home.RULES: "events.amazonaws.com", Home.SCHEDULER: "scheduler.amazonaws.com"}
"""Who takes the role of a rule's or a schedule's target."""

TASKS_SERVICE = "ecs-tasks.amazonaws.com"
"""Is handed the task's role and its execution role."""

_PolicyJson: TypeAlias = Mapping[str, Any]


def roles(subjects: Sequence[Subject], facts: Facts) -> Iterator[Finding]:
    """One finding for each role and thing that it may not do, at the first rule that needs it.

    A rule that allows a code isn't looked at for that. What isn't answered isn't judged.
    """
    of_role: dict[tuple[str, Home], list[Subject]] = {}
    for subject in subjects:
        of_role.setdefault((subject.shown.role, subject.rule.home), []).append(subject)
    missing: set[str] = set()
    for (name, home), users in of_role.items():
        fact = facts.roles.get(name)
        if isinstance(fact, Absent) and name not in missing:
            missing.add(name)
            yield from _missing(name, users)
        elif isinstance(fact, Role):
            yield from _Doctor(name, fact, facts, home).findings(users)


def _missing(name: str, users: Sequence[Subject]) -> Iterator[Finding]:
    for subject in _concerned(users, "no-role"):
        what = f"the role `{name}` of the rule `{subject.rule.name}` doesn't exist in account {subject.scope.account}"
        todo = "create it, or name another one with `role:`"
        yield subject.finding("no-role", what, subject.place("role"), todo)
        return


def _concerned(users: Sequence[Subject], code: str) -> list[Subject]:
    return [subject for subject in users if code not in subject.desired.allow]


class _Doctor:
    """Looks at one role. What can't be told is kept, to be said once."""

    def __init__(self, name: str, role: Role, facts: Facts, home: Home) -> None:
        self.name = name
        self.role = role
        self.facts = facts
        self.home = home
        self.unclear: dict[str, Subject] = {}

    def findings(self, users: Sequence[Subject]) -> Iterator[Finding]:
        yield from self.trust(_concerned(users, "role-trust"))
        if not isinstance(self.role.policies, Unanswered):
            yield from self.run_task(self.role.policies, _concerned(users, "role-run-task"))
            yield from self.pass_role(self.role.policies, _concerned(users, "role-pass-role"))
            yield from self.tag_resource(self.role.policies, _concerned(users, "role-tag-resource"))
            yield from self.send_message(self.role.policies, _concerned(users, "role-send-message"))
        if self.unclear:
            subject = next(iter(self.unclear.values()))
            what = f"whether the role `{self.name}` lets EventBridge {' and '.join(self.unclear)} can't be told"
            todo = "look at its conditions and its permissions boundary, then allow `role-unclear`"
            yield subject.finding("role-unclear", what, subject.place("role"), todo)

    def trust(self, users: Sequence[Subject]) -> Iterator[Finding]:
        for subject in users:
            service = SERVICES[self.home]
            context = {"aws:sourceaccount": subject.scope.account, "aws:sourcearn": _source(subject)}
            request = Request("sts:AssumeRole", service=service, context=context)
            match decide(self.role.trust, request):
                case Verdict.UNCLEAR:
                    self.unclear.setdefault("take it", subject)
                case Verdict.NO:
                    what = f"the role `{self.name}` doesn't let {service} take it for the rule `{subject.rule.name}`"
                    added: _PolicyJson = {
                        "Effect": "Allow",
                        "Principal": {"Service": service},
                        "Action": "sts:AssumeRole",
                        "Condition": {"StringEquals": {"aws:SourceAccount": subject.scope.account}},
                    }
                    todo = f"add to its trust policy {_json(added)}"
                    yield subject.finding("role-trust", what, subject.place("role"), todo)
                    return

    def run_task(self, policies: Sequence[Statement], users: Sequence[Subject]) -> Iterator[Finding]:
        """A family without revision is authorised as all its revisions, whichever it resolves to."""
        lacking: dict[str, Subject] = {}
        for subject in users:
            if not known(subject.opened.task_definition):
                continue
            context = {"ecs:cluster": subject.scope.cluster_arn}
            name = subject.scope.expand(subject.opened.task_definition, "ecs", "task-definition/")
            pinned = ":" in name.rpartition("/")[2]
            verdict = self.may(policies, Request("ecs:RunTask", name if pinned else f"{name}:*", context=context))
            if verdict is Verdict.NO and not pinned:
                verdict = self.may_in_part(policies, subject, name, context)
            if verdict is Verdict.UNCLEAR:
                self.unclear.setdefault("start the task", subject)
            elif verdict is Verdict.NO:
                lacking.setdefault(_every_revision(subject), subject)
        if lacking:
            subject = next(iter(lacking.values()))
            what = f"the role `{self.name}` may not start the task of {_rules(lacking)}"
            added = {
                "Effect": "Allow",
                "Action": "ecs:RunTask",
                "Resource": list(lacking),
                "Condition": {"ArnEquals": {"ecs:cluster": subject.scope.cluster_arn}},
            }
            yield self.lacks("role-run-task", what, subject, added)

    def may_in_part(
        self, policies: Sequence[Statement], subject: Subject, name: str, context: Mapping[str, str]
    ) -> Verdict:
        """Unclear where a policy names one revision, or the family as it was authorised until 2024."""
        fact = self.facts.task_definitions.get(subject.shown.task_definition)
        ways = [name, *([f"{name}:{fact.revision}"] if isinstance(fact, TaskDefinition) else [])]
        verdicts = {self.may(policies, Request("ecs:RunTask", way, context=context)) for way in ways}
        return Verdict.NO if verdicts == {Verdict.NO} else Verdict.UNCLEAR

    def pass_role(self, policies: Sequence[Statement], users: Sequence[Subject]) -> Iterator[Finding]:
        lacking: dict[str, Subject] = {}
        for subject in users:
            for opened, shown in self.passed(subject):
                request = Request("iam:PassRole", opened, context={"iam:passedtoservice": TASKS_SERVICE})
                match self.may(policies, request):
                    case Verdict.UNCLEAR:
                        self.unclear.setdefault("hand the task's roles to ECS", subject)
                    case Verdict.NO:
                        lacking.setdefault(shown, subject)
        if lacking:
            what = f"the role `{self.name}` may not hand the roles of the task of {_rules(lacking)} to ECS"
            added = {
                "Effect": "Allow",
                "Action": "iam:PassRole",
                "Resource": list(lacking),
                "Condition": {"StringEquals": {"iam:PassedToService": TASKS_SERVICE}},
            }
            yield self.lacks("role-pass-role", what, next(iter(lacking.values())), added)

    def passed(self, subject: Subject) -> Iterator[tuple[str, str]]:
        """The ARNs of the task's role and its execution role: to judge, and to show."""
        fact = self.facts.task_definitions.get(subject.shown.task_definition)
        definition = (fact.task_role, fact.execution_role) if isinstance(fact, TaskDefinition) else ("", "")
        opened, shown = subject.opened.task_override, subject.shown.task_override
        overrides = ((opened.task_role, shown.task_role), (opened.execution_role, shown.execution_role))
        for (role, written), default in zip(overrides, definition, strict=True):
            if role and known(role):
                yield _role_arn(subject.scope, role), _role_arn(subject.scope, written)
            elif default and not role:
                yield default, default

    def tag_resource(self, policies: Sequence[Statement], users: Sequence[Subject]) -> Iterator[Finding]:
        """https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html"""
        for subject in users:
            if not (subject.opened.tags or subject.opened.propagate_tags):
                continue
            resource = f"{subject.scope.cluster_arn.replace(':cluster/', ':task/')}/*"
            request = Request("ecs:TagResource", resource, context={"ecs:createaction": "RunTask"})
            match self.may(policies, request):
                case Verdict.UNCLEAR:
                    self.unclear.setdefault("tag the task", subject)
                case Verdict.NO:
                    what = f"the role `{self.name}` may not tag the task of the rule `{subject.rule.name}`"
                    added = {
                        "Effect": "Allow",
                        "Action": "ecs:TagResource",
                        "Resource": resource,
                        "Condition": {"StringEquals": {"ecs:CreateAction": "RunTask"}},
                    }
                    yield self.lacks("role-tag-resource", what, subject, added)
                    return

    def send_message(self, policies: Sequence[Statement], users: Sequence[Subject]) -> Iterator[Finding]:
        """A schedule's dead letters are sent with its role, those of a rule by leave of the queue.

        https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
        """
        for subject in users if self.home is Home.SCHEDULER else ():
            queue = subject.opened.dead_letter_queue
            if not queue or not known(queue):
                continue
            match self.may(policies, Request("sqs:SendMessage", subject.scope.expand(queue, "sqs", ""))):
                case Verdict.UNCLEAR:
                    self.unclear.setdefault("send to the dead-letter queue", subject)
                case Verdict.NO:
                    what = f"the role `{self.name}` may not send to the dead-letter queue of `{subject.rule.name}`"
                    shown = subject.scope.expand(subject.shown.dead_letter_queue, "sqs", "")
                    added = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": shown}
                    yield self.lacks("role-send-message", what, subject, added)
                    return

    def may(self, policies: Sequence[Statement], request: Request) -> Verdict:
        verdict = decide(policies, request)
        return Verdict.UNCLEAR if self.role.bounded and verdict is Verdict.YES else verdict

    def lacks(self, code: str, what: str, subject: Subject, added: _PolicyJson) -> Finding:
        return subject.finding(code, what, subject.place("role"), f"add to its policy {_json(added)}")


def _source(subject: Subject) -> str:
    """On whose behalf the role is taken: the rule's, or the schedule's whole group's.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
    """
    rule, scope = subject.opened_rule, subject.scope
    if rule.home is Home.RULES:
        return scope.arn("events", f"rule/{rule.name}")
    return scope.arn("scheduler", f"schedule-group/{rule.timing.group or scope.schedule_group}")


def _role_arn(scope: Scope, role: str) -> str:
    return scope.expand(role, "iam", "role/")


def _every_revision(subject: Subject) -> str:
    """The ARN, as it may be shown, of the family of the rule's task definition in all its revisions."""
    arn = subject.scope.expand(subject.shown.task_definition, "ecs", "task-definition/")
    start, slash, name = arn.rpartition("/")
    return f"{start}{slash}{name.partition(':')[0]}:*"


def _rules(lacking: Mapping[str, Subject]) -> str:
    names = list(dict.fromkeys(f"`{subject.rule.name}`" for subject in lacking.values()))
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"the rule {names[0]}{more}"


def _json(added: _PolicyJson) -> str:
    return json.dumps(added, ensure_ascii=False)

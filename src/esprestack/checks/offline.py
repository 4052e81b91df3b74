"""Findings that need no AWS: the desired rules, their scope and the clock are enough."""

import difflib
from collections.abc import Iterator, Sequence
from datetime import datetime

from esprestack.checks.codes import CODES
from esprestack.checks.finding import Finding
from esprestack.checks.launch import launch
from esprestack.checks.names import cluster, names
from esprestack.checks.overrides import overrides
from esprestack.checks.schedules import schedules
from esprestack.checks.subject import Subject, subject_of
from esprestack.checks.timing import same_job_twice, schedule
from esprestack.config.desired import Desired
from esprestack.rule import Scope
from esprestack.secrets import Vault


def offline_findings(desired: Sequence[Desired], scope: Scope, vault: Vault, now: datetime) -> list[Finding]:
    """Everything that is wrong with the rules of one config, in the order of the file's rules.

    A value that a look-up had no answer for is not judged. No message holds an opened secret.
    """
    subjects = [subject_of(item, scope, vault) for item in desired]
    found = list(cluster(subjects))
    for subject in subjects:
        found += schedule(subject, now)
        found += schedules(subject)
        found += launch(subject)
        found += overrides(subject)
        found += names(subject)
        found += _unknown_codes(subject)
    return [*found, *same_job_twice(subjects)]


def _unknown_codes(subject: Subject) -> Iterator[Finding]:
    for code in subject.desired.allow:
        if code not in CODES:
            near = difflib.get_close_matches(code, CODES, n=1)
            todo = f"did you mean `{near[0]}`?" if near else "remove it"
            where = subject.place_of_item(code, "allow")
            yield subject.finding("unknown-code", f"`{code}` is no finding's code", where, todo)

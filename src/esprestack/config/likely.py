"""Whose a config is, as far as its own text says: an ARN in it knows partition, region and account. Pure."""

import re
from collections.abc import Iterable, Iterator

from esprestack.rule import Scope

_NOBODY = "000000000000"
_ARN = re.compile(r"arn:(aws[\w-]*):[\w-]+:([\w-]*):(\d{12}):")


def likely_place(texts: Iterable[str], region: str, account: str = "") -> Scope:
    """Partition, region and account of the first ARN in `texts`, opened; without a cluster or a tracking id.

    `account`: where no ARN says it, and `*` gives way to one that does.
    """
    found = [match for text in texts if (match := _ARN.match(text))]
    region = region or next((match[2] for match in found if match[2]), "us-east-1")
    partition = found[0][1] if found else _partition(region)
    if account in ("", "*"):
        account = found[0][3] if found else account or _NOBODY
    return Scope(partition, region, account, "", "")


def _partition(region: str) -> str:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"""
    special = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
    return next((partition for start, partition in special.items() if region.startswith(start)), "aws")


def texts_in(value: object) -> Iterator[str]:
    """All texts in a document, in no order."""
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part

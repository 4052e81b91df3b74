"""Where the scripted ECS is, and when: its ARNs, and a time that passes with what is asked."""

import itertools
from datetime import UTC, datetime, timedelta


class Place:
    """One region of one account. Time stands still but for `pass_time`, so that every run of a test is the same."""

    def __init__(self, region: str, account: str) -> None:
        self.region, self.account = region, account
        self.now = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
        self._numbers = itertools.count(1)

    def arn(self, resource: str) -> str:
        return f"arn:aws:ecs:{self.region}:{self.account}:{resource}"

    def number(self) -> int:
        """The next number that nothing else has."""
        return next(self._numbers)

    def pass_time(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


def last_part(arn: str) -> str:
    """`web` of `arn:…:service/jobs/web`, and of `web`."""
    return arn.rpartition("/")[2]


def page(items: list[str], asked: int | None, most: int, token: str | None) -> tuple[list[str], str | None]:
    """One page of a listing, and the token of the next one."""
    begin = int(token or 0)
    end = begin + (asked or most)
    return items[begin:end], str(end) if end < len(items) else None

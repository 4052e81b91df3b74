"""What is asked again, how often and after which wait. Pure: it waits for nothing itself.

botocore's own retries are switched off (docs/decisions/0013): they ask again about a quota that is exceeded, and not
about two writers at once; they can't be stopped; and their pace takes long to find what AWS allows.
"""

import os
import random
import time
from collections.abc import Callable

from esprestack.errors import Again, AwsError

ATTEMPTS = 5
"""Tries of a call that AWS or the network failed; AWS_MAX_ATTEMPTS overrides it."""
CONFLICT_ATTEMPTS = 6
"""Tries of a write that met another one."""
THROTTLED_SECONDS = 120.0
"""How long a call is asked again that came too fast: the pace is slowing down meanwhile."""

_FIRST_WAIT = {Again.TRANSIENT: 0.5, Again.CONFLICT: 0.1, Again.THROTTLED: 0.1}
"""Seconds at most before the second try; doubled for each further one."""
LONGEST_WAIT = 5.0
"""Seconds."""

_THROTTLES = frozenset(
    {
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
        "TooManyRequestsException", "RequestLimitExceeded", "BandwidthLimitExceeded", "SlowDown",
        "EC2ThrottledException", "ProvisionedThroughputExceededException",
    }
)  # fmt: skip
_FAILURES = frozenset(
    {
        "InternalException", "InternalFailure", "InternalError", "InternalServerError", "InternalServerException",
        "InternalServiceException", "InternalErrorException", "ServerException", "ServiceUnavailable",
        "ServiceUnavailableException", "RequestTimeout", "RequestTimeoutException",
    }
)  # fmt: skip
_CONFLICT = "ConcurrentModificationException"
_BAD_GATEWAYS = frozenset({500, 502, 503, 504})
_TOO_MANY = 429


def again(code: str, status: int = 200) -> Again:
    """Whether AWS's answer is one to ask again after. LimitExceeded is not: a quota doesn't grow by waiting.

    https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html
    """
    if code in _THROTTLES or status == _TOO_MANY:
        return Again.THROTTLED
    if code == _CONFLICT:
        return Again.CONFLICT
    if code in _FAILURES or status in _BAD_GATEWAYS:
        return Again.TRANSIENT
    return Again.NO


class Tries:
    """The tries of one call."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        asked = os.environ.get("AWS_MAX_ATTEMPTS", "")
        self._asked = int(asked) if asked.isdigit() and int(asked) else None
        self._clock = clock
        self._began = clock()
        self._failed = 0

    def wait_after(self, error: AwsError) -> float | None:
        """Seconds until the next try; None: there is none."""
        self._failed += 1
        match error.again:
            case Again.NO:
                return None
            case Again.CONFLICT:
                over = self._failed >= CONFLICT_ATTEMPTS
            case Again.TRANSIENT:
                over = self._failed >= (self._asked or ATTEMPTS)
            case Again.THROTTLED:
                late = self._clock() - self._began > THROTTLED_SECONDS
                over = self._failed >= self._asked if self._asked else late
        if over:
            return None
        longest = min(LONGEST_WAIT, _FIRST_WAIT[error.again] * 2 ** min(self._failed - 1, 10))
        return random.uniform(0, longest)  # noqa: S311 - jitter, no cryptography

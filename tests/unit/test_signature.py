"""Signatures, held against those of botocore's signer for the same request at the same moment."""

from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from hypothesis import given
from hypothesis import strategies as st

from esprestack.plain_session import Keys
from esprestack.signature import Signer, beginning

TEXTS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
HEADERS = st.dictionaries(
    st.sampled_from(["Content-Type", "X-Amz-Target", "User-Agent", "Expect", "x-amzn-query-mode", "TE"]),
    st.lists(TEXTS, min_size=1, max_size=3).map("  ".join),
)
PATHS = st.sampled_from(
    ["", "/", "/behind/a%20path", "/a//b/../c", "/?b=2&a=1", "/x?a", "/schedules/a%2Bb?g=x%20y&g=a"]
)


def a_signer() -> Signer:
    return Signer("events", "eu-central-1")


@given(
    headers=HEADERS,
    body=st.binary(max_size=200),
    method=st.sampled_from(["POST", "GET", "PUT", "DELETE"]),
    path=PATHS,
    secret=TEXTS,
    token=st.none() | TEXTS,
    now=st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1)),  # noqa: DTZ001 - made UTC below
)
def test_a_signature_is_the_one_of_botocore(
    headers: dict[str, str], body: bytes, method: str, path: str, secret: str, token: str | None, now: datetime
) -> None:
    url, moment = f"https://events.example{path}", now.replace(tzinfo=UTC)
    sent = {"Host": "events.example", **headers}
    request = AWSRequest(method, url, headers=sent, data=body)
    with patch("botocore.auth.get_current_datetime", lambda: moment):
        SigV4Auth(ReadOnlyCredentials("AKID", secret, token), "events", "eu-central-1").add_auth(request)
    signed = a_signer().signed(beginning(method, path), sent, body, Keys("AKID", secret, token), moment)
    assert signed == dict(request.headers.items())


def test_the_key_is_made_anew_for_another_day_and_for_other_credentials() -> None:
    moment = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
    used = a_signer()
    for keys, now in (
        (Keys("A", "one", None), moment),
        (Keys("A", "one", None), moment + timedelta(minutes=2)),
        (Keys("B", "two", None), moment + timedelta(minutes=3)),
    ):
        first, again = (
            signer.signed("POST\n/\n", {"Host": "events.example"}, b"{}", keys, now) for signer in (used, a_signer())
        )
        assert first == again

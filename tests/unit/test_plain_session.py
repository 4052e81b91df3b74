"""The session of a plain environment says what botocore's own says there, and knows when it can't."""

from pathlib import Path

import botocore.session
import pytest

from esprestack.plain_session import plain_session

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "made-up"}
ASKED = (
    "ca_bundle",
    "use_fips_endpoint",
    "use_dualstack_endpoint",
    "ignore_configured_endpoint_urls",
    "api_versions",
    "data_path",
    "sts_regional_endpoints",
)
"""The variables that `json_service` asks for."""


@pytest.fixture
def environ(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """This process's environment too has no more in it than the keys and a home, for botocore's own session."""
    import os

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    plain = {"HOME": str(tmp_path), **KEYS}
    for name, value in plain.items():
        monkeypatch.setenv(name, value)
    return plain


@pytest.mark.parametrize(
    "more", [{}, {"AWS_SESSION_TOKEN": "t"}, {"AWS_SECURITY_TOKEN": "old"}, {"AWS_CA_BUNDLE": "/ca.pem"}]
)
def test_it_says_what_botocore_s_session_says(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, more: dict[str, str]
) -> None:
    for name, value in more.items():
        monkeypatch.setenv(name, value)
    ours, theirs = plain_session(environ | more), botocore.session.get_session()
    assert ours
    our_keys, their_keys = ours.get_credentials().get_frozen_credentials(), theirs.get_credentials()
    assert (our_keys.access_key, our_keys.secret_key) == (their_keys.access_key, their_keys.secret_key)
    assert our_keys.token == their_keys.token
    for name in ASKED:
        assert (ours.get_config_variable(name) or None) == (theirs.get_config_variable(name) or None)
    assert ours.get_scoped_config() == theirs.get_scoped_config()
    loader = theirs.get_component("data_loader")
    assert ours.get_component("data_loader").search_paths == loader.search_paths


@pytest.mark.parametrize(
    "more",
    [
        {"AWS_ACCESS_KEY_ID": ""},
        {"AWS_SECRET_ACCESS_KEY": ""},
        {"AWS_PROFILE": "prod"},
        {"AWS_DEFAULT_PROFILE": "prod"},
        {"AWS_CREDENTIAL_EXPIRATION": "2026-03-01T00:00:00Z"},
        {"AWS_USE_FIPS_ENDPOINT": "true"},
        {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        {"AWS_DATA_PATH": "/models"},
    ],
    ids=lambda more: next(iter(more)),
)
def test_where_a_session_has_more_to_say_there_is_no_plain_one(environ: dict[str, str], more: dict[str, str]) -> None:
    assert plain_session(environ)
    assert plain_session(environ | more) is None


@pytest.mark.parametrize("file", [".aws/config", ".aws/credentials"])
def test_a_file_of_settings_is_left_to_botocore(environ: dict[str, str], tmp_path: Path, file: str) -> None:
    path = tmp_path / file
    path.parent.mkdir()
    path.touch()
    assert plain_session(environ) is None
    elsewhere = {"AWS_CONFIG_FILE": str(tmp_path / "none"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none")}
    assert plain_session(environ | elsewhere)
    assert plain_session(environ | elsewhere | {"AWS_CONFIG_FILE": str(path)}) is None


def test_keys_are_in_no_message(environ: dict[str, str]) -> None:
    session = plain_session(environ | {"AWS_SESSION_TOKEN": "a-token"})
    assert session
    assert repr(session.get_credentials()) == "Keys(access_key='AKIDEXAMPLE')"

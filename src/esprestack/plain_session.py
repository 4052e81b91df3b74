"""What a botocore session says where credentials come from the environment and nothing else is set: GitHub's runners.

In: the environment; out: what `JsonServices` asks of a session, or None where a session has more to say. botocore's own
imports clients, waiters and documentation, a twelfth of a diff's processor time (docs/decisions/0015).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from botocore.loaders import create_loader

_NEEDS_A_SESSION = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_DATA_PATH",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_STS_REGIONAL_ENDPOINTS",
)
"""Variables after which more than keys and a certificate is to be known.

https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html
"""
_FILES = (("AWS_CONFIG_FILE", ".aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"))


@dataclass(frozen=True, slots=True)
class Keys:
    """Credentials that don't change."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(repr=False)

    def get_frozen_credentials(self) -> Self:
        return self


class PlainSession:
    """The part of a botocore session that `JsonServices` asks."""

    def __init__(self, keys: Keys, ca_bundle: str | None) -> None:
        self._keys = keys
        self._ca_bundle = ca_bundle

    def get_component(self, name: str) -> Any:
        """The loader of botocore's models, the one component that is asked for."""
        if name != "data_loader":
            raise ValueError(f"a plain session has no {name}")
        return create_loader()

    def get_config_variable(self, name: str) -> str | None:
        match name:
            case "ca_bundle":
                return self._ca_bundle
            case "sts_regional_endpoints":
                return "regional"
        return None

    def get_scoped_config(self) -> dict[str, Any]:
        """The profile's section of ~/.aws/config: there is none."""
        return {}

    def get_credentials(self) -> Keys:
        return self._keys


def plain_session(environ: Mapping[str, str]) -> PlainSession | None:
    """The session of this environment; None where botocore's own has to be made."""
    access_key, secret_key = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
    if not access_key or not secret_key or any(environ.get(name) for name in _NEEDS_A_SESSION):
        return None
    if any(_is_there(environ.get(variable) or f"~/{usual}") for variable, usual in _FILES):
        return None
    token = environ.get("AWS_SESSION_TOKEN") or environ.get("AWS_SECURITY_TOKEN")
    return PlainSession(Keys(access_key, secret_key, token), environ.get("AWS_CA_BUNDLE"))


def _is_there(path: str) -> bool:
    try:
        return Path(path).expanduser().exists()
    except (OSError, RuntimeError):  # nobody's home: botocore knows what to do
        return True

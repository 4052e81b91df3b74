"""`env` and `must_env`: environment variables, but none that hold credentials.

A pull request's config is rendered by a job that holds cloud credentials and tokens, and its text ends up in a
comment: what a template may read is therefore narrow by name (and narrower with `env-allow`).
"""

import fnmatch
import functools
from collections.abc import Mapping, Sequence

from esprestack.config.lookups.base import Function, Local, LookupMissError

DENIED = (
    "AWS_*", "ACTIONS_*", "INPUT_*", "GITHUB_TOKEN", "GH_TOKEN", "GITHUB_PAT", "*_GITHUB_TOKEN", "ESPRESTACK_*",
    "GOOGLE_APPLICATION_CREDENTIALS", "AZURE_CLIENT_SECRET", "ARM_CLIENT_SECRET", "TF_TOKEN_*", "VAULT_TOKEN",
    "NPM_TOKEN", "NODE_AUTH_TOKEN", "RUNNER_TOKEN", "STATE_*",
)  # fmt: skip
"""Names that hold credentials on a runner or a developer's machine."""

READABLE = frozenset({"AWS_REGION", "AWS_DEFAULT_REGION"})
"""The exceptions: names of regions."""


class Environment(Local):
    """Reads `environ`, of which `allowed` patterns (all but the denied, when there are none) can be seen."""

    def __init__(self, environ: Mapping[str, str], allowed: Sequence[str] = ()) -> None:
        self._environ = environ
        self._allowed = allowed

    @property
    def functions(self) -> Mapping[str, Function]:
        return {"env": self.env, "must_env": self.must_env}

    def env(self, *names: str) -> str:
        """The first of `names` that is set and not empty; the last one is the default, as in ecschedule."""
        if not names:
            raise LookupMissError("`env` needs a name", "write env('NAME', 'default')")
        *names_only, default = names
        return next((value for name in names_only if (value := self._read(name))), default)

    def must_env(self, name: str) -> str:
        """The variable's value, which may be empty but must be set."""
        value = self._read(name)
        if value is None:
            raise LookupMissError(
                f"the environment variable `{name}` is not set",
                f"set {name} in the job's `env:`, or give a default with env('{name}', '…')",
            )
        return value

    def _read(self, name: str) -> str | None:
        if is_denied(name):
            raise LookupMissError(
                f"templates may not read the environment variable `{name}`: it can hold credentials",
                "a value that the task needs belongs into a secret of its own: secret('NAME')",
                code="denied",
            )
        if self._allowed and not any(fnmatch.fnmatchcase(name, pattern) for pattern in self._allowed):
            raise LookupMissError(
                f"the environment variable `{name}` is not among those that `env-allow` names",
                f"add {name} to `env-allow`",
                code="denied",
            )
        return self._environ.get(name)


@functools.lru_cache(4096)
def is_denied(name: str) -> bool:
    """Whether the variable may hold a credential, whatever its case."""
    upper = name.upper()
    return upper not in READABLE and any(fnmatch.fnmatchcase(upper, pattern) for pattern in DENIED)

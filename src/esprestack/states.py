"""The text of a Terraform state, wherever it lies: a file, a web server, S3, Terraform Cloud.

In: a location; out: text, or StateUnreadableError that says what, and what to do. Nothing of what was read is in it.
"""

import json
import re
import urllib.parse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from esprestack.errors import AwsError
from esprestack.state_text import LARGEST, StateUnreadableError, decoded

_NOT_YET = ("gs", "azurerm")
_LOOPBACK = ("127.0.0.1", "localhost")
_TERRAFORM_CLOUD = "app.terraform.io"
_ARCHIVE = "archivist.terraform.io"
"""Where Terraform Cloud keeps states; it wants the token as well.

https://developer.hashicorp.com/terraform/cloud-docs/api-docs/state-versions
"""
_HOST = re.compile(r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::\d{1,5})?")


class Caller(Protocol):
    """esprestack.aws.Aws, of which S3 is asked. Raises AwsError."""

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]: ...


def is_local(location: str) -> bool:
    """Whether `location` is a file."""
    return "://" not in location or location.startswith("file://")


def shown(location: str) -> str:
    """`location` without the user's name and password in it."""
    return re.sub(r"//[^/@\s]*@", "//", location)


class StateElsewhereError(Exception):
    """The state isn't in a file, and nobody can be asked for it: offline, or in a region that isn't known."""


class StateReader:
    """Reads states for a config in `folder`; a relative path counts from there, then from `working`."""

    def __init__(
        self,
        folder: Path,
        working: Path,
        environ: Mapping[str, str],
        aws: Callable[[str], Caller],
        *,
        offline: bool = False,
    ) -> None:
        self._folder = folder
        self._working = working
        self._environ = environ
        self._aws = aws
        """From a region, empty for the config's, to its client."""
        self._offline = offline

    def read(self, location: str) -> str:
        """The state's text. Raises StateUnreadableError, or StateElsewhereError where it would have to ask for it."""
        scheme, _, rest = location.partition("://")
        if "://" not in location:
            return self._file(location)
        if scheme == "file":
            return self._file(urllib.parse.unquote(rest.removeprefix("localhost") if "/" in rest else rest))
        if scheme in ("http", "https"):
            return self._get(location, {})
        if scheme == "s3":
            bucket, _, key = rest.partition("/")
            return self._s3(bucket, key, "")
        if scheme == "remote":
            host, _, path = rest.partition("/")
            organization, _, workspace = path.partition("/")
            return self._remote(host, organization, workspace)
        if scheme in _NOT_YET:
            todo = "serve it by https, copy it to S3, or fetch it to a file in a step before"
            raise StateUnreadableError(f"{scheme}:// is not supported yet", todo)
        todo = "known are a path, file://, http(s)://, s3:// and remote://"
        raise StateUnreadableError(f"`{scheme[:20]}://` is no place of a state", todo)

    def _file(self, name: str) -> str:
        path = _found(name, self._folder, self._working)
        return self._followed(_text_of(path), path.parent)

    def _followed(self, text: str, folder: Path) -> str:
        """`.terraform/terraform.tfstate` holds no state, but the backend where it is."""
        backend = _backend_in(text)
        if backend is None:
            return text
        kind, config = backend
        workspace = self._workspace(folder)
        match kind:
            case "local":
                return self._local(config, folder.parent if folder.name == ".terraform" else folder, workspace)
            case "s3":
                key = str(config.get("key") or "")
                if key and workspace != "default":
                    key = f"{config.get('workspace_key_prefix') or 'env:'}/{workspace}/{key}"
                return self._s3(str(config.get("bucket") or ""), key, str(config.get("region") or ""))
            case "remote" | "cloud":
                chosen = config.get("workspaces") or {}
                chosen = chosen[0] if isinstance(chosen, list) and chosen else chosen
                chosen = chosen if isinstance(chosen, dict) else {}
                name = chosen.get("name") or f"{chosen.get('prefix') or ''}{workspace}"
                host = config.get("hostname") or _TERRAFORM_CLOUD
                return self._remote(str(host), str(config.get("organization") or ""), str(name))
        raise StateUnreadableError(f"its backend `{kind}` is not supported yet", "name the state itself in `url:`")

    def _local(self, config: Mapping[str, Any], root: Path, workspace: str) -> str:
        """The file that a local backend keeps, which is followed no further.

        https://developer.hashicorp.com/terraform/language/backend/local
        """
        name = str(config.get("path") or "terraform.tfstate")
        if workspace != "default":
            name = f"{config.get('workspace_dir') or 'terraform.tfstate.d'}/{workspace}/terraform.tfstate"
        return _text_of(_found(name, root, self._folder, self._working))

    def _workspace(self, folder: Path) -> str:
        given = self._environ.get("TF_WORKSPACE")
        chosen = folder / "environment"
        return given or (_text_of(chosen).strip() if chosen.is_file() else "") or "default"

    def _s3(self, bucket: str, key: str, region: str) -> str:
        if not bucket or not key:
            raise StateUnreadableError("bucket or key is missing", "write s3://bucket/key")
        self._leave()
        try:
            answer = self._aws(region).call("s3", "get_object", Bucket=bucket, Key=key)
        except AwsError as error:
            if error.final:
                raise
            problem = error.problems[0]
            todo = problem.todo or "check bucket, key and the permission s3:GetObject"
            raise StateUnreadableError(problem.what, todo) from None
        return decoded(answer["Body"].read(LARGEST + 1))

    def _get(self, url: str, headers: Mapping[str, str]) -> str:
        self._leave()
        from esprestack.state_http import get  # urllib.request is heavy: only who needs it pays for it

        return get(url, headers)

    def _remote(self, host: str, organization: str, workspace: str) -> str:
        if not (host and organization and workspace):
            raise StateUnreadableError(
                "host, organization or workspace is missing", "write remote://host/org/workspace"
            )
        named = _HOST.fullmatch(host)
        if not named:
            raise StateUnreadableError("its host is none", "write remote://host/org/workspace")
        self._leave()
        token = self._token(named["name"].lower())
        scheme = "http" if named["name"] in _LOOPBACK else "https"
        headers = {"Authorization": f"Bearer {token}"}
        base = f"{scheme}://{host}/api/v2"
        quoted = [urllib.parse.quote(part, safe="") for part in (organization, workspace)]
        found = _member(self._get(f"{base}/organizations/{quoted[0]}/workspaces/{quoted[1]}", headers), "data", "id")
        version = self._get(f"{base}/workspaces/{urllib.parse.quote(found, safe='')}/current-state-version", headers)
        place = _member(version, "data", "attributes", "hosted-state-download-url")
        server = urllib.parse.urlsplit(place).netloc.lower()
        its_own = server == host.lower() or (host.lower(), server) == (_TERRAFORM_CLOUD, _ARCHIVE)
        return self._get(place, headers if its_own else {})

    def _leave(self) -> None:
        """What comes before anybody is asked."""
        if self._offline:
            raise StateElsewhereError

    def _token(self, host: str) -> str:
        """The token that is meant for `host`: a config can't have it sent to a host of its own choice.

        https://developer.hashicorp.com/terraform/cli/config/config-file#environment-variable-credentials
        """
        own = f"TF_TOKEN_{host.replace('-', '__').replace('.', '_')}"
        named = self._environ.get("TFE_HOSTNAME") or self._environ.get("TFE_ADDRESS", "").rpartition("://")[2]
        home = (named.partition("/")[0].partition(":")[0] or _TERRAFORM_CLOUD).lower()
        token = self._environ.get(own) or (self._environ.get("TFE_TOKEN") if host == home else None)
        if not token:
            todo = f"set {own}, or TFE_TOKEN" if host == home else f"set {own}; TFE_TOKEN is for {home} (TFE_HOSTNAME)"
            raise StateUnreadableError(f"no token for {host} is given", todo)
        return token


def _found(name: str, *folders: Path) -> Path:
    """The file of this name in the first of `folders` that has it."""
    try:
        path = next((folder / name for folder in folders if (folder / name).is_file()), None)
    except OSError as error:
        raise StateUnreadableError(f"it can't be read: {error.strerror}", "check name and permissions") from None
    if path is None:
        looked = " and ".join(dict.fromkeys(map(str, folders)))
        raise StateUnreadableError("there is no such file", f"looked in {looked}")
    return path


def _text_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return decoded(file.read(LARGEST + 1))
    except OSError as error:
        raise StateUnreadableError(f"it can't be read: {error.strerror}", "check its permissions") from None


def _backend_in(text: str) -> tuple[str, Mapping[str, Any]] | None:
    """Kind and configuration of the backend that `text` names instead of being a state."""
    if '"backend"' not in text:
        return None
    try:
        pointer = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(pointer, dict) or "resources" in pointer or not isinstance(pointer.get("backend"), dict):
        return None
    backend = pointer["backend"]
    config = backend.get("config")
    return str(backend.get("type")), config if isinstance(config, dict) else {}


def _member(text: str, *path: str) -> str:
    value: Any
    try:
        value = json.loads(text)
        for name in path:
            value = value[name]
    except (ValueError, KeyError, TypeError):
        value = None
    if not isinstance(value, str):
        raise StateUnreadableError(f"the answer has no {'.'.join(path)}", "is this Terraform Cloud's address?")
    return value

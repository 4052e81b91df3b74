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
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Caller(Protocol):
    """esprestack.aws.Aws, of which S3 is asked. Raises AwsError."""

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]: ...


def is_local(location: str) -> bool:
    """Whether `location` is a file."""
    return "://" not in location or location.startswith("file://")


def shown(location: str) -> str:
    """`location` without the user's name and password in it."""
    return re.sub(r"//[^/@\s]*@", "//", location)


class StateReader:
    """Reads states for a config in `folder`; a relative path counts from there, then from `working`."""

    def __init__(self, folder: Path, working: Path, environ: Mapping[str, str], aws: Callable[[str], Caller]) -> None:
        self._folder = folder
        self._working = working
        self._environ = environ
        self._aws = aws
        """From a region, empty for the config's, to its client."""

    def read(self, location: str) -> str:
        """The state's text. Raises StateUnreadableError."""
        scheme, _, rest = location.partition("://")
        if not rest or scheme == "file":
            return self._file(rest or location)
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
        places = [self._folder / name, self._working / name]
        path = next((place for place in places if place.is_file()), None)
        if path is None:
            looked = " and ".join(dict.fromkeys(str(place) for place in (self._folder, self._working)))
            raise StateUnreadableError("there is no such file", f"looked in {looked}")
        try:
            if path.stat().st_size > LARGEST:
                raise StateUnreadableError("it is larger than 50 MB", "is this a state?")
            text = path.read_text("utf-8")
        except OSError as error:
            raise StateUnreadableError(f"it can't be read: {error.strerror}", "check its permissions") from None
        except UnicodeDecodeError:
            raise StateUnreadableError("it isn't UTF-8", "is this a state?") from None
        return self._followed(text, path.parent)

    def _followed(self, text: str, folder: Path) -> str:
        """`.terraform/terraform.tfstate` holds no state, but the backend where it is."""
        if '"backend"' not in text:
            return text
        try:
            pointer = json.loads(text)
            backend = pointer.get("backend") if isinstance(pointer, dict) and "resources" not in pointer else None
            kind, config = (backend["type"], backend["config"]) if backend else ("", {})
        except (ValueError, KeyError, TypeError, RecursionError):
            return text
        workspace = self._workspace(folder)
        match kind:
            case "":
                return text
            case "local":
                return self._file(str(config.get("path") or "terraform.tfstate"))
            case "s3":
                key = str(config.get("key"))
                if workspace != "default":
                    key = f"{config.get('workspace_key_prefix') or 'env:'}/{workspace}/{key}"
                return self._s3(str(config.get("bucket")), key, str(config.get("region") or ""))
            case "remote" | "cloud":
                chosen = config.get("workspaces") or {}
                chosen = chosen[0] if isinstance(chosen, list) and chosen else chosen
                chosen = chosen if isinstance(chosen, dict) else {}
                name = chosen.get("name") or f"{chosen.get('prefix') or ''}{workspace}"
                host = config.get("hostname") or "app.terraform.io"
                return self._remote(str(host), str(config.get("organization")), str(name))
        raise StateUnreadableError(f"its backend `{kind}` is not supported yet", "name the state itself in `url:`")

    def _workspace(self, folder: Path) -> str:
        chosen = folder / "environment"
        written = chosen.read_text("utf-8", "replace").strip() if chosen.is_file() else ""
        return self._environ.get("TF_WORKSPACE") or written or "default"

    def _s3(self, bucket: str, key: str, region: str) -> str:
        if not bucket or not key:
            raise StateUnreadableError("bucket or key is missing", "write s3://bucket/key")
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
        from esprestack.state_http import get  # urllib.request is heavy: only who needs it pays for it

        return get(url, headers)

    def _remote(self, host: str, organization: str, workspace: str) -> str:
        if not (host and organization and workspace):
            raise StateUnreadableError(
                "host, organization or workspace is missing", "write remote://host/org/workspace"
            )
        name = re.sub(r"[^A-Za-z0-9]", lambda match: "__" if match[0] == "-" else "_", host.partition(":")[0])
        token = self._environ.get(f"TF_TOKEN_{name}") or self._environ.get("TFE_TOKEN")
        if not token:
            raise StateUnreadableError("no token is given", f"set TFE_TOKEN or TF_TOKEN_{name}")
        scheme = "http" if host.partition(":")[0] in _LOOPBACK else "https"
        headers = {"Authorization": f"Bearer {token}"}
        base = f"{scheme}://{host}/api/v2"
        quoted = [urllib.parse.quote(part, safe="") for part in (organization, workspace)]
        found = _member(self._get(f"{base}/organizations/{quoted[0]}/workspaces/{quoted[1]}", headers), "data", "id")
        version = self._get(f"{base}/workspaces/{urllib.parse.quote(found, safe='')}/current-state-version", headers)
        return self._get(_member(version, "data", "attributes", "hosted-state-download-url"), headers)


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

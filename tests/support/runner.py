"""Starts the action as GitHub's runner starts a container action: the same environment, files and folders.

Either in a process (`python -I -u -B entrypoint.py`, or a fork of one) or in the built image (`docker run`, with the
runner's mounts).
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.forks import Forks

ROOT = Path(__file__).parents[2]
SHA = "0123456789abcdef0123456789abcdef01234567"
_FILES = ("output", "summary", "env", "path", "state")


@dataclass(frozen=True)
class Finished:
    """What a step left behind."""

    code: int
    log: str
    outputs: Mapping[str, str]
    summary: str

    @property
    def commands(self) -> list[str]:
        """The workflow commands that the runner would obey, in order; what stands between stop-commands isn't."""
        obeyed, token = [], None
        for line in self.log.splitlines():
            if token:
                token = None if line == f"::{token}::" else token
            elif match := re.match(r"::stop-commands::(.+)", line):
                token = match[1]
            elif line.startswith("::"):
                obeyed.append(line)
        return obeyed

    @property
    def visible_log(self) -> str:
        """The log as people see it: the runner takes the registration of masks out."""
        return "\n".join(line for line in self.log.splitlines() if not line.startswith("::add-mask::"))


@dataclass(frozen=True)
class Begun:
    """A step under way."""

    process: "subprocess.Popen[str]"
    files: Path

    def cancel(self, number: int) -> None:
        """Sends a signal as GitHub's runner does: to docker's client, which passes it on."""
        self.process.send_signal(number)

    def finish(self) -> Finished:
        out, err = self.process.communicate(timeout=120)
        return _finished(self.process.returncode, out + err, self.files)


@dataclass
class Runner:
    """A runner with a workspace below `home`; `start` is one step of a job, from `forks` if there are any."""

    home: Path
    github_url: str = "http://127.0.0.1:1"
    aws_url: str = "http://127.0.0.1:1"
    image: str = ""
    forks: Forks | None = None
    environ: dict[str, str] = field(default_factory=dict)
    credentials: bool = True

    @property
    def workspace(self) -> Path:
        path = self.home / "work"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def start(self, event: str, payload: Mapping[str, Any], inputs: Mapping[str, str] | None = None) -> Finished:
        if not self.forks:
            return self.begin(event, payload, inputs).finish()
        code, log = self.forks.run(self._step(event, payload, inputs or {}), self.workspace)
        return _finished(code, log, self.home / "files")

    def begin(self, event: str, payload: Mapping[str, Any], inputs: Mapping[str, str] | None = None) -> "Begun":
        variables = self._step(event, payload, inputs or {})
        command = self._docker(variables) if self.image else self._process()
        process = subprocess.Popen(
            command,
            cwd=self.workspace,
            env=_docker_environ() if self.image else variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return Begun(process, self.home / "files")

    def _step(self, event: str, payload: Mapping[str, Any], inputs: Mapping[str, str]) -> dict[str, str]:
        """Makes the files of a step; its environment."""
        for folder in ("home", "workflow", "temp", "files"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        (self.home / "workflow" / "event.json").write_text(json.dumps(payload))
        for name in _FILES:
            (self.home / "files" / name).write_text("")
        return self.variables(event, payload) | self._inputs(inputs) | self.environ

    def variables(self, event: str, payload: Mapping[str, Any]) -> dict[str, str]:
        mounted = Path("/github") if self.image else self.home
        workspace = Path("/github/workspace") if self.image else self.workspace
        files = mounted / ("file_commands" if self.image else "files")
        variables = {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "HOME": str(mounted / "home"),
            "GITHUB_WORKSPACE": str(workspace),
            "RUNNER_TEMP": str(mounted / ("runner_temp" if self.image else "temp")),
            "RUNNER_OS": "Linux",
            "RUNNER_ARCH": "X64",
            "GITHUB_EVENT_NAME": event,
            "GITHUB_EVENT_PATH": str(mounted / "workflow" / "event.json"),
            "GITHUB_OUTPUT": str(files / "output"),
            "GITHUB_STEP_SUMMARY": str(files / "summary"),
            "GITHUB_ENV": str(files / "env"),
            "GITHUB_PATH": str(files / "path"),
            "GITHUB_STATE": str(files / "state"),
            "GITHUB_REPOSITORY": "octo/batch",
            "GITHUB_REPOSITORY_OWNER": "octo",
            "GITHUB_REF": payload.get("ref") or "refs/heads/main",
            "GITHUB_REF_NAME": "main",
            "GITHUB_SHA": SHA,
            "GITHUB_RUN_ID": "1",
            "GITHUB_RUN_NUMBER": "1",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_WORKFLOW": "schedules",
            "GITHUB_WORKFLOW_REF": "octo/batch/.github/workflows/schedules.yml@refs/heads/main",
            "GITHUB_JOB": "plan",
            "GITHUB_ACTOR": "octocat",
            "GITHUB_ACTION": "run",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_API_URL": self.github_url,
            "AWS_ENDPOINT_URL": self.aws_url,
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        if self.credentials:
            variables |= {"AWS_ACCESS_KEY_ID": "made-up", "AWS_SECRET_ACCESS_KEY": "made-up", "AWS_REGION": "eu-west-1"}
        if not self.image:
            variables["PATH"] = os.environ["PATH"]
        return variables

    def _inputs(self, inputs: Mapping[str, str]) -> dict[str, str]:
        """As the runner hands them over: every input of action.yml, upper case, dashes kept, defaults filled in."""
        defaults = dict(_defaults())
        defaults["github-token"] = "made-up-token"
        defaults["matrix"] = "null"
        unknown = inputs.keys() - defaults.keys()
        assert not unknown, f"action.yml has no inputs {unknown}"
        return {f"INPUT_{name.upper()}": value for name, value in (defaults | dict(inputs)).items()}

    def _process(self) -> list[str]:
        return [sys.executable, "-I", "-u", "-B", str(ROOT / "entrypoint.py")]

    def _docker(self, variables: Mapping[str, str]) -> list[str]:
        mounts = {
            self.home / "temp": "/github/runner_temp",
            self.home / "home": "/github/home",
            self.home / "workflow": "/github/workflow",
            self.home / "files": "/github/file_commands",
            self.workspace: "/github/workspace",
        }
        return [
            *("docker", "run", "--rm", "--network", "host", "--workdir", "/github/workspace"),
            *(part for name, value in variables.items() for part in ("-e", f"{name}={value}")),
            *(part for host, inside in mounts.items() for part in ("-v", f"{host}:{inside}")),
            self.image,
        ]


@cache
def _defaults() -> Mapping[str, str]:
    import yaml

    declared = yaml.safe_load((ROOT / "action.yml").read_text())["inputs"]
    return {name: str(item.get("default", "")) for name, item in declared.items()}


def _finished(code: int, log: str, files: Path) -> Finished:
    return Finished(code, log, _parsed((files / "output").read_text()), (files / "summary").read_text())


def _docker_environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "DOCKER_HOST")}


def _parsed(text: str) -> dict[str, str]:
    """The outputs in GITHUB_OUTPUT's heredoc form."""
    found = re.findall(r"^(.+?)<<(ghadelimiter_\S+)\n(.*?)\n?\2$", text, re.MULTILINE | re.DOTALL)
    return {name: value for name, _, value in found}

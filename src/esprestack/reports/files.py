"""Report files in the workspace, for later steps: written as root there, so with care for links and owners."""

import os
import re
from pathlib import Path


class ReportFolder:
    """`workspace/name/key/`, made when it is needed. The workspace is a checkout: nothing in it is trusted."""

    def __init__(self, workspace: Path, name: str, key: str) -> None:
        self._workspace = workspace
        self._parts = (name, re.sub(r"[^A-Za-z0-9._-]", "-", key).lstrip("."))

    def write(self, name: str, text: str) -> str:
        """Writes the file anew and returns its path relative to the workspace. Raises OSError.

        No link is followed, and all that is made belongs to the owner of the workspace, who has to clean it up.
        """
        owner = self._workspace.stat()
        folder = self._workspace
        for part in self._parts:
            folder = folder / part
            if folder.is_symlink():
                raise OSError(f"{folder} is a symbolic link")
            if not folder.is_dir():
                folder.mkdir()
                _give(folder, owner)
                if part == self._parts[0]:
                    self._make(folder / ".gitignore", "*\n", owner)
        path = folder / name
        path.unlink(missing_ok=True)
        self._make(path, text, owner)
        return str(path.relative_to(self._workspace))

    def _make(self, path: Path, text: str, owner: os.stat_result) -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
        _give(path, owner)


def _give(path: Path, owner: os.stat_result) -> None:
    if os.geteuid() == 0:
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)

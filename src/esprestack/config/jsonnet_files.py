"""The files of one Jsonnet config: the config itself and what it imports, none of it from outside its root.

In: what a Jsonnet file asks to import; out: the bytes, or a reason why not. A pull request's config is evaluated by a
job that holds credentials, and its result ends up in a comment.
"""

import os
import posixpath
from pathlib import Path

from esprestack.config.source import Source
from esprestack.secrets import RESERVED


class RefusedImportError(Exception):
    """The file may not be imported, or can't be; says why."""


class Files:
    """`sources` are the texts read so far, the config first; paths are shown as `source.path` is."""

    def __init__(self, source: Source, folder: Path, root: Path, largest: int) -> None:
        self.sources = [source]
        self._folder = folder
        self._root = root.resolve()
        self._own = set(folder.resolve().parts)
        self._shown_folder = posixpath.dirname(source.path) or "."
        self._left = largest

    def read(self, importer: str, name: str) -> tuple[str, bytes]:
        """The shown path and the content of `name` as a file in the shown folder `importer` imports it.

        Raises RefusedImportError: only files below the root can be imported, no hidden ones, and not too much.
        """
        if Path(name).is_absolute():
            raise RefusedImportError("an absolute path leaves the config's folder; imports stay below it")
        content = self._content(self._folder / os.path.relpath(importer or ".", self._shown_folder) / name)
        self._left -= len(content)
        shown = posixpath.normpath(posixpath.join(importer, name))
        source = Source(shown, content.decode("utf-8", "replace"))
        if RESERVED.search(source.text):
            raise RefusedImportError("it holds private-use characters that may not stand in a config; remove them")
        if all(source.path != known.path for known in self.sources):
            self.sources.append(source)
        return shown, content

    def _content(self, path: Path) -> bytes:
        try:
            found = path.resolve()
            if not found.is_relative_to(self._root):
                raise RefusedImportError(f"it leaves the folder {self._root.name}; imports stay below it")
            if any(part.startswith(".") for part in found.relative_to(self._root).parts if part not in self._own):
                raise RefusedImportError("hidden files, such as .env and those in .git, can hold credentials")
            if not found.is_file():
                raise RefusedImportError("there is no such file; paths count from the file that imports")
            with found.open("rb") as file:
                content = file.read(self._left + 1)
        except OSError as error:
            raise RefusedImportError(f"it can't be read: {error.strerror}") from None
        except (ValueError, RuntimeError):  # a zero byte; a circle of symbolic links
            raise RefusedImportError("its path can't be followed") from None
        if len(content) > self._left:
            raise RefusedImportError("the imported files are too large together")
        return content

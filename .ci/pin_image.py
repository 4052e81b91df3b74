"""Writes the released image into action.yml: `python .ci/pin_image.py 1.2.3 sha256:…` (from the repository's root)."""

import re
import sys
from pathlib import Path

IMAGE = "ghcr.io/esprestack/esprestack"


def pinned(action: str, version: str, digest: str) -> str:
    """The text of action.yml with the image by tag and digest. Raises ValueError for what is neither."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise ValueError(f"{version!r} is no version: three numbers with dots between")
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        raise ValueError(f"{digest!r} is no digest")
    text, count = re.subn(r"(?m)^  image: Dockerfile$", f"  image: docker://{IMAGE}:v{version}@{digest}", action)
    if count != 1:
        raise ValueError("action.yml has no line `  image: Dockerfile`")
    return text


def main() -> None:
    path = Path("action.yml")
    path.write_text(pinned(path.read_text(), *sys.argv[1:3]))


if __name__ == "__main__":
    main()

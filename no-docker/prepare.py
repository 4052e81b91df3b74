"""Makes the environment of the composite action: what requirements/runtime.txt locks, and esprestack itself.

Writes the path of its Python to GITHUB_OUTPUT. Started with -I: nothing of the checkout is imported.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path


def main() -> None:
    root = Path(__file__).resolve().parents[1]
    folder = Path(os.environ["RUNNER_TEMP"]) / "esprestack"
    venv.create(folder, clear=True, with_pip=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    install = (
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
        "--only-binary",
        ":all:",
    )
    subprocess.run([python, "-I", *install, "-r", root / "requirements/runtime.txt"], check=True, cwd=folder)
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = subprocess.run([python, "-I", "-c", where], check=True, capture_output=True, text=True).stdout.strip()
    (Path(packages) / "esprestack.pth").write_text(f"{root / 'src'}\n", encoding="utf-8")
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.write(f"python={python}\n")


if __name__ == "__main__":
    main()

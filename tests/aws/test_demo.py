"""`make demo` tells the whole story, with every command ending as it should."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_demo_plays_to_its_end() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "esprestack", "demo"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 to create, 2 to update, 1 to delete, 7 unchanged" in done.stdout
    assert "No changes: AWS is what the config says (10 unchanged)" in done.stdout
    assert "~ update nightly-report: disabled" in done.stdout
    for secret in ("correct-horse-battery", "mkt-5e1f0d7c"):
        assert secret not in done.stdout + done.stderr

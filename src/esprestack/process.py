"""How a process of esprestack begins and ends: its life is short, and mostly imports."""

import gc
import os
import sys
from typing import NoReturn

COLLECTED_AFTER = (500_000, 50, 100)
"""`gc.set_threshold`'s: collecting rarely saves a tenth of a short life."""


def begin() -> None:
    """Before anything else is imported."""
    gc.set_threshold(*COLLECTED_AFTER)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would search all packages for plugins


def end(code: int) -> NoReturn:
    """At once: calls that nobody waits for any more hold nothing up, and nothing is taken apart piece by piece."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)

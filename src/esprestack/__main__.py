"""The command `esprestack`, also as `python -m esprestack`."""

import gc
import os
import sys


def main() -> None:
    """Answers --version at once; everything else is the command line's."""
    if sys.argv[1:] == ["--version"]:
        from esprestack import __version__

        sys.stdout.write(f"esprestack {__version__}\n")
        return
    gc.set_threshold(500_000, 50, 100)  # a short life full of imports: collecting rarely saves a tenth of it
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would search all packages for plugins
    from esprestack.cli import run

    code = run(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # at once: calls that nobody waits for any more (of a config with errors) hold nothing up


if __name__ == "__main__":
    main()

"""The command `esprestack`, also as `python -m esprestack`."""

import sys


def main() -> None:
    """Answers --version at once; everything else is the command line's."""
    if sys.argv[1:] == ["--version"]:
        from esprestack import __version__

        sys.stdout.write(f"esprestack {__version__}\n")
        return
    from esprestack.process import begin, end

    begin()
    from esprestack.cli import run

    end(run(sys.argv[1:]))


if __name__ == "__main__":
    main()

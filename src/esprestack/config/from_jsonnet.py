"""A `.jsonnet` config: evaluated until all look-ups are answered, then its template tags rendered, as the peers do."""

from collections.abc import Sequence
from pathlib import Path

from esprestack.config.jsonnet import Evaluated, evaluate, only, places
from esprestack.config.jsonnet_tags import has_tags, render_tags
from esprestack.config.jsonnet_vars import ExtVars
from esprestack.config.load import Prepared, Surroundings, fetch_all, functions_of
from esprestack.config.lookups.base import Lookup
from esprestack.config.preamble import Preamble, preamble_of
from esprestack.config.source import Source, read_tree
from esprestack.errors import ConfigError, Problem, Where

ROUNDS = 10
"""Evaluations of one config: each further one asks look-ups with what earlier ones answered."""


def prepare_jsonnet(source: Source, folder: Path, surroundings: Surroundings) -> Prepared:
    """The config that `source` evaluates to. Raises ConfigError."""
    preamble = _preamble(source, folder, surroundings)
    lookups = [*surroundings.local, *surroundings.plugged(source, folder, preamble)]
    return evaluated_with(source, folder, lookups, surroundings.ext)


def evaluated_with(
    source: Source, folder: Path, lookups: Sequence[Lookup], ext: ExtVars, root: Path | None = None
) -> Prepared:
    """What `source` evaluates to with these look-ups; imports stay below `root`, by default its folder.

    Raises ConfigError.
    """
    evaluated = _evaluated(source, folder, root, lookups, ext)
    if has_tags(evaluated):
        evaluated = render_tags(evaluated, functions_of(lookups), lambda: fetch_all(lookups))
    tree = read_tree(evaluated.text, source, places(evaluated))
    return Prepared(source, evaluated.text, tree, tuple(evaluated.missing))


def _preamble(source: Source, folder: Path, surroundings: Surroundings) -> Preamble:
    """Region and plugins, with what is at hand; what is wrong is left to the evaluation of the whole."""
    functions = functions_of(surroundings.local)
    try:
        evaluated = evaluate(only(source, ("region", "plugins")), folder, functions, surroundings.ext)
        if has_tags(evaluated):
            evaluated = render_tags(evaluated, functions)
        return preamble_of(read_tree(evaluated.text, source, places(evaluated)))
    except ConfigError:
        return Preamble()


def _evaluated(source: Source, folder: Path, root: Path | None, lookups: Sequence[Lookup], ext: ExtVars) -> Evaluated:
    for _ in range(ROUNDS):
        evaluated = evaluate(source, folder, functions_of(lookups), ext, root=root)
        if not evaluated.pending:
            return evaluated
        fetch_all(lookups)
    raise ConfigError(Problem(f"look-ups need each other more than {ROUNDS} deep", Where(source.path)))

"""Keys at the top of a config's file: set or taken away; all else stays byte for byte."""

from collections.abc import Mapping

from esprestack.config.spans import masked
from esprestack.reports.merge_edits import Addition, Editor
from esprestack.reports.merge_nodes import read_nodes

_BOM = "\ufeff"
_BEFORE = ("region", "cluster", "role", "trackingId", "tracking_id")
"""Keys behind which a new one stands."""


def with_top(text: str, path: str, values: Mapping[str, str | None]) -> str:
    """`text`, that of the file at `path`, with these keys; None: without it.

    Raises ConfigError for a text that is neither YAML nor JSON until it is rendered.
    """
    bom = _BOM if text.startswith(_BOM) else ""
    text = text.removeprefix(_BOM)
    mask = masked(text, path)
    root = read_nodes(mask, path).root
    rules = next((pair.value for pair in root.pairs if pair.key.value == "rules"), None)
    editor = Editor(text, mask, is_json=path.endswith(".json"), root=root, rules=rules)
    places = {pair.key.value: index for index, pair in enumerate(root.pairs)}
    removed = [places[key] for key, value in values.items() if value is None and key in places]
    after = max((places[key] for key in _BEFORE if key in places), default=-1)
    additions = [
        Addition(after, value, key) for key, value in values.items() if value is not None and key not in places
    ]
    editor.change(root, removed, additions)
    for key, value in values.items():
        if value is not None and key in places:
            editor.replace_value(root, root.pairs[places[key]], value)
    return bom + editor.result()

"""Live values as a config may have them in Git: secrets as look-ups, texts that look like templates as they are."""

import re
from typing import Any

from esprestack.config.spans import escaped
from esprestack.config.words import Words
from esprestack.plan.compare import Veil, leaves, rebuilt


class SecretLookups:
    """Writes `{{ secret("NAME") }}` for secrets; the same value always under the same name."""

    def __init__(self, veil: Veil) -> None:
        self._veil = veil
        self._values: dict[str, str] = {}

    @property
    def names(self) -> list[str]:
        """The secrets that the written config reads."""
        return sorted(self._values)

    def written(self, words: Words) -> Words:
        """`words`, an entry under `rules:`, without secrets."""
        values = {path: self._leaf(path, value) for path, value in leaves(words)}
        document: Words = rebuilt(words, values)
        return document

    def _leaf(self, path: str, value: Any) -> Any:
        return self._veil.rewritten(path, value, self._lookup, self._plain)

    def _plain(self, text: str) -> str:
        return self._veil.vault.write_lookups(escaped(text), self._lookup)

    def _lookup(self, name: str, value: str) -> str:
        """Two values under one name get two names."""
        name = re.sub(r"\W", "_", name, flags=re.ASCII) or "SECRET"
        base, number = name, 2
        while self._values.get(name, value) != value:
            name, number = f"{base}_{number}", number + 1
        self._values[name] = value
        return f'{{{{ secret("{name}") }}}}'

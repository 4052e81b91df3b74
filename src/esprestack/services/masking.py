"""Secrets in documents that nobody compares: masked before the first line that could repeat them."""

from esprestack.plan.compare import Veil
from esprestack.services.model import Document


def hide_secrets(document: Document, veil: Veil) -> None:
    """What its name makes a secret is masked from now on, wherever AWS or a log repeats it.

    `document` is a task definition or a TaskOverride.
    """
    for container in (*(document.get("containerDefinitions") or ()), *(document.get("containerOverrides") or ())):
        for variable in container.get("environment") or ():
            veil.shown(f"container.environment.{variable.get('name')}", str(variable.get("value") or ""))
        for list_of_texts in ("command", "entryPoint"):
            veil.shown(list_of_texts, list(container.get(list_of_texts) or ()))

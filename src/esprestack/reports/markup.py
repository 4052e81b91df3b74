"""Text that comes from a config, made harmless where it is to stand in HTML or SVG, and data in a page's script."""

import html
import json
import re
from typing import Any

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""https://www.w3.org/TR/xml/#charsets"""


def escaped(text: str) -> str:
    """`text` as text or as an attribute's value between double quotes."""
    return html.escape(_NO_XML.sub("\ufffd", text))


def shortened(text: str, most: int) -> str:
    """At most so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def script_data(document: Any) -> str:
    """JSON that can't end the script element around it. https://html.spec.whatwg.org/#restrictions-for-contents-of-script-elements"""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=True).replace("<", "\\u003c")

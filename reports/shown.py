"""A stranger's text, made fit for a page: names and values in a trace are whatever a controller or a user wrote.

What it must not do is break the page's encoding, mislead its reader, or fill the screen. Escaping is not done here but
where the text is put into the page: by the template, and in the browser by never treating text as markup.
"""

import json
import math
import re
from typing import Any

SHOWN_MAX = 200
"""Characters of a name or a sentence that are shown. Arbitrary: three lines."""

VALUE_MAX = 2000
"""Characters of one value inside an object. Arbitrary: a page; a certificate is shown whole."""

DEPTH_MAX = 40
"""Levels of nesting that are kept. Deeper than any Kubernetes object; a hostile one must not exhaust the stack."""

ITEMS_MAX = 500
"""Items that are kept of one list or one map."""

_MISLEADING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
"""Control characters, halves of surrogate pairs, and marks that make text read in another order than it is written."""


def shown(value: object, most: int = SHOWN_MAX) -> str:
    """`value` as text of about `most` characters at most, with its middle left out and its length told if longer."""
    text = str(value)
    if len(text) <= most:
        return _MISLEADING.sub(_spelt_out, text)
    # Cut first: a megabyte is not searched for what will not be shown.
    begin, end = (_MISLEADING.sub(_spelt_out, part) for part in (text[: most // 2], text[-(most // 3) :]))
    return f"{begin} … [{len(text):,} characters] … {end}"


def shown_value(value: Any, depth: int = 0) -> Any:
    """A JSON value of the same shape, with every key and string made fit, and not too much of anything."""
    if isinstance(value, str):
        return shown(value, VALUE_MAX)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        exact = math.isfinite(value) if isinstance(value, float) else abs(value) < 2**53  # of a browser's numbers
        return value if exact else shown(value)
    if depth >= DEPTH_MAX:
        return "… [nested too deep to be shown]"
    if isinstance(value, dict):
        kept = {shown(key): shown_value(inner, depth + 1) for key, inner in list(value.items())[:ITEMS_MAX]}
        return kept if len(value) <= ITEMS_MAX else {**kept, "…": f"{len(value) - ITEMS_MAX:,} more"}
    if isinstance(value, list | tuple):
        items = [shown_value(inner, depth + 1) for inner in value[:ITEMS_MAX]]
        return items if len(value) <= ITEMS_MAX else [*items, f"… {len(value) - ITEMS_MAX:,} more"]
    return shown(value)


def script_json(data: Any) -> str:
    """JSON that can stand inside a script element: nothing in it can end the element or the line."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _spelt_out(found: "re.Match[str]") -> str:
    number = ord(found[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"

"""Sets of completion indexes as a Job's status writes them: "0-2,5".

Source: `pkg/controller/job/indexed_job_utils.go`.
"""

from collections.abc import Iterable
from typing import Final

from reference_impl.protocol import JsonObject

INDEX_KEY: Final = "batch.kubernetes.io/job-completion-index"
"""Annotation, and label, of a pod of an Indexed Job."""


def index_of(pod: JsonObject, completions: int) -> int | None:
    """The pod's completion index, or None if it has none that counts (missing, malformed, out of range)."""
    text = (pod["metadata"].get("annotations") or {}).get(INDEX_KEY, "")
    if not text.isdecimal() or int(text) >= completions:
        return None
    return int(text)


def parse_indexes(text: str, completions: int) -> list[int]:
    """The indexes below `completions` in "0-2,5", ascending. What cannot be read is left out."""
    found: dict[int, None] = {}
    for part in (text or "").split(","):
        first, _, last = part.partition("-")
        if first.isdecimal() and (not last or last.isdecimal()):
            found.update(dict.fromkeys(range(int(first), min(int(last or first), completions - 1) + 1)))
    return sorted(found)


def format_indexes(indexes: Iterable[int]) -> str:
    """Runs of three and more as "first-last", of two as "a,b" (`orderedIntervals.String`)."""
    runs: list[list[int]] = []
    for index in sorted(dict.fromkeys(indexes)):
        if runs and runs[-1][1] == index - 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    texts = []
    for first, last in runs:
        if first == last:
            texts.append(str(first))
        else:
            texts.append(f"{first},{last}" if last == first + 1 else f"{first}-{last}")
    return ",".join(texts)

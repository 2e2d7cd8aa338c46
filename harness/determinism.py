"""Two runs of one schedule must give the same bytes; where they do not, say where they part."""

from collections.abc import Sequence

from harness.errors import NonDeterminismError
from harness.trace import Trace


def assert_same_trace(first: Trace, second: Trace) -> None:
    """Raises NonDeterminismError that shows the first step at which two runs differ."""
    if first.sha256() != second.sha256():
        assert_same_lines(first.to_jsonl().splitlines(), second.to_jsonl().splitlines(), "in one process")


def assert_same_lines(ours: Sequence[bytes], theirs: Sequence[bytes], where: str) -> None:
    """Raises NonDeterminismError that shows the first line at which two traces differ."""
    if ours == theirs:
        return
    step = next((i for i, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), min(len(ours), len(theirs)))
    raise NonDeterminismError(
        f"two runs of one schedule differ from step {step} on ({where}).\n"
        f"  first:  {_line(ours, step)}\n"
        f"  second: {_line(theirs, step)}\n"
        "The usual causes are iteration over a set, wall-clock time, the random module, or state kept between runs in "
        "module globals. See docs/determinism.md."
    )


def _line(lines: Sequence[bytes], step: int) -> str:
    return lines[step].decode(errors="replace")[:300] if step < len(lines) else "(ended)"

"""Traces for tests of the exports: two of an older version, as they were written, and one made of nasty names."""

from pathlib import Path

import pytest

from harness.trace import Trace
from tests.reports.traces import trace_of

FORMAT_1 = Path(__file__).parent / "format_1"
"""Traces of seatrial 0.1.0 before format 2: their first line says no format."""

OLD = sorted(FORMAT_1.glob("*.jsonl"))

NASTY = '<script>alert(1)</script> "quoted" \x00\x1b[31m \ufffe {"a": 1} ]]> | ` \u2028 é ' + "x" * 5_000


def old_trace(file: Path) -> Trace:
    return Trace.from_jsonl(file.read_bytes(), name=file.name)


def nasty_trace() -> Trace:
    """Every name and text of it is hostile."""
    return trace_of(
        {"kind": "workload", "by": "user", "on": f"Website/default/{NASTY}", "sentence": NASTY},
        {"at": 0.5, "kind": "request", "by": NASTY, "peer": "apiserver-0", "verb": NASTY, "site": NASTY, "cause": [0]},
        {"at": 0.5, "kind": "commit", "by": "apiserver-0", "peer": NASTY, "on": NASTY, "fact": NASTY, "cause": [1]},
        {"at": 1.0, "kind": "reply", "by": NASTY, "peer": "apiserver-0", "error": NASTY, "cause": [1, 2]},
        {"at": 1.5, "kind": "fault", "by": NASTY, "name": NASTY, "legal": True, "action": {"do": NASTY}, "cause": [3]},
        {"at": 2.0, "kind": "violation", "property": NASTY, "reason": NASTY, "source": NASTY, "cause": [4]},
        header={"target": NASTY, "versions": {"seatrial": NASTY}},
    )


all_traces = pytest.mark.parametrize(
    "trace",
    [*(pytest.param(old_trace(file), id=file.stem) for file in OLD), pytest.param(nasty_trace(), id="nasty")],
)

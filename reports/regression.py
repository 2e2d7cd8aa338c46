"""`test_regression.py`: a pytest file that fails until the bug is fixed, and keeps it from coming back.

It holds no copy of the schedule, which lies beside it, and so nothing that has to be kept in step. What comes from the
trace goes into a docstring that nothing can close, and into a function's name, of letters and digits only.
"""

import re
import shlex
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports.facts import Facts, facts_of, label_sentence

if TYPE_CHECKING:
    from harness.trace import Trace

WIDTH = 88
"""Columns of the docstring: what Black and Ruff leave alone by default."""

TEXT_MAX = 600
"""Characters of a reason that are quoted: a whole object can be in it (arbitrary)."""

NAME_MAX = 80
"""Characters of the test's name (arbitrary)."""

KEEP = (
    "Fails until the bug is fixed. It replays schedule.json, which lies beside it, and then tries 50 schedules near "
    "it, so that it still means something when the code no longer sends the message that was struck."
)
USE = (
    "To keep it, copy this file and schedule.json into a folder of their own among your tests. If you keep several, "
    "give each file a name of its own."
)

TEST = '''\
"""{docstring}
"""

from pathlib import Path

from seatrial import check_regression

SCHEDULE = Path(__file__).with_name("schedule.json")


def {name}() -> None:
    check_regression(SCHEDULE)
'''

TEST_TO_COMPLETE = '''\
"""{docstring}
"""

from pathlib import Path

import pytest
from seatrial import Trial, check_regression

SCHEDULE = Path(__file__).with_name("schedule.json")

TRIAL: Trial | None = None  # paste Trial(...) here, from {nodeid_in_comment}


def {name}() -> None:
    if TRIAL is None:
        pytest.fail(
            {instruction},
            pytrace=False,
        )
    check_regression(SCHEDULE, TRIAL)
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """A Python file, UTF-8. It is written under its own name, since pytest goes by names."""

    name: str = "regression"
    suffix: str = ".py"
    filename: str = "test_regression.py"

    def render(self, trace: "Trace") -> bytes:
        """The test of one trace. Same trace, same bytes."""
        facts = facts_of(trace)
        nodeid = _nodeid(facts)
        paragraphs = [_title(facts), _found(facts), label_sentence(facts), KEEP, USE, _import(facts, nodeid)]
        docstring = _literal("\n\n".join(_wrapped(paragraph) for paragraph in paragraphs if paragraph))
        name = _test_name(facts)
        if nodeid is None:
            return TEST.format(docstring=docstring, name=name).encode()
        instruction = f"no file can hold the trial of this schedule: give TRIAL in this file the Trial(...) of {nodeid}"
        return TEST_TO_COMPLETE.format(
            docstring=docstring, name=name, nodeid_in_comment=_one_line(nodeid), instruction=ascii(instruction)
        ).encode()


def _title(facts: Facts) -> str:
    target = facts.settings.get("target") or ", ".join(facts.under_test) or "the controller"
    if facts.violation is None:
        return _one_line(f"Nothing was violated by {target} in this run.")
    return _one_line(f"{target} violates {facts.claim}.")


def _found(facts: Facts) -> str:
    if facts.violation is None:
        return ""
    return f"After {facts.violation.time_s:,.3f} virtual seconds: {facts.reason or 'no reason was given'}."


def _import(facts: Facts, nodeid: str | None) -> str:
    if nodeid is not None:
        return (
            f"The trial is built by {nodeid}, of code that no file can hold. Paste it below: until then the test fails "
            "and says so."
        )
    return "The controllers are imported by name: run pytest where `seatrial check` was run."


def _nodeid(facts: Facts) -> str | None:
    """Of the test that builds the trial, if only that can (`pytest NODEID --seatrial-replay FILE`)."""
    try:
        words = shlex.split(facts.replay or "")
    except ValueError:  # not a command that seatrial wrote
        return None
    return words[1] if words[:1] == ["pytest"] and words[2:3] == ["--seatrial-replay"] else None


def _test_name(facts: Facts) -> str:
    """`test_website_website_converges`; an identifier whatever the names."""
    target = str(facts.settings.get("target") or "_".join(facts.under_test))
    words = re.findall(r"[a-z0-9]+", f"{target} {facts.claim or ''}".lower())
    return "_".join(["test", *words])[:NAME_MAX].rstrip("_") if words else "test_regression"


def _wrapped(paragraph: str) -> str:
    short = paragraph if len(paragraph) <= TEXT_MAX else paragraph[: TEXT_MAX - 3] + "..."
    return textwrap.fill(_one_line(short), WIDTH, break_long_words=False, break_on_hyphens=False)


def _one_line(text: str) -> str:
    """Without line breaks, and without what a source file cannot hold or an editor would hide."""
    return "".join(char if char.isprintable() else " " for char in text)


def _literal(text: str) -> str:
    """As it stands between three double quotes."""
    return text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"').removesuffix("\n")

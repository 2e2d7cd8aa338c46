"""One run of the harness as the command makes it: a bar on a terminal, and stdout kept clean.

What a controller prints while it is under test goes to stderr. Stdout belongs to the report, and with `--format json`
to one object alone.
"""

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seatrial.progress import progress_bar

if TYPE_CHECKING:
    from harness.outcome import Outcome
    from harness.trial import Trial


def run_check(trial: "Trial", *, title: str, quiet: bool, **settings: Any) -> "Outcome":
    """`harness.check.check` with the given settings; a failure is in the outcome, not raised."""
    from harness.check import check

    with redirect_stdout(sys.stderr), progress_bar(title, quiet=quiet) as progress:
        return check(trial, progress=progress, raise_on_failure=False, **settings)


def run_sweep(trial: "Trial", *, title: str, quiet: bool, **settings: Any) -> "Outcome":
    """`harness.sweep.sweep` with the given settings; a failure is in the outcome, not raised."""
    from harness.sweep import sweep

    with redirect_stdout(sys.stderr), progress_bar(title, quiet=quiet) as progress:
        return sweep(trial, progress=progress, raise_on_failure=False, **settings)


def run_campaign(trial: "Trial", *, title: str, quiet: bool, **settings: Any) -> "Outcome":
    """`harness.campaign.campaign` with the given settings; a failure is in the outcome, not raised."""
    from harness.campaign import campaign

    with redirect_stdout(sys.stderr), progress_bar(title, quiet=quiet) as progress:
        return campaign(trial, progress=progress, raise_on_failure=False, **settings)


def run_replay(schedule: str | Path | dict[str, Any], *, trial: "Trial | None" = None, times: int = 1) -> "Outcome":
    """`harness.replay.replay`; a failure is in the outcome."""
    from harness.replay import replay

    with redirect_stdout(sys.stderr):
        return replay(schedule, trial=trial, times=times, raise_on_failure=False)

"""`seatrial zoo run`: the detection matrix, on a terminal or as JSON.

Exit code 0 if what should be found was found, and nothing was said against twins and awkward controllers; else 1.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stdout

from seatrial.printing import print_error, print_json, print_table, print_text
from seatrial.progress import progress_bar
from seatrial.zoo_plot import check_can_draw, draw


def run(
    ids: Sequence[str],
    *,
    engines: Sequence[str],
    seeds: int,
    examples: int,
    jobs: int | None,
    report_dir: str | None,
    plot: str | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Run and print the matrix; returns the exit code. Reports go to a temporary folder unless one is given."""
    from harness.detection import ENGINES, chosen, conclusion, matrix, rows
    from harness.errors import UsageError

    entries = chosen(ids)
    if plot is not None:
        check_can_draw(plot)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        redirect_stdout(sys.stderr),
        progress_bar("zoo", quiet=quiet) as progress,
    ):
        result = matrix(
            entries,
            engines=tuple(engines) or ENGINES,
            seeds=seeds,
            examples=examples,
            awkward=not ids,
            jobs=jobs or os.cpu_count() or 1,
            report_dir=report_dir or folder,
            progress=progress,
        )
    if as_json:
        print_json(result.to_json())
    else:
        if not quiet:
            print_table(rows(result))
        print_text("\n".join(conclusion(result)))
    if plot is not None:
        try:
            draw(result.cells, plot)
        except UsageError as error:
            # The one object that a machine reads is printed already.
            return print_error(str(error), error.exit_code, as_json=False)
    return 0 if result.succeeded else 1

"""`seatrial zoo run --plot FILE`: how many examples each engine needs to find each entry of the zoo, drawn.

A point is the median over the seeds in which it was found, a line its 95 % confidence interval; a hollow point was not
found in every seed. What fails without any weather needed no example, and is drawn at 1. Needs matplotlib (extra
`seatrial[plots]`).
"""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.detection import Cell
    from harness.errors import UsageError

ROW_INCHES = 0.28
SUFFIXES = (".svg", ".png", ".pdf")


def check_can_draw(file: str) -> None:
    """Raises UsageError if nothing could be drawn there: said before an hour of searching, not after."""
    from harness.errors import UsageError

    if Path(file).suffix not in SUFFIXES:
        raise UsageError(f"--plot {file}: draws {', '.join(SUFFIXES)} files; give the file such a suffix")
    if not Path(file).resolve().parent.is_dir():
        raise UsageError(f"--plot {file}: there is no folder {Path(file).parent}; make it first")
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise UsageError(f"--plot {file}: drawing needs matplotlib; pip install 'seatrial[plots]'") from None
    place = Path(file).resolve()
    try:
        there = place.exists()
        with place.open("ab"):  # adds nothing to a file that is there, and finds out about folders and rights
            pass
        if not there:
            place.unlink()
    except OSError as error:
        raise _unwritable(file, error) from error


def draw(cells: Sequence["Cell"], file: str) -> None:
    """Draw the cells of a matrix. Raises UsageError as `check_can_draw` does, or if the file cannot be written."""
    from harness.detection import median_interval

    check_can_draw(file)
    pyplot, context = _matplotlib()
    entries = list(dict.fromkeys(cell.entry for cell in cells))
    engines = list(dict.fromkeys(cell.engine for cell in cells))
    with context:
        figure, axes = pyplot.subplots(figsize=(8, 1.2 + ROW_INCHES * len(entries)), layout="constrained")
        for index, engine in enumerate(engines):
            color = f"C{index}"
            axes.plot([], [], "o", color=color, label=engine)
            for row, entry in enumerate(entries):
                tried = [cell for cell in cells if (cell.entry, cell.engine) == (entry, engine)]
                needed = [max(1, cell.examples) for cell in tried if cell.found]
                if not needed:
                    continue
                height = row + (index - (len(engines) - 1) / 2) * 0.25
                axes.plot(median_interval(needed), (height, height), "-", color=color, linewidth=1)
                whole = "full" if len(needed) == len(tried) else "none"
                axes.plot([statistics.median(needed)], [height], "o", color=color, markersize=4, fillstyle=whole)
        axes.set(
            xscale="log", xlabel="examples until found (1: no weather needed): median, and its 95 % confidence interval"
        )
        axes.set_yticks(range(len(entries)), entries, fontsize=8)
        axes.invert_yaxis()
        axes.grid(axis="x", linewidth=0.3)
        axes.legend(frameon=False)
        try:
            figure.savefig(file, metadata={"Date": None} if Path(file).suffix == ".svg" else None)
        except OSError as error:
            raise _unwritable(file, error) from error
        finally:
            pyplot.close(figure)


def _unwritable(file: str, error: OSError) -> "UsageError":
    from harness.errors import UsageError

    return UsageError(f"--plot {file}: cannot be written ({error.strerror or error}); give another path")


def _matplotlib() -> tuple[Any, Any]:
    """pyplot without a screen, and settings under which the same figures give the same bytes."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    return pyplot, mpl.rc_context({"svg.hashsalt": "seatrial", "svg.fonttype": "none"})

"""How far a long run is: a bar on a terminal, nothing in a pipe.

It goes to stderr, so that what is piped on is the report alone, and shows wall time: the only place besides the
campaign where real seconds matter.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """Told after each example. `found` counts the distinct violations so far, `fired` the faults that struck; a `total`
    of None is one that nobody knows."""

    def __call__(self, done: int, total: int | None, found: int = 0, *, fired: int = 0) -> None: ...


@contextmanager
def progress_bar(title: str, *, quiet: bool) -> Iterator[Progress | None]:
    """A bar while the block runs; None where nobody would see it."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TextColumn("{task.fields[fired]}"),
        TextColumn("{task.fields[found]}"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True, redirect_stdout=False) as bar:
        task = bar.add_task(title, total=None, found="", fired="", rate="")

        def show(done: int, total: int | None, found: int = 0, *, fired: int = 0) -> None:
            elapsed_wall_s = bar.tasks[task].elapsed or 0.0
            bar.update(
                task,
                completed=done,
                total=total,
                rate=f"{done / elapsed_wall_s:.0f}/s" if elapsed_wall_s > 1 else "",
                fired=f"{fired} faults" if fired else "",
                found=f"{found} found" if found else "",
            )

        yield show

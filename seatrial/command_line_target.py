"""TARGET, or after `--` a command line whose process is put on trial.

click takes `--` for the end of options and forgets it; here it is what tells `./operator` the program from `operator`
the entry point, so it is looked for before click parses.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from harness.command import Process

Command = TypeVar("Command", bound=Callable[..., Any])

PROCESS_OPTIONS = (
    click.option(
        "--ready-after",
        "ready_after_s",
        type=click.FloatRange(min=0),
        metavar="S",
        help="Of a process: seconds until it is ready. Default: as soon as its watches are open.",
    ),
    click.option(
        "--patience",
        "patience_s",
        type=click.FloatRange(min=0),
        metavar="S",
        help="Of a process: seconds it may stand still before it counts as stuck. Default: 90.",
    ),
    click.option(
        "--jobs",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        metavar="N",
        help="Of a process: examples at once, on ports of their own. Finds the same.",
    ),
    click.option("--fresh", is_flag=True, help="Of a process: a new one for each example; none is kept for the next."),
)


def process_options(command: Command) -> Command:
    """Declare the options of a process."""
    for option in reversed(PROCESS_OPTIONS):
        command = option(command)
    return command


class TakesCommandLine(click.Command):
    """A command with the parameters `target` (optional) and, after `--`, `argv`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        argv: tuple[str, ...] = ()
        if "--" in args:
            at = args.index("--")
            args, argv = args[:at], tuple(args[at + 1 :])
            if not argv:
                raise click.UsageError("nothing follows `--`: give the command line to run there", ctx)
        rest = super().parse_args(ctx, args)
        ctx.params["argv"] = argv
        return rest

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND...]"]


def process_of(argv: tuple[str, ...], typed: dict[str, Any], *, name: str | None = None) -> "Process | None":
    """The process of a command line, its options taken out of what was typed; None without one.

    Raises UsageError: no such program, or options of a process without one.
    """
    from harness.command import Process
    from harness.errors import UsageError

    options = {key: typed.pop(key, None) for key in ("ready_after_s", "patience_s")}
    given = {key: value for key, value in options.items() if value is not None}
    if argv:
        return Process(argv, name=name, **given)
    if given:
        spelt = {"ready_after_s": "--ready-after", "patience_s": "--patience"}
        raise UsageError(f"{spelt[next(iter(given))]} is about a process: give its command line after `--`")
    return None

"""The command `seatrial`: where everything meets, and where every failure becomes one line and an exit code.

    0 holds · 1 violated · 2 unknown · 3 the harness or the controller's start failed · 4 usage · 130 interrupted

Modules of the harness are imported inside the commands: after the import path has been checked, and so that `--help`
is quick.
"""

import sys
import traceback
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

import seatrial
from seatrial import listing
from seatrial.command_line_target import TakesCommandLine, process_of, process_options
from seatrial.distribution import put_current_directory_last, shadowed_package
from seatrial.options import DEFAULT_EXAMPLES, DEFAULT_REPORT_DIR, replay_process, replay_trial, trial_of, trial_options
from seatrial.printing import print_error, print_outcome
from seatrial.running import run_campaign, run_check, run_replay, run_sweep

if TYPE_CHECKING:
    from harness.command import Process

INTERNAL = 3
USAGE = 4
INTERRUPTED = 130

Command = TypeVar("Command", bound=Callable[..., Any])


def output_options(command: Command) -> Command:
    """`--format`, and `--debug`, which `run` looks for itself: an error may come before options are parsed."""
    debug = click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an internal error.")
    form = click.option(
        "--format",
        "as_json",
        type=click.Choice(["text", "json"]),
        default="text",
        callback=lambda _context, _option, value: value == "json",
        help="How to print the result.  [default: text]",
    )
    return form(debug(command))


quiet_option = click.option("--quiet", is_flag=True, help="Print the verdict only, and no progress bar.")
report_dir_option = click.option(
    "--report-dir", default=DEFAULT_REPORT_DIR, show_default=True, metavar="DIR", help="Where reports are written."
)
allow_unknown_option = click.option("--allow-unknown", is_flag=True, help="Exit 0 instead of 2 for verdict unknown.")


@click.group(invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(seatrial.__version__, message="%(prog)s %(version)s")
@click.pass_context
def commands(context: click.Context) -> None:
    """Takes Kubernetes-style controllers out into bad weather, and says what broke."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@commands.command()
@report_dir_option
@quiet_option
@output_options
def demo(report_dir: str, quiet: bool, as_json: bool) -> int:
    """Find a planted bug, show its report, and pass the fixed twin."""
    from seatrial.demonstration import demonstrate

    return demonstrate(report_dir=report_dir, quiet=quiet, as_json=as_json)


@commands.command(cls=TakesCommandLine)
@click.argument("target", required=False)
@trial_options
@process_options
@click.option("--pattern", metavar="NAME", help="Hold TARGET to this pattern's contract: see `seatrial patterns`.")
@click.option("--examples", type=click.IntRange(min=1), default=DEFAULT_EXAMPLES, show_default=True, metavar="N")
@click.option("--budget-s", type=click.FloatRange(min=0, min_open=True), metavar="S", help="Wall seconds at most.")
@report_dir_option
@allow_unknown_option
@quiet_option
@output_options
def check(
    *,
    target: str | None,
    argv: tuple[str, ...],
    pattern: str | None,
    examples: int,
    budget_s: float | None,
    jobs: int,
    fresh: bool,
    report_dir: str,
    allow_unknown: bool,
    quiet: bool,
    as_json: bool,
    **typed: Any,
) -> int:
    """Try TARGET (module:factory, file.py:factory or zoo:ID), or the process of COMMAND, in many weathers, and shrink
    what breaks it. A process finds the API server through KUBECONFIG, and runs in real time."""
    given = _one_target(target, process_of(argv, typed))
    if pattern is not None:
        from seatrial.pattern_command import check_pattern

        if not isinstance(given, str):
            raise click.UsageError("--pattern holds a TARGET to a contract: a command line after `--` is none")
        return check_pattern(
            pattern,
            given,
            typed,
            examples=examples,
            budget_wall_s=budget_s,
            report_dir=report_dir,
            allow_unknown=allow_unknown,
            quiet=quiet,
            as_json=as_json,
        )
    trial = trial_of(given, typed)
    outcome = run_check(
        trial,
        title=target or trial.name,
        quiet=quiet,
        examples=examples,
        report_dir=report_dir,
        budget_wall_s=budget_s,
        jobs=jobs,
        fresh=fresh,
    )
    return print_outcome(outcome, as_json=as_json, quiet=quiet, allow_unknown=allow_unknown)


@commands.command()
@click.argument("target")
@trial_options
@click.option(
    "--faults",
    "at_once",
    type=click.IntRange(1, 2),
    default=1,
    show_default=True,
    metavar="1|2",
    help="Faults at once: 2 tries pairs as well.",
)
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Processes. Default: one a core.")
@click.option("--resume", metavar="FILE", help="Keep results in FILE, and go on from those that are there.")
@click.option("--budget-s", type=click.FloatRange(min=0, min_open=True), metavar="S", help="Wall seconds at most.")
@report_dir_option
@allow_unknown_option
@quiet_option
@output_options
def sweep(
    *,
    target: str,
    at_once: int,
    jobs: int | None,
    resume: str | None,
    budget_s: float | None,
    report_dir: str,
    allow_unknown: bool,
    quiet: bool,
    as_json: bool,
    **typed: Any,
) -> int:
    """Try every fault at every point of one calm run of TARGET, and say what is thereby ruled out."""
    trial = trial_of(target, typed)
    outcome = run_sweep(
        trial,
        title=target,
        quiet=quiet,
        faults=at_once,
        jobs=jobs,
        resume=resume,
        report_dir=report_dir,
        budget_wall_s=budget_s,
    )
    return print_outcome(outcome, as_json=as_json, quiet=quiet, allow_unknown=allow_unknown)


@commands.command()
@click.argument("target")
@trial_options
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Processes. Default: one a core.")
@click.option("--dask", metavar="ADDRESS", help="Use the workers of the Dask scheduler at ADDRESS instead.")
@click.option(
    "--examples",
    type=click.IntRange(min=1),
    metavar="N",
    help="At most so many. Default: 1,000, or with --budget-s no bound.",
)
@click.option("--budget-s", type=click.FloatRange(min=0, min_open=True), metavar="S", help="Wall seconds at most.")
@report_dir_option
@allow_unknown_option
@quiet_option
@output_options
def campaign(
    *,
    target: str,
    workers: int | None,
    dask: str | None,
    examples: int | None,
    budget_s: float | None,
    report_dir: str,
    allow_unknown: bool,
    quiet: bool,
    as_json: bool,
    **typed: Any,
) -> int:
    """Search TARGET on many processes or machines, past the first find, and keep what is found apart."""
    trial = trial_of(target, typed)
    outcome = run_campaign(
        trial,
        title=target,
        quiet=quiet,
        workers=workers,
        dask=dask,
        examples=examples,
        report_dir=report_dir,
        budget_wall_s=budget_s,
    )
    return print_outcome(outcome, as_json=as_json, quiet=quiet, allow_unknown=allow_unknown)


@commands.command(cls=TakesCommandLine)
@click.argument("schedule", metavar="SCHEDULE")
@click.argument("target", required=False)
@click.option("--times", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="Runs of it.")
@allow_unknown_option
@quiet_option
@output_options
def replay(
    *,
    schedule: str,
    target: str | None,
    argv: tuple[str, ...],
    times: int,
    allow_unknown: bool,
    quiet: bool,
    as_json: bool,
) -> int:
    """Run SCHEDULE (a schedule.json) again, with the controller it names, or with TARGET or COMMAND in its place."""
    from harness.pattern_file import is_operations_file

    if is_operations_file(schedule):
        from seatrial.pattern_command import replay_pattern

        if argv:
            raise click.UsageError(f"{schedule} holds operations of a pattern: a command line after `--` is no TARGET")
        return replay_pattern(schedule, target, times=times, allow_unknown=allow_unknown, quiet=quiet, as_json=as_json)
    if target is None and not argv:
        trial = None
    elif argv:
        trial = replay_process(schedule, argv)
    else:
        trial = replay_trial(schedule, str(target))
    outcome = run_replay(schedule, trial=trial, times=times)
    return print_outcome(outcome, as_json=as_json, quiet=quiet, allow_unknown=allow_unknown)


def _one_target(target: str | None, process: "Process | None") -> "str | Process":
    if (target is None) == (process is None):
        raise click.UsageError("give a TARGET, or after `--` a command line, and not both")
    return process or str(target)


@commands.command()
@click.argument("trace", metavar="TRACE")
@click.option("--format", "form", metavar="NAME", help="Only this one, to stdout: html, md, json, ...  Default: all.")
@click.option("--output", metavar="FILE|DIR", help="Write there. Default with --format: stdout; without: beside TRACE.")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an internal error.")
def report(*, trace: str, form: str | None, output: str | None) -> None:
    """Render TRACE (a trace.jsonl, or the report folder that holds it) again, with the formats of today."""
    from seatrial.report_command import render

    render(trace, form=form, output=output)


@commands.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="Elsewhere than on loopback: TLS and a token.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="P", help="Default: a free one.")
@click.option("--kubeconfig-out", metavar="FILE", help="Written once connections are accepted.")
@click.option("--nodes", type=click.IntRange(min=0), default=2, show_default=True, metavar="N", help="Simulated nodes.")
@click.option("--api-only", is_flag=True, help="No controllers, scheduler and kubelets, as in envtest.")
@click.option("--record", metavar="FILE", help="Write down every request and answer, as JSON lines (docs/serve.md).")
@click.option("--data-dir", metavar="DIR", help="Keep objects in this directory (SQLite). Default: in memory.")
@click.option("--etcd", metavar="URL[,URL...]", help="Keep objects in this etcd, 3.4 or later: addresses of members.")
@click.option("--etcd-prefix", metavar="PREFIX", help="What the keys in etcd begin with. Default: /seatrial.")
@click.option(
    "--etcd-ca", metavar="FILE", help="Who signed etcd's certificate (PEM). Default: the system's authorities."
)
@click.option("--etcd-cert", metavar="FILE", help="This client's certificate for etcd (PEM), with --etcd-key.")
@click.option("--etcd-key", metavar="FILE", help="The key of --etcd-cert (PEM).")
@click.option("--debug", is_flag=True, expose_value=False, help="Show the traceback of an internal error.")
def serve(
    *,
    data_dir: str | None,
    etcd: str | None,
    etcd_prefix: str | None,
    etcd_ca: str | None,
    etcd_cert: str | None,
    etcd_key: str | None,
    **options: Any,
) -> int:
    """Serve the reference control plane over HTTP: a small Kubernetes for any client, until Ctrl-C."""
    from reference_impl.durability import Storage
    from reference_impl.store.etcd_tls import EtcdTls
    from seatrial import serving

    if data_dir is not None and etcd is not None:
        raise click.UsageError("--data-dir and --etcd are two places for the same objects: give one of them.")
    if etcd_prefix is not None and etcd is None:
        raise click.UsageError(f"--etcd-prefix {etcd_prefix} needs --etcd URL: nothing is kept in an etcd.")
    files = {"--etcd-ca": etcd_ca, "--etcd-cert": etcd_cert, "--etcd-key": etcd_key}
    given = [option for option, file in files.items() if file is not None]
    if given and not (etcd or "").startswith("https://"):
        raise click.UsageError(
            f"{given[0]} {files[given[0]]} needs --etcd https://HOST:PORT: nothing else is encrypted."
        )
    if (etcd_cert is None) != (etcd_key is None):
        raise click.UsageError("--etcd-cert and --etcd-key belong together: give both, or neither.")
    authority, certificate, key = (None if file is None else Path(file) for file in files.values())
    storage = Storage(
        data_dir=None if data_dir is None else Path(data_dir),
        etcd=() if etcd is None else tuple(etcd.split(",")),
        etcd_tls=EtcdTls(authority=authority, certificate=certificate, key=key) if given else None,
        **({} if etcd_prefix is None else {"etcd_prefix": etcd_prefix}),
    )
    return serving.serve(serving.Serving(storage=storage, **options), say=lambda text: click.echo(text, err=True))


@commands.group()
def zoo() -> None:
    """The wrong-on-purpose controllers."""


@zoo.command("list")
@output_options
def zoo_list(*, as_json: bool) -> None:
    """Each entry: what it violates, in which weather, and the real bug it comes from."""
    listing.zoo(as_json=as_json)


@zoo.command("run")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--seeds", type=click.IntRange(min=1), default=10, show_default=True, metavar="N", help="Of each entry.")
@click.option("--examples", type=click.IntRange(min=1), default=DEFAULT_EXAMPLES, show_default=True, metavar="N")
@click.option(
    "--engine",
    "engines",
    type=click.Choice(["check", "sweep", "campaign"]),
    multiple=True,
    help="Only this one. Default: all.",
)
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Processes. Default: one a core.")
@click.option("--report-dir", metavar="DIR", help="Keep the reports here. Default: nowhere.")
@click.option("--plot", metavar="FILE", help="Also draw it: an .svg, .png or .pdf file. Needs seatrial[plots].")
@quiet_option
@output_options
def zoo_run(*, ids: tuple[str, ...], **settings: Any) -> int:
    """The detection matrix: which engine finds which entry (default: all), and who stays silent that should."""
    from seatrial.zoo_run import run

    return run(ids, **settings)


def _add_listing(name: str, show: Callable[..., None], text: str) -> None:
    @commands.command(name, help=text)
    @output_options
    def show_list(*, as_json: bool) -> None:
        show(as_json=as_json)


for _name, (_show, _text) in listing.LISTINGS.items():
    _add_listing(_name, _show, _text)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Entry point of the command: runs, and exits with the code of `run`."""
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


def run(arguments: list[str]) -> int:
    """One call of the command, without leaving the process: prints, and returns the exit code. Raises nothing."""
    as_json = _asks_for_json(arguments)
    message = shadowed_package()
    if message is not None:
        return print_error(message, USAGE, as_json=as_json)
    put_current_directory_last(sys.path)
    try:
        result = commands.main(args=arguments, prog_name="seatrial", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        hint = f" See `{error.ctx.command_path} --help`." if isinstance(error, click.UsageError) and error.ctx else ""
        return print_error(f"{error.format_message().rstrip('.')}.{hint}", USAGE, as_json=as_json)
    except (click.Abort, KeyboardInterrupt):
        return print_error("interrupted; what was found by then is in the report folder", INTERRUPTED, as_json=as_json)
    except BaseException as error:  # whatever it is: one line, and an exit code that no verdict has
        return _report_error(error, as_json=as_json, debug="--debug" in arguments)


def _report_error(error: BaseException, *, as_json: bool, debug: bool) -> int:
    from harness.errors import SeatrialError

    if debug:
        traceback.print_exception(error)
    if isinstance(error, SeatrialError):
        return print_error(str(error), error.exit_code, as_json=as_json)
    hint = "" if debug else " Run it again with --debug for the traceback, and please report it."
    message = f"internal error at {_origin(error)}: {type(error).__name__}: {error}.{hint}"
    return print_error(message, INTERNAL, as_json=as_json)


def _origin(error: BaseException) -> str:
    """Module and line of the innermost frame."""
    frames = list(traceback.walk_tb(error.__traceback__))
    if not frames:
        return "an unknown place"
    frame, line = frames[-1]
    return f"{frame.f_globals.get('__name__', '?')} line {line}"


def _asks_for_json(arguments: Sequence[str]) -> bool:
    """Looked at before click does, so that its own complaints can be JSON too."""
    return "--format=json" in arguments or ("--format", "json") in pairwise(arguments)

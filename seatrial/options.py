"""The options of `seatrial check`, and the trial they make.

Only what was typed is passed on: a zoo entry's own options, and the defaults of `Trial`, stand where nothing was. Names
of faults, properties and built-ins are checked by `Trial`, against the registries.
"""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import yaml

if TYPE_CHECKING:
    from harness.command import Process
    from harness.trial import Trial
    from reference_impl.zoo import Entry

Command = TypeVar("Command", bound=Callable[..., Any])

ZOO_PREFIX = "zoo:"
FIXED_SUFFIX = ".fixed"

DEFAULT_REPORT_DIR = "seatrial-reports"
DEFAULT_EXAMPLES = 200


class Seed(click.ParamType[int]):
    """A whole number, or `random`: then one is drawn here and printed, so that the run can be repeated."""

    name = "N|random"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if value == "random":
            return random.SystemRandom().randrange(2**32)
        try:
            return int(value)
        except ValueError:
            self.fail(f"{value!r} is neither a whole number nor 'random'. The default 0 is as good as any.", param, ctx)


TRIAL_OPTIONS = (
    click.option("--manifest", "manifests", multiple=True, metavar="FILE", help="Objects to begin with; repeatable."),
    click.option("--workload", metavar="FILE", help="What users do, as a JSON or YAML list; default: generated."),
    click.option("--profile", type=click.Choice(["kubernetes", "hostile"]), help="Weather. Default: kubernetes."),
    click.option("--seed", type=Seed(), metavar="N|random", help="Default: 0."),
    click.option("--max-steps", type=click.IntRange(min=1), metavar="N", help="Actions in one example. Default: 30."),
    click.option("--fault", "faults", multiple=True, metavar="NAME", help="Only this weather; repeatable."),
    click.option("--no-fault", "no_faults", multiple=True, metavar="NAME", help="All weather but this; repeatable."),
    click.option("--property", "properties", multiple=True, metavar="NAME", help="Judge only this; repeatable."),
    click.option("--no-property", "no_properties", multiple=True, metavar="NAME", help="All but this; repeatable."),
    click.option("--fuzz-spec", is_flag=True, help="Edits draw on the whole schema, senseless values included."),
    click.option("--volatile", multiple=True, metavar="PATH", help="A field or kind that never rests; repeatable."),
    click.option("--built-ins", metavar="auto|all|none|NAME,...", help="Built-in controllers. Default: auto."),
    click.option("--instances", type=click.IntRange(min=1), metavar="N", help="Copies of the controller. Default: 1."),
)


def trial_options(command: Command) -> Command:
    """Declare the options that make a trial, in the order of `TRIAL_OPTIONS`."""
    for option in reversed(TRIAL_OPTIONS):
        command = option(command)
    return command


def trial_of(target: "str | Process", typed: dict[str, Any]) -> "Trial":
    """The trial of TARGET, or of a process, with the typed options. Raises `UsageError`."""
    from harness.trial import Trial

    settings = {name: value for name, value in typed.items() if value not in (None, (), False)}
    excluded = settings.pop("no_properties", ())
    if excluded:
        settings["properties"] = _properties_without(excluded, settings.get("properties"))
    if "workload" in settings:
        settings["workload"] = _workload(settings["workload"])
    if "manifests" in settings:  # a path on a command line is relative to the current directory and nothing else
        settings["manifests"] = [Path(file).absolute() for file in settings["manifests"]]
    if "built_ins" in settings:
        settings["built_ins"] = _built_ins(settings["built_ins"])
    if not isinstance(target, str):
        return Trial(controllers=[target], **settings)
    return Trial(controllers=[target, *_beside(target)], **{**zoo_settings(target), **settings})


def replay_trial(schedule: str, target: str) -> "Trial":
    """The trial of a schedule file with TARGET in the place of its controllers. Raises `UsageError`.

    An entry of the zoo brings the plane it runs on: in some of them that is what is wrong, or fixed. Any other target
    runs on the plane of the schedule.
    """
    from harness.schedule import load
    from harness.trial import trial_from_description

    plane = {name: value for name, value in zoo_settings(target).items() if name == "plane"}
    controllers = [target, *_beside(target)]
    return trial_from_description({**load(Path(schedule)).trial, "controllers": controllers, **plane})


def replay_process(schedule: str, argv: tuple[str, ...]) -> "Trial":
    """The trial of a schedule file with another command line for its process. Raises `UsageError`."""
    from harness.command import Process
    from harness.errors import UsageError
    from harness.schedule import load
    from harness.trial import trial_from_description

    described = load(Path(schedule)).trial
    controllers = described.get("controllers") or []
    if len(controllers) != 1 or not isinstance(controllers[0], dict) or "argv" not in controllers[0]:
        raise UsageError(f"{schedule} is not of a trial of one process, so no command line can take its place")
    recorded = controllers[0]
    # Its weather is anchored to the name, and the place to run it in stays what it was.
    kept = {name: value for name, value in recorded.items() if name not in ("argv", "name")}
    changed = Process(argv, name=recorded.get("name"), **kept).describe()
    return trial_from_description({**described, "controllers": [changed]})


def zoo_settings(target: str) -> dict[str, Any]:
    """Manifests, options and plane that come with a zoo entry; nothing for any other target, or an unknown entry."""
    entry = _entry(target)
    return entry.trial_arguments(fixed=target.endswith(FIXED_SUFFIX)) if entry is not None else {}


def _beside(target: str) -> tuple[str, ...]:
    """Controllers that a zoo entry is tried together with."""
    entry = _entry(target)
    return entry.beside if entry is not None else ()


def _entry(target: str) -> "Entry | None":
    if not target.startswith(ZOO_PREFIX):
        return None
    from reference_impl.zoo import ZOO

    entry_id = target.removeprefix(ZOO_PREFIX).removesuffix(FIXED_SUFFIX)
    return next((entry for entry in ZOO if entry.id == entry_id), None)


def _properties_without(excluded: tuple[str, ...], only: tuple[str, ...] | None) -> list[str]:
    from harness import registry
    from harness.errors import UsageError

    installed = registry.properties()
    known = [item.name for item in installed]
    for name in excluded:
        if name not in known:
            raise UsageError(f"--no-property {name}: there is no such property. `seatrial properties` lists them.")
    wanted = only if only is not None else [item.name for item in installed if not getattr(item, "opt_in", False)]
    kept = [name for name in wanted if name not in excluded]
    if not kept:
        raise UsageError(f"--no-property {' '.join(excluded)} leaves nothing to judge. Leave one of them out.")
    return kept


def _built_ins(value: str) -> str | tuple[str, ...]:
    if value in ("auto", "all", "none"):
        return value
    return tuple(name.strip() for name in value.split(",") if name.strip())


def _workload(file: str) -> list[Any]:
    from harness.errors import UsageError

    try:
        text = Path(file).read_text(encoding="utf-8")
        steps = json.loads(text) if file.endswith(".json") else yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UsageError(
            f"--workload {file} cannot be read: {_reason(error)}. Give a JSON or YAML list of actions."
        ) from error
    if not isinstance(steps, list):
        raise UsageError(
            f"--workload {file} holds a {type(steps).__name__}, not a list of actions "
            'such as {"do": "scale", "kind": "Deployment", "name": "front", "replicas": 3}.'
        )
    return steps


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return " ".join(str(error).split())

"""A trial: which controllers, on which plane, with what users do, in which weather. Nothing runs here.

Everything is checked when the trial is built, so that a misspelt name costs a second and one line, not a run. Whatever
can be written to a file is: `describe` gives the `trial` of a schedule, `trial_from_description` the way back. Code
that no file can hold (a lambda, a closure) is marked opaque; such a trial is replayed from the test that builds it.

Manifests are read at once: `Trial.manifests` holds parsed objects afterwards, CRDs first.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, fields
from difflib import get_close_matches
from os import PathLike
from typing import Any

from harness import registry
from harness.actions import validate_workload
from harness.code_reference import load
from harness.command import Process, process_from
from harness.contract import Property
from harness.errors import UsageError
from harness.facts import ComponentFacts, Facts
from harness.manifests import calling_directory, check_manifests, kinds_served, load_manifests
from harness.trial_description import Known, PlaneVariant, arguments_of, describe, opaque_parts, plane_variant
from reference_impl.objects import sorted_json
from reference_impl.protocol import JsonObject

__all__ = ["PROFILES", "ComponentFacts", "Facts", "Known", "PlaneVariant", "Trial", "trial_from_description"]

PROFILES = ("kubernetes", "hostile")

EXTRA_BUILT_INS = ("scheduler", "kubelet")
"""Built-ins that live outside `reference_impl.controllers`."""

Factory = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Trial:
    """What to try. See `interfaces` in the documentation for each parameter; all are checked here.

    Args:
        controllers: factories (they take a Client), or "module:factory"; or instead `Process`es.
        manifests: paths, relative to the file that builds the trial, then to the current directory; or parsed objects.
        volatile: "Kind.path.to.field" or "Kind": what never rests.
        plane: variants of store or API server: an object (or dict) with `store`, `apiserver` or both.
        seed: the trial is a pure function of its inputs and this.
        max_steps: user actions and weather in one example, at most.
        fuzz_spec: edits draw on the whole schema of a custom resource, senseless values included. Expect alarms that
            are nobody's bug (Acto's early runs: 108 of 120).

    Raises:
        UsageError: a value that cannot work; the message says which and what to do instead.
    """

    controllers: Sequence[Factory | str | Process]
    manifests: Sequence[str | PathLike[str] | JsonObject] = ()
    _: KW_ONLY
    profile: str = "kubernetes"
    properties: Sequence[str | Property] | None = None
    built_ins: str | Sequence[str] = "auto"
    workload: Sequence[JsonObject] | Callable[..., Any] | None = None
    edits: Mapping[str, Any] | None = None
    settled: Mapping[str, Callable[..., bool]] | None = None
    volatile: Sequence[str] = ()
    ignore: Sequence[Known] = ()
    external: Mapping[str, Any] | None = None
    faults: Sequence[str] | None = None
    no_faults: Sequence[str] = ()
    repairs: Sequence[str] = ()
    plane: PlaneVariant | None = None
    nodes: int = 2
    apiservers: int = 2
    instances: int = 1
    seed: int = 0
    max_steps: int = 30
    fuzz_spec: bool = False
    facts: Facts = field(default=Facts(), repr=False)
    """Set by `check` after the first fair-weather run."""
    factories: tuple[Factory, ...] = field(init=False, repr=False)
    """`controllers`, with names resolved to code."""
    processes: tuple[Process, ...] = field(init=False, repr=False)
    """Those of `controllers` that are processes."""

    def __post_init__(self) -> None:
        put = object.__setattr__
        given = self.controllers
        alone = isinstance(given, str | Process) or callable(given)
        put(self, "controllers", (given,) if alone else tuple(given))
        if any(isinstance(controller, Mapping) for controller in self.controllers):
            read = (process_from(c) if isinstance(c, Mapping) else c for c in self.controllers)
            put(self, "controllers", tuple(read))
        put(self, "processes", tuple(c for c in self.controllers if isinstance(c, Process)))
        put(self, "factories", tuple(_factory(c) for c in self.controllers if not isinstance(c, Process)))
        if self.processes and self.factories:
            raise UsageError(
                "controllers: a Process runs in real time and a factory in virtual time, so one trial cannot hold "
                "both: start the factory's controllers as a process, or try them in a trial of their own"
            )
        self._check_numbers()
        for name in ("volatile", "ignore", "no_faults", "repairs"):
            put(self, name, _listed(name, getattr(self, name)))
        for name in ("faults", "properties"):
            if getattr(self, name) is not None:
                put(self, name, _listed(name, getattr(self, name)))
        self._check_names()
        self._check_built_ins()
        self._check_mappings()
        if self.plane is not None:
            put(self, "plane", plane_variant(self.plane))
        self._load_manifests()
        self._load_workload()

    def _load_manifests(self) -> None:
        given: Any = self.manifests
        listed = (given,) if isinstance(given, str | PathLike | Mapping) else tuple(given)
        loaded = check_manifests(load_manifests(listed, directory=calling_directory()))
        # In alphabetical key order, so that a trial read back from a schedule file gives the same bytes.
        object.__setattr__(self, "manifests", tuple(sorted_json(manifest) for manifest in loaded))

    def _load_workload(self) -> None:
        workload: Any = self.workload
        if isinstance(workload, str):
            object.__setattr__(self, "workload", load(workload, purpose="workload"))
        elif workload is not None and not callable(workload):
            object.__setattr__(self, "workload", validate_workload(workload, kinds_served(self.objects)))

    @property
    def name(self) -> str:
        """What reports call this trial: its controllers."""
        names = [process.called for process in self.processes]
        if names:
            return "+".join(names)
        for controller, factory in zip(self.controllers, self.factories, strict=True):
            qualified = f"{factory.__module__}:{getattr(factory, '__qualname__', type(factory).__name__)}"
            names.append(controller if isinstance(controller, str) else qualified)
        return "+".join(names) or "built-ins"

    def replaced(self, **changes: Any) -> "Trial":
        """The same trial with other values for some parameters, checked again. Raises UsageError."""
        names = [f.name for f in fields(self) if f.init and f.name != "facts"]
        return Trial(**{name: getattr(self, name) for name in names} | changes)

    @property
    def objects(self) -> tuple[JsonObject, ...]:
        """The parsed manifests, CRDs first. Shared: copy to change."""
        return self.manifests  # type: ignore[return-value]  # __post_init__ replaced paths by parsed objects

    @property
    def property_objects(self) -> tuple[Property, ...]:
        """The properties to judge: those named (opt-in ones included), or all that are not opt-in."""
        installed = registry.properties()
        if self.properties is None:
            return tuple(item for item in installed if not getattr(item, "opt_in", False))
        by_name = {item.name: item for item in installed}
        return tuple(by_name[item] if isinstance(item, str) else item for item in self.properties)

    @property
    def portable(self) -> bool:
        """Can a schedule file hold this trial, so that `seatrial replay FILE` works without the test it came from?"""
        return not opaque_parts(self.describe())

    def with_facts(self, facts: Facts) -> "Trial":
        """The same trial, with what a run taught; nothing is checked again."""
        twin: Trial = object.__new__(Trial)
        twin.__dict__.update(self.__dict__, facts=facts)
        return twin

    def describe(self) -> JsonObject:
        """The `trial` of a schedule: JSON, with `{"opaque": name}` for each piece of code that no file can hold."""
        return describe(self)

    def _check_numbers(self) -> None:
        if not isinstance(self.fuzz_spec, bool):
            raise UsageError(f"fuzz_spec={self.fuzz_spec!r} is neither True nor False")
        for name, least in (("nodes", 0), ("apiservers", 1), ("instances", 1), ("max_steps", 1), ("seed", None)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool):
                raise UsageError(f"{name}={value!r} is not a whole number: pass an int")
            if least is not None and value < least:
                raise UsageError(f"{name}={value} cannot work: {name} must be at least {least}")

    def _check_names(self) -> None:
        if self.profile not in PROFILES:
            raise UsageError(f"profile={self.profile!r} does not exist: use {' or '.join(map(repr, PROFILES))}")
        if self.faults is not None or self.no_faults:
            known = [fault.name for fault in registry.faults()]
            _check_known("faults", self.faults or (), known, "`seatrial faults` lists them")
            _check_known("no_faults", self.no_faults, known, "`seatrial faults` lists them")
        names = [item for item in self.properties or () if isinstance(item, str)]
        if names:
            known = [item.name for item in registry.properties()]
            _check_known("properties", names, known, "`seatrial properties` lists them")
        for item in self.properties or ():
            if not isinstance(item, str) and not (hasattr(item, "judge") and hasattr(item, "name")):
                raise UsageError(f"properties: {item!r} is neither a name nor a property (it lacks `name` or `judge`)")

    def _check_built_ins(self) -> None:
        given = self.built_ins
        if isinstance(given, str) and given in ("auto", "all", "none"):
            return
        if isinstance(given, str):
            raise UsageError(f"built_ins={given!r} cannot work: use 'auto', 'all', 'none' or a tuple of names")
        object.__setattr__(self, "built_ins", _listed("built_ins", given))
        _check_known("built_ins", self.built_ins, built_in_names(), "`seatrial kinds` lists them")

    def _check_mappings(self) -> None:
        for name in ("edits", "settled", "external"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, Mapping):
                raise UsageError(f"{name}={value!r} is not a dict: see {name}= in the documentation of Trial")
        for path in self.edits or ():
            if "." not in path:
                raise UsageError(f"edits: {path!r} names no field: write it as 'Website.spec.size'")
        for known in self.ignore:
            if not isinstance(known, Known):
                raise UsageError(f"ignore: {known!r} is not a Known: write Known(property=..., kind=..., reason=...)")
        if self.settled:
            given: Mapping[str, Any] = self.settled
            resolved = {
                kind: load(predicate, purpose="settled predicate") if isinstance(predicate, str) else predicate
                for kind, predicate in given.items()
            }
            for kind, predicate in resolved.items():
                if not callable(predicate):
                    raise UsageError(f"settled[{kind!r}]={predicate!r} cannot be called: pass a function (view, obj)")
            object.__setattr__(self, "settled", resolved)


def built_in_names() -> tuple[str, ...]:
    """Names that `built_ins` accepts."""
    from reference_impl.controllers import CONTROLLERS

    return tuple(dict.fromkeys((*CONTROLLERS, *EXTRA_BUILT_INS)))


def trial_from_description(description: JsonObject) -> Trial:
    """The trial that a schedule describes.

    Raises:
        UsageError: it holds code that no file can hold (replay it from the test that builds it), or does not fit.
    """
    return Trial(**arguments_of(description))


def _factory(controller: Any) -> Factory:
    if isinstance(controller, str):
        return load(controller)
    if isinstance(controller, list | tuple):
        raise UsageError(
            f"controllers: {controller!r} is no factory: pass Process({list(controller)!r}) to run a command line"
        )
    if not callable(controller):
        raise UsageError(
            f"controllers: {controller!r} is no factory: pass a function that takes a Client, or 'module:factory'"
        )
    factory: Factory = controller
    return factory


def _listed(name: str, value: Any) -> tuple[Any, ...]:
    if isinstance(value, str):
        raise UsageError(f"{name}={value!r} is one string where a list is needed: write {name}=[{value!r}]")
    if not isinstance(value, Iterable):
        raise UsageError(f"{name}={value!r} is not a list: write {name}=[...]")
    return tuple(value)


def _check_known(parameter: str, names: Iterable[Any], known: Iterable[str], where: str) -> None:
    choices = list(known)
    for name in names:
        if name not in choices:
            near = get_close_matches(str(name), choices, n=3)
            hint = f"did you mean {' or '.join(map(repr, near))}?" if near else f"{where}"
            raise UsageError(f"{parameter}: there is no {name!r}; {hint}")

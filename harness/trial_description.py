"""A trial as JSON: the `trial` of a schedule, and what can be made of it again.

Code is written by name where importing that name gives the same object, else as `{"opaque": name}`. Edits are the
exception: they only steer what a generated workload contains, and a schedule has its workload already, so opaque edits
are left out when a trial is read back.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.code_reference import load, name_of_code, reference_to
from harness.command import Process
from harness.errors import UsageError
from reference_impl.objects import copy_json
from reference_impl.protocol import JsonObject

if TYPE_CHECKING:
    from harness.trial import Trial

_PLAIN = ("profile", "nodes", "apiservers", "instances", "seed", "max_steps", "fuzz_spec")
_LISTS = ("volatile", "no_faults", "repairs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A violation that is accepted: of this property (name), about this kind, and why. One that matches nothing is
    reported, so that the list does not outlive the bugs."""

    property: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaneVariant:
    """Other code under the plane than the reference's own: what `Trial(plane=...)` becomes.

    `store` takes nothing and returns a Store; `apiserver` takes what `ApiServer` takes. None: the reference's own.
    """

    store: Callable[..., Any] | None = None
    apiserver: Callable[..., Any] | None = None


def plane_variant(given: Any) -> PlaneVariant:
    """Of anything with `store` or `apiserver`, or a dict of them; code may be named as "module:attribute".

    Raises:
        UsageError: it has neither, something else, or code that cannot be called.
    """
    allowed = ("store", "apiserver")
    if isinstance(given, Mapping):
        parts = dict(given)
    else:
        parts = {name: getattr(given, name) for name in allowed if getattr(given, name, None) is not None}
    if not parts or any(name not in allowed for name in parts):
        raise UsageError(f"plane={given!r} cannot work: give an object or dict with `store`, `apiserver` or both")
    for name, code in parts.items():
        if isinstance(code, str):
            parts[name] = load(code, purpose=f"plane.{name}")
        elif code is not None and not callable(code):
            raise UsageError(f"plane.{name}={code!r} cannot be called: pass a class or a function that makes one")
    return PlaneVariant(**parts)


def describe(trial: "Trial") -> JsonObject:
    """See `Trial.describe`. Keys in the order in which a person would read them."""
    properties = trial.properties
    return {
        "controllers": [_controller(item) for item in trial.controllers],
        "manifests": [copy_json(obj) for obj in trial.objects],
        **{name: getattr(trial, name) for name in _PLAIN},
        "properties": None if properties is None else [p if isinstance(p, str) else _property(p) for p in properties],
        "built_ins": _value(trial.built_ins),
        **{name: list(getattr(trial, name)) for name in _LISTS},
        "ignore": [{"property": k.property, "kind": k.kind, "reason": k.reason} for k in trial.ignore],
        "faults": None if trial.faults is None else list(trial.faults),
        "plane": _plane(trial.plane),
        "external": _value(trial.external),
        "edits": _value(trial.edits),
        "settled": _value(trial.settled),
        "workload": _value(trial.workload),
    }


def opaque_parts(description: JsonObject) -> list[str]:
    """Names of the pieces of code that stand in the way of a replay from the file alone, as "controllers: <lambda>"."""
    return [f"{name}: {found}" for name, value in description.items() if name != "edits" for found in _opaque_in(value)]


def arguments_of(description: Any) -> dict[str, Any]:
    """The arguments for `Trial`.

    Raises:
        UsageError: unknown or missing fields, or opaque parts.
    """
    if not isinstance(description, Mapping):
        raise UsageError(f"trial: {description!r} is not an object: copy it from a schedule.json that seatrial wrote")
    known = (*_PLAIN, *_LISTS, "controllers", "manifests", "properties", "built_ins", "ignore", "faults", "plane",
             "external", "edits", "settled", "workload")  # fmt: skip
    for name in description:
        if name not in known:
            raise UsageError(f"trial.{name} is not known to this version: allowed are {', '.join(sorted(known))}")
    if "controllers" not in description:
        raise UsageError("trial.controllers is missing: list the factories as 'module:factory'")
    opaque = opaque_parts(dict(description))
    if opaque:
        raise UsageError(
            f"the schedule's trial holds code that no file can hold ({', '.join(opaque)}): "
            "replay it from the test that builds it, with pytest NODEID --seatrial-replay FILE"
        )
    arguments = {name: copy_json(value) for name, value in description.items() if name != "edits"}
    if "ignore" in arguments:
        arguments["ignore"] = [_known(item) for item in arguments["ignore"]]
    edits = {path: values for path, values in (description.get("edits") or {}).items() if not list(_opaque_in(values))}
    return {**arguments, "edits": edits or None}


def _plane(plane: PlaneVariant | None) -> Any:
    if plane is None:
        return None
    parts = {"store": plane.store, "apiserver": plane.apiserver}
    return {name: _code(code) for name, code in parts.items() if code is not None}


def _known(item: Any) -> Known:
    try:
        return Known(**item)
    except TypeError as error:
        raise UsageError(f"trial.ignore: {item!r} needs exactly property, kind and reason") from error


def _controller(item: Any) -> Any:
    if isinstance(item, Process):
        return item.describe()
    return item if isinstance(item, str) else _code(item)


def _code(code: Callable[..., Any]) -> Any:
    return reference_to(code) or {"opaque": name_of_code(code)}


def _property(item: Any) -> Any:
    from harness import registry

    # Installed ones can be named; a property made in a test cannot.
    return item.name if any(item is installed for installed in registry.properties()) else {"opaque": item.name}


def _value(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, Mapping):
        return {str(key): _value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_value(item) for item in value]
    if hasattr(value, "__qualname__") and callable(value):
        return _code(value)
    return {"opaque": type(value).__qualname__}


def _opaque_in(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        if set(value) == {"opaque"}:
            yield str(value["opaque"])
            return
        for item in value.values():
            yield from _opaque_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from _opaque_in(item)

"""Edits that make sense: which values a user might give which field of a given object.

Only values with a reason: those in other manifests of the kind, enum members, booleans, schema defaults, replicas 0 to
5, integers inside declared bounds, and what `Trial(edits=...)` adds. Meaningless values make meaningless alarms (Acto's
early runs: 108 of 120 false). For built-in kinds, which have no schema here, a short table names what users do change,
`kubectl rollout restart` included.

`--fuzz-spec` opens the whole schema: every field, also those that nobody uses, with empty, extreme and absent values.
What the schema refuses is dropped by the rehearsal, as all edits are.

Not modelled here: elements of lists one by one.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError
from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Path = tuple[str, ...]

REPLICAS = (0, 1, 2, 3, 4, 5)
_SMALL_RANGE = 6
"""Integer ranges up to this size are offered whole; of larger ones only values near the given one. Arbitrary."""

_BUILT_IN_FIELDS: dict[str, dict[Path, tuple[Any, ...]]] = {
    "Deployment": {("spec", "replicas"): REPLICAS, ("spec", "paused"): (True, False)},
    "StatefulSet": {("spec", "replicas"): REPLICAS},
    "ReplicaSet": {("spec", "replicas"): REPLICAS},
    "Job": {("spec", "parallelism"): REPLICAS, ("spec", "suspend"): (True, False)},
    "CronJob": {("spec", "suspend"): (True, False)},
}
_ROLLED_OUT = ("Deployment", "StatefulSet", "DaemonSet")
_RESTARTED: Path = ("spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt")
_NOT_CONTENT = ("apiVersion", "kind", "metadata", "status")


def choices(
    info: KindInfo, siblings: list[JsonObject], extra: Mapping[Path, list[Any]], *, fuzz: bool = False
) -> dict[Path, list[Any]]:
    """Fields of this kind that a user might edit, and the values they might give: in a fixed order, never empty.

    Args:
        siblings: all given manifests of the kind.
        extra: what `Trial(edits=...)` adds for the kind.
        fuzz: offer the whole schema, senseless values included.
    """
    found: dict[Path, list[Any]] = {}

    def offer(path: Path, values: Iterable[Any]) -> None:
        kept = found.setdefault(path, [])
        kept.extend(value for value in values if not any(_same(value, other) for other in kept))

    for path, added in extra.items():
        offer(path, added)
    if info.schema is not None:
        for path, allowed in _from_schema(info.schema, (), siblings, replicas_path(info)):
            offer(path, allowed)
        for path, senseless in _whole_schema(info.schema, ()) if fuzz else ():
            offer(path, senseless)
    else:
        for path, usual in _BUILT_IN_FIELDS.get(info.kind, {}).items():
            offer(path, usual)
        if info.kind in _ROLLED_OUT and info.group == "apps":
            offer(_RESTARTED, ("2030-01-01T01:00:00Z", "2030-01-01T02:00:00Z"))
    for path in dict.fromkeys(path for sibling in siblings for path in _leaf_paths(sibling)):
        offer(path, [value for sibling in siblings if (value := value_at(sibling, path)) is not None])
    return {path: values for path, values in found.items() if values}


def replicas_path(info: KindInfo) -> Path:
    """The field behind the scale subresource ("spec.replicas" for built-ins and without one)."""
    scale = info.extra.get("scale") or {}
    return tuple(str(scale.get("specReplicasPath") or ".spec.replicas").strip(".").split("."))


def value_at(obj: Any, path: Path) -> Any:
    """The value at a path of field names; None if there is none."""
    for part in path:
        if not isinstance(obj, Mapping):
            return None
        obj = obj.get(part)
    return obj


def merge_patch(path: Path, value: Any) -> JsonObject:
    """The merge patch that sets one field."""
    body: Any = value
    for part in reversed(path):
        body = {part: body}
    patch: JsonObject = body
    return patch


def _from_schema(
    schema: JsonObject, path: Path, siblings: list[JsonObject], replicas: Path
) -> Iterator[tuple[Path, list[Any]]]:
    for name, field in (schema.get("properties") or {}).items():
        if not path and name in _NOT_CONTENT:
            continue
        here = (*path, name)
        given_values = [value for sibling in siblings if (value := value_at(sibling, here)) is not None]
        values = _field_values(field, given_values, is_replicas=here == replicas or name == "replicas")
        if field.get("default") is not None and not field.get("properties"):
            values.append(field["default"])
        yield here, values
        # What nobody uses is not switched on by an edit deep inside it.
        if field.get("properties") and (given_values or isinstance(field.get("default"), dict)):
            yield from _from_schema(field, here, siblings, replicas)


_SENSELESS: dict[str, tuple[Any, ...]] = {
    "string": ("", "a", "-", "x" * 253, "\u00fc", None),
    "integer": (0, 1, -1, 2**31 - 1, None),
    "number": (0, 0.5, -1, 1e9, None),
    "boolean": (True, False, None),
    "array": ([], None),
    "object": ({}, None),
}
"""By type: empty, smallest, extreme, absent. Arbitrary, in the manner of Acto's and every fuzzer's first guesses."""


def _whole_schema(schema: JsonObject, path: Path) -> Iterator[tuple[Path, list[Any]]]:
    """Every field of a schema with senseless values."""
    for name, field in (schema.get("properties") or {}).items():
        if not path and name in _NOT_CONTENT:
            continue
        here = (*path, name)
        bounds = [field[bound] for bound in ("minimum", "maximum") if field.get(bound) is not None]
        yield here, [*bounds, *_SENSELESS.get(field.get("type", ""), ())]
        if field.get("properties"):
            yield from _whole_schema(field, here)


def _field_values(field: JsonObject, given_values: list[Any], *, is_replicas: bool) -> list[Any]:
    if field.get("enum"):
        return list(field["enum"])
    if field.get("type") == "boolean":
        return [True, False]
    if field.get("type") != "integer":
        return []
    low, high = field.get("minimum"), field.get("maximum")
    low = low + 1 if low is not None and field.get("exclusiveMinimum") else low
    high = high - 1 if high is not None and field.get("exclusiveMaximum") else high
    if is_replicas:
        return [n for n in REPLICAS if (low is None or n >= low) and (high is None or n <= high)]
    if low is None or high is None:
        return []
    low, high = int(low), int(high)
    if high - low <= _SMALL_RANGE:
        return list(range(low, high + 1))
    near = [value + step for value in given_values if isinstance(value, int) for step in (-1, 1, 2)]
    return [value for value in (near or [low, low + 1, low + 2]) if low <= value <= high]


def _leaf_paths(obj: JsonObject, path: Path = ()) -> Iterator[Path]:
    for name, value in obj.items():
        if not path and name in _NOT_CONTENT:
            continue
        if isinstance(value, dict) and value:
            yield from _leaf_paths(value, (*path, name))
        else:
            yield (*path, name)


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def extra_values(edits: Mapping[str, Any] | None) -> dict[str, dict[Path, list[Any]]]:
    """`Trial(edits=...)` by kind: lists as they are, strategies as up to 20 examples, the same in every run.

    Raises:
        UsageError: neither a list nor a strategy, or a value that JSON cannot hold.
    """
    found: dict[str, dict[Path, list[Any]]] = {}
    for name, given_values in (edits or {}).items():
        kind, _, dotted = name.partition(".")
        if isinstance(given_values, list | tuple | range):
            values = list(given_values)
        elif _is_strategy(given_values):
            values = _examples(given_values)
        else:
            raise UsageError(
                f"edits[{name!r}]={given_values!r} gives no values: pass a list of values, or a Hypothesis strategy"
            )
        try:
            json.dumps(values, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise UsageError(f"edits[{name!r}] gives a value that JSON cannot hold: {error}") from error
        if values:
            found.setdefault(kind, {})[tuple(dotted.split("."))] = values
    return found


# Hypothesis is imported where it is needed: a process that replays one schedule would spend a fifth of its time on it.
def _is_strategy(values: Any) -> bool:
    from hypothesis.strategies import SearchStrategy

    return isinstance(values, SearchStrategy)


def _examples(strategy: "SearchStrategy[Any]") -> list[Any]:
    from hypothesis import HealthCheck, Phase, Verbosity, given, settings

    values: list[Any] = []

    # Every setting that could come from a profile is given here: profiles must change nothing.
    @settings(
        max_examples=20,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    @given(strategy)
    def collect(value: Any) -> None:
        if not any(_same(value, other) for other in values):
            values.append(value)

    collect()
    return values

"""Structural schemas of apiextensions.k8s.io/v1: pruning, defaulting and validation of custom resources.

A schema is compiled once, when its CRD is accepted, into a tree of `Node`s; the work per object is then a walk over
the object with the tree at hand. The order is the API server's: unknown fields are dropped, defaults filled in (a null
where null is not allowed counts as absent), and the result validated. Nothing is changed in place: what does not
change is shared with the input.

Messages are kube-openapi's, as apiextensions turns them into field errors. Not modelled: the isbn
and creditcard formats (such a CRD is refused).

Sources: apiextensions `pkg/apiserver/schema/{pruning,defaulting,listtype}`, `pkg/apiserver/validation/validation.go`;
kube-openapi `pkg/validation/validate`; the API reference of JSONSchemaProps.
"""

from collections.abc import Callable
from typing import Any, Final

from reference_impl.apiserver import field_errors
from reference_impl.apiserver.equality import same
from reference_impl.apiserver.field_errors import Cause, Path, path_text
from reference_impl.apiserver.keywords import KEYWORDS, Check
from reference_impl.objects import copy_json
from reference_impl.protocol import JsonObject

MISSING: Final = object()
"""Stands for a value that is not there, where None is a value."""
_NOTHING: Final[JsonObject] = {}
_ENVELOPE: Final = ("apiVersion", "kind", "metadata")
_TYPES: Final[dict[str, tuple[type, ...]]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
}


class Node:
    """One compiled schema: how to shape a value of it, and what to check."""

    __slots__ = (
        "additional", "any_property", "checks", "default", "embedded", "int_or_string", "is_root", "items",
        "list_map_keys", "list_type", "nullable", "preserve", "properties", "required", "source", "type", "types",
    )  # fmt: skip

    def __init__(self, schema: JsonObject, *, is_root: bool = False) -> None:
        self.source = schema
        self.is_root = is_root
        self.type: str | None = schema.get("type") or None
        self.types = _TYPES.get(self.type or "", ())
        self.nullable = bool(schema.get("nullable"))
        self.int_or_string = bool(schema.get("x-kubernetes-int-or-string"))
        self.preserve = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
        self.embedded = bool(schema.get("x-kubernetes-embedded-resource"))
        self.default = schema.get("default", MISSING)
        self.required: tuple[str, ...] = tuple(schema.get("required") or ())
        self.properties = {name: Node(part) for name, part in (schema.get("properties") or {}).items()}
        additional = schema.get("additionalProperties")
        self.any_property = additional is True
        self.additional = Node(additional) if isinstance(additional, dict) else None
        self.items = Node(schema["items"]) if isinstance(schema.get("items"), dict) else None
        self.list_type: str = schema.get("x-kubernetes-list-type") or "atomic"
        self.list_map_keys: tuple[str, ...] = tuple(schema.get("x-kubernetes-list-map-keys") or ())
        self.checks: tuple[Check, ...] = tuple(_checks(schema))

    # -------------------------------------------------------------- shaping

    def shape(self, value: Any) -> Any:
        """The value pruned and defaulted; the same object if nothing had to change."""
        if type(value) is dict:
            return self._shape_object(value)
        if type(value) is list and self.items is not None:
            shaped = [self.items.shape(item) for item in value]
            return value if all(a is b for a, b in zip(shaped, value, strict=True)) else shaped
        return value

    def _shape_object(self, value: JsonObject) -> JsonObject:
        result = value
        keeps_envelope = self.is_root or self.embedded
        properties, additional = self.properties, self.additional
        for name, old in value.items():
            node = properties.get(name)
            if keeps_envelope and name in _ENVELOPE:
                continue
            if node is None:
                if additional is None:
                    if self.any_property or self.preserve or self.int_or_string:
                        continue
                    if result is value:
                        result = dict(value)
                    del result[name]
                    continue
                node = additional
            new = MISSING if old is None and not node.nullable else node.shape(old)
            if new is not old:
                if result is value:
                    result = dict(value)
                if new is MISSING:
                    del result[name]
                else:
                    result[name] = new
        for name, node in properties.items():
            if node.default is not MISSING and name not in result:
                if result is value:
                    result = dict(value)
                result[name] = node.shape(copy_json(node.default))
        return result

    # -------------------------------------------------------------- validating

    def validate(self, value: Any, path: Path, causes: list[Cause], old: Any = MISSING) -> None:
        """Append what is wrong with the value (already shaped) to `causes`.

        `old` is the stored value of an update: what equals it is not judged again (ratcheting, KEP-4008).
        """
        if old is not MISSING and same(value, old):
            return
        if value is None:
            if not self.nullable and (self.type or self.int_or_string):
                causes.append(_wrong_type(self.type or "integer,string", value, path))
            return
        if self.int_or_string:
            if isinstance(value, bool) or not isinstance(value, int | str):
                causes.append(_wrong_type("integer,string", value, path))
                return
        elif self.types and not self._has_type(value):
            causes.append(_wrong_type(str(self.type), value, path))
            return
        for check in self.checks:
            check(value, path, causes)
        if type(value) is dict:
            self._validate_object(value, path, causes, old if type(old) is dict else _NOTHING)
        elif type(value) is list:
            self._validate_list(value, path, causes, old)

    def _has_type(self, value: Any) -> bool:
        if isinstance(value, bool):
            return self.type == "boolean"
        if isinstance(value, self.types):
            return True
        return self.type == "integer" and isinstance(value, float) and value.is_integer()

    def _validate_object(self, value: JsonObject, path: Path, causes: list[Cause], old: JsonObject) -> None:
        for name in self.required:
            if name not in value:
                causes.append(field_errors.required(path_text((path, name))))
        if self.embedded:
            _check_embedded(value, path, causes)
        properties, additional = self.properties, self.additional
        skips_envelope = self.is_root or self.embedded
        for name, item in value.items():
            node = properties.get(name, additional)
            if node is not None and not (skips_envelope and name in _ENVELOPE):
                node.validate(item, (path, name), causes, old.get(name, MISSING))

    def _validate_list(self, value: list[Any], path: Path, causes: list[Cause], old: Any) -> None:
        if self.items is not None:
            validate = self.items.validate
            before = self.correlated(old)
            for index, item in enumerate(value):
                validate(item, (path, index), causes, before.get(self.key_of(item), MISSING) if before else MISSING)
        if self.list_type == "set":
            _check_set(value, path, causes)
        elif self.list_type == "map":
            self._check_list_map(value, path, causes)

    def correlated(self, old: Any) -> dict[str, Any]:
        """The items of a stored list by their keys; empty unless this is a list of type map."""
        if self.list_type != "map" or type(old) is not list:
            return _NOTHING
        return {self.key_of(item): item for item in old}

    def key_of(self, item: Any) -> str:
        """What identifies an item of a list of type map."""
        if type(item) is not dict:
            return ""
        return field_errors.shown({key: item[key] for key in self.list_map_keys if key in item})

    def _check_list_map(self, value: list[Any], path: Path, causes: list[Cause]) -> None:
        seen: dict[str, int] = {}
        for index, item in enumerate(value):
            if type(item) is not dict:
                continue
            text = self.key_of(item)
            if text in seen:
                keys = {key: item[key] for key in self.list_map_keys if key in item}
                causes.append(field_errors.duplicate(path_text((path, index)), keys))
            seen[text] = index


def compile_schema(schema: JsonObject) -> Node:
    """The tree for the schema of a whole custom resource."""
    return Node(schema, is_root=True)


def type_name(value: Any) -> str:
    """The JSON type as kube-openapi names it."""
    if isinstance(value, bool):
        return "boolean"
    names = {dict: "object", list: "array", str: "string", int: "integer", float: "number", type(None): "null"}
    return names[type(value)]


def _wrong_type(wanted: str, value: Any, path: Path) -> Cause:
    field, got = path_text(path), type_name(value)
    return field_errors.type_invalid(field, got, f'{field} in body must be of type {wanted}: "{got}"')


def _check_embedded(value: JsonObject, path: Path, causes: list[Cause]) -> None:
    for name in ("apiVersion", "kind"):
        if not value.get(name):
            causes.append(field_errors.required(path_text((path, name)), "must not be empty"))
    if not isinstance(value.get("metadata", {}), dict):
        causes.append(_wrong_type("object", value["metadata"], (path, "metadata")))


def _check_set(value: list[Any], path: Path, causes: list[Cause]) -> None:
    seen: dict[str, int] = {}
    for index, item in enumerate(value):
        text = field_errors.shown(item)
        if text in seen:
            causes.append(field_errors.duplicate(path_text((path, index)), item))
        seen[text] = index


# ------------------------------------------------------------------ logical keywords


def _checks(schema: JsonObject) -> list[Check]:
    found: list[Check] = []
    for table in (KEYWORDS, _LOGICAL):
        for keyword, make in table.items():
            argument = schema.get(keyword)
            if argument is not None:
                found.append(make(argument, schema))
    return found


def _failures(node: Node, value: Any, path: Path) -> list[Cause]:
    found: list[Cause] = []
    node.validate(value, path, found)
    return found


def _fewest(failures: list[list[Cause]]) -> list[Cause]:
    """Those of the alternative that came closest."""
    return sorted(failures, key=lambda causes: len(causes))[0]


def _whole(path: Path, why: str) -> Cause:
    """Errors of the logical keywords carry no field: the schema's place is in their text."""
    place = path_text(path) if path is not None else ""
    return field_errors.invalid_value("<nil>", "", f'"{place}" {why}')


def _all_of(parts: list[JsonObject], _: JsonObject) -> Check:
    nodes = [Node(part) for part in parts]

    def check(value: Any, path: Path, causes: list[Cause]) -> None:
        for node in nodes:
            failures = _failures(node, value, path)
            if failures:
                causes.extend(failures)
                causes.append(_whole(path, "must validate all the schemas (allOf)"))

    return check


def _any_of(parts: list[JsonObject], _: JsonObject) -> Check:
    nodes = [Node(part) for part in parts]

    def check(value: Any, path: Path, causes: list[Cause]) -> None:
        all_failures = []
        for node in nodes:
            failures = _failures(node, value, path)
            if not failures:
                return
            all_failures.append(failures)
        causes.append(_whole(path, "must validate at least one schema (anyOf)"))
        causes.extend(_fewest(all_failures))

    return check


def _one_of(parts: list[JsonObject], _: JsonObject) -> Check:
    nodes = [Node(part) for part in parts]

    def check(value: Any, path: Path, causes: list[Cause]) -> None:
        results = [_failures(node, value, path) for node in nodes]
        valid = sum(not failures for failures in results)
        if valid == 1:
            return
        found = "Found none valid" if valid == 0 else f"Found {valid} valid alternatives"
        causes.append(_whole(path, f"must validate one and only one schema (oneOf). {found}"))
        if valid == 0:
            causes.extend(_fewest(results))

    return check


def _not(part: JsonObject, _: JsonObject) -> Check:
    node = Node(part)

    def check(value: Any, path: Path, causes: list[Cause]) -> None:
        if not _failures(node, value, path):
            causes.append(_whole(path, "must not validate the schema (not)"))

    return check


_LOGICAL: Final[dict[str, Callable[[Any, JsonObject], Check]]] = {
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
}

"""What a schema says about owning and merging: which lists are sets or maps, and what is atomic.

A type is asked together with a value: unless it says otherwise, objects merge by field and lists are atomic (replaced
whole), which is also what Kubernetes deduces where it has no schema. Custom resources have the types of their
CustomResourceDefinition (`x-kubernetes-list-type`, `x-kubernetes-list-map-keys`, `x-kubernetes-map-type`), with
Kubernetes' own ObjectMeta in it; built-in kinds those of `builtin_field_types.py`.

Sources: structured-merge-diff `schema/elements.go`, `typed/{helpers,deduced}.go`; kube-openapi `pkg/schemaconv`;
"Server-Side Apply", section "Merge strategy".
"""

from functools import cache
from typing import Any, Final

from reference_impl.apiserver import field_sets
from reference_impl.apiserver.builtin_field_types import DEFAULT_KEYS, EVER_PRESENT, TABLE
from reference_impl.apiserver.crd import compiled_schema
from reference_impl.apiserver.schema import MISSING, Node
from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject


class UnkeyedItem(ValueError):
    """An item of a set or a keyed list that cannot be told from its siblings."""


class FieldType:
    """One node of a schema. Built once, then never changed."""

    __slots__ = ("atomic", "element", "ever_present", "fields", "is_closed", "is_open_struct", "keys", "list_type")

    def __init__(self) -> None:
        self.atomic = False
        """An object that one manager owns whole."""
        self.fields: dict[str, FieldType] = {}
        """Declared fields of an object."""
        self.element: FieldType = self
        """Of the items of a list, and of the values of fields that are not declared."""
        self.is_closed = False
        """A field that is not declared is an error."""
        self.is_open_struct = False
        """All fields count as declared: a built-in struct, of which only the special fields are in our table."""
        self.ever_present: frozenset[str] = frozenset()
        """Fields that exist, empty, in every object of this type: Go's structs that are no pointers."""
        self.list_type = "atomic"
        self.keys: dict[str, Any] = {}
        """Of a list of type map: the key fields, and their defaults (MISSING: none)."""

    def field(self, name: str) -> "FieldType":
        return self.fields.get(name) or self.element

    def declares(self, name: str) -> bool:
        return self.is_open_struct or name in self.fields

    def step_of(self, item: Any) -> str:
        """The step that names an item of this list. Raises UnkeyedItem, with the reason in Kubernetes' words."""
        if self.list_type == "set":
            if isinstance(item, dict):
                raise UnkeyedItem("associative list without keys has an element that's a map type")
            if isinstance(item, list):
                raise UnkeyedItem("not supported: associative list with lists as elements")
            if item is None:
                raise UnkeyedItem("associative list without keys has an element that's an explicit null")
            return field_sets.value_step(item)
        if item is None:
            raise UnkeyedItem("associative list with keys may not have a null element")
        if not isinstance(item, dict):
            raise UnkeyedItem("associative list with keys may not have non-map elements")
        found = {name: item.get(name, default) for name, default in self.keys.items()}
        found = {name: value for name, value in found.items() if value is not MISSING}
        if not found:
            names = " ".join(f'"{name}"' for name in self.keys)
            raise UnkeyedItem(
                f"associative list with keys has an element that omits all key fields [{names}] (and doesn't have "
                "default values for any key fields)"
            )
        return field_sets.key_step(found)


ANY: Final = FieldType()
"""Where there is no schema: objects merge, lists do not."""
_ATOMIC: Final = FieldType()
_ATOMIC.atomic = True
_STRUCT: Final = FieldType()
_STRUCT.is_open_struct = True
_STRUCT.ever_present = EVER_PRESENT


def type_of(info: KindInfo) -> FieldType:
    """The type of a whole object of this kind and version."""
    compiled = compiled_schema(info)
    if compiled is not None:
        found = info.extra.get("field_type")
        if not isinstance(found, FieldType):
            found = info.extra["field_type"] = _of_node(compiled.node)
        return found
    if info.crd is not None:
        return ANY
    return _of_builtin_kind(info.api_version, info.kind)


# ------------------------------------------------------------------------------------------------------ built-in kinds


@cache
def _rows() -> dict[str, str]:
    """Type name -> its fields, from the table; a row goes on in the indented lines after it."""
    rows: dict[str, str] = {}
    name = ""
    for line in TABLE.strip().splitlines():
        if line.startswith(" "):
            rows[name] += " " + line.strip()
        else:
            name, _, fields = line.partition(":")
            rows[name] = fields.strip()
    return rows


@cache
def _of_builtin_kind(api_version: str, kind: str) -> FieldType:
    rows = _rows()
    found = _struct("")
    row = rows.get(f"{api_version} {kind}", rows.get(kind, ""))
    found.fields = {**_parsed(row), "metadata": _named("ObjectMeta")}
    return found


def _struct(row: str) -> FieldType:
    found = FieldType()
    found.is_open_struct = True
    found.element = _STRUCT
    found.ever_present = EVER_PRESENT
    found.fields = _parsed(row)
    return found


@cache
def _named(name: str) -> FieldType:
    return _struct(_rows()[name])


def _parsed(row: str) -> dict[str, FieldType]:
    fields: dict[str, FieldType] = {}
    for entry in filter(None, row.split(";")):
        name, *words = entry.split()
        fields[name] = _described(words)
    return fields


def _described(words: list[str]) -> FieldType:
    """`atomic`, `Name`, `[]` (a set), `[key,key] Name` (a list by keys), `{}` (a map, not a struct)."""
    if not words:
        return _STRUCT
    word, *rest = words
    if word == "atomic":
        return _ATOMIC
    if not word.startswith(("[", "{")):
        return _named(word)
    found = FieldType()
    found.element = _described(rest)
    if word.startswith("["):
        keys = [key for key in word.strip("[]").split(",") if key]
        found.list_type = "map" if keys else "set"
        found.keys = {key: DEFAULT_KEYS.get(key, MISSING) for key in keys}
    return found


# -------------------------------------------------------------------------------------------------------- custom kinds


def _of_node(node: Node) -> FieldType:
    found = FieldType()
    schema: JsonObject = node.source
    found.atomic = schema.get("x-kubernetes-map-type") == "atomic"
    found.fields = {name: _of_node(part) for name, part in node.properties.items()}
    if node.is_root or node.embedded:
        found.fields |= {"apiVersion": ANY, "kind": ANY, "metadata": _named("ObjectMeta")}
    found.element = _element_of(node)
    found.is_closed = bool(node.properties) and not (node.additional or node.any_property or node.preserve)
    if node.items is not None:
        found.list_type = node.list_type
        properties = node.items.properties
        found.keys = {key: properties[key].default if key in properties else MISSING for key in node.list_map_keys}
    return found


def _element_of(node: Node) -> FieldType:
    if node.items is not None:
        return _of_node(node.items)
    return _of_node(node.additional) if node.additional is not None else ANY

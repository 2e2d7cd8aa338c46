"""The fields of built-in kinds: names, protobuf numbers, types, and how their lists merge.

Facts about Kubernetes' published interface, kept as a table beside this file (`builtin_types.txt`, made by
`tests/wire/generate_types.py` from the struct tags of the Go modules). Read by whatever needs to know the shape of a
built-in kind: protobuf decoding, OpenAPI, the check for unknown fields.

A line is `name number type flags`; `-` is a field whose own fields appear in its parent (Go's inlining). A type is a
scalar word or another message, under `*` (a pointer, so that an explicit zero is told from absence), `[]` or `{}` (a
map with string keys). Flags: `o` zero is left out, `merge=K` the strategic merge key, `map=K,...`, `set`, `atomic` the
list type, `list` the message is written as the list itself.
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

_TABLE: Final = Path(__file__).with_suffix(".txt")
_FOLDERS: Final = {"": "core", "meta.k8s.io": "meta"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message. `type` is without pointer, list and map marks."""

    name: str
    number: int
    type: str
    pointer: bool = False
    repeated: bool = False
    map: bool = False
    omits_zero: bool = False
    merge_key: str | None = None
    list_type: str | None = None
    """map, set or atomic, as structured merge has it."""
    list_keys: tuple[str, ...] = ()

    @property
    def inline(self) -> bool:
        return self.name == "-"


@dataclass(slots=True)
class Message:
    """A type with fields, by number; `is_list`: it is written as a bare list in JSON."""

    name: str
    fields: dict[int, Field] = field(default_factory=dict)
    is_list: bool = False


def type_name(api_version: str, kind: str) -> str:
    """The table's name for a kind: "core.v1.Pod"."""
    group, _, version = api_version.rpartition("/")
    return f"{_FOLDERS.get(group) or group.partition('.')[0]}.{version}.{kind}"


def message(name: str) -> Message | None:
    return _messages().get(name)


def message_of(api_version: str, kind: str) -> Message | None:
    """The message of a built-in kind, or None."""
    return _messages().get(type_name(api_version, kind))


def fields_by_name(found: Message) -> dict[str, Field]:
    """Fields as JSON shows them: those of inlined messages stand among the others."""
    return _by_name(found.name)


@cache
def _by_name(name: str) -> dict[str, Field]:
    result: dict[str, Field] = {}
    for each in _messages()[name].fields.values():
        if each.inline:
            result.update(_by_name(each.type))
        else:
            result[each.name] = each
    return result


@cache
def _messages() -> dict[str, Message]:
    found: dict[str, Message] = {}
    current = Message("")
    for line in _TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        if not line.startswith(" "):
            current = found[line] = Message(line)
            continue
        each = _field(line.split())
        current.fields[each.number] = each
        current.is_list = current.is_list or line.endswith(" list")
    return found


def _field(words: list[str]) -> Field:
    name, number, kind, *flags = words
    pointer = kind.startswith("*")
    kind = kind.removeprefix("*")
    repeated, is_map = kind.startswith("[]"), kind.startswith("{}")
    kind = kind.removeprefix("[]").removeprefix("{}")
    options = dict(each.partition("=")[::2] for each in flags)
    list_type = next((each for each in ("map", "set", "atomic") if each in options), None)
    return Field(
        name=name,
        number=int(number),
        type=kind.lstrip("*[]{}"),
        pointer=pointer,
        repeated=repeated,
        map=is_map,
        omits_zero="o" in options,
        merge_key=options.get("merge"),
        list_type=list_type,
        list_keys=tuple(options["map"].split(",")) if "map" in options else (),
    )

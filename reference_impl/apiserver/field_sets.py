"""Sets of fields: who owns what, as `metadata.managedFields` writes it down (fieldsV1).

A set is a tree. Each step of a path is spelled as in fieldsV1, which makes a step a string: `f:name` a field,
`k:{"name":"a"}` the item of a list with such keys, `v:"a"` a value of a set, `i:0` an index. Members are paths that
are in the set; a parent of a member need not be one (in fieldsV1 the entry "." says that it is).

Sets are values: no operation changes its operands, and results share subtrees with them.

Source: structured-merge-diff `fieldpath/{set,element,serialize,serialize-pe}.go`.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

import orjson

from reference_impl.protocol import JsonObject

Path = tuple[str, ...]
_ITSELF: Final = "."
_RANK: Final = {"f": 0, "k": 1, "v": 2, "i": 3}


class FieldSet:
    """Members of this level, and the sets below. Not to be changed once it has been handed out."""

    __slots__ = ("children", "members")

    def __init__(self, members: dict[str, None] | None = None, children: "dict[str, FieldSet] | None" = None) -> None:
        self.members: dict[str, None] = {} if members is None else members
        """A set in insertion order: iteration must not depend on hashes."""
        self.children: dict[str, FieldSet] = {} if children is None else children

    @classmethod
    def of(cls, *paths: Path) -> "FieldSet":
        found = cls()
        for path in paths:
            found.insert(path)
        return found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FieldSet) and self.members == other.members and self.children == other.children

    __hash__ = None  # type: ignore[assignment]  # mutable while it is built

    def __repr__(self) -> str:
        return f"FieldSet({', '.join(path_text(path) for path in self.paths())})"

    def __bool__(self) -> bool:
        return bool(self.members) or any(self.children.values())

    # ------------------------------------------------------------------------------------------------------- building

    def insert(self, path: Path) -> None:
        """Add a member. The empty path is the whole object, which nobody owns."""
        level = self
        for step in path[:-1]:
            level = level.below(step)
        if path:
            level.members[path[-1]] = None

    def below(self, step: str) -> "FieldSet":
        """The set under a step, made if there is none."""
        found = self.children.get(step)
        if found is None:
            found = self.children[step] = FieldSet()
        return found

    # -------------------------------------------------------------------------------------------------------- reading

    def under(self, step: str) -> "FieldSet":
        """The set under a step; not made, and not to be added to."""
        return self.children.get(step, NOTHING)

    def has(self, path: Path) -> bool:
        level = self
        for step in path[:-1]:
            level = level.under(step)
        return bool(path) and path[-1] in level.members

    def paths(self, prefix: Path = ()) -> Iterator[Path]:
        """All members: those of a level first, then those below, each in Kubernetes' order."""
        for step in sorted(self.members, key=step_order):
            yield (*prefix, step)
        for step in sorted(self.children, key=step_order):
            yield from self.children[step].paths((*prefix, step))

    # ------------------------------------------------------------------------------------------------------ operations

    def union(self, other: "FieldSet") -> "FieldSet":
        if other is NOTHING or self is other:
            return self
        children = dict(self.children)
        for step, below in other.children.items():
            mine = children.get(step)
            children[step] = below if mine is None else mine.union(below)
        return FieldSet({**self.members, **other.members}, children)

    def intersection(self, other: "FieldSet") -> "FieldSet":
        members = {step: None for step in self.members if step in other.members}
        children: dict[str, FieldSet] = {}
        for step, below in self.children.items():
            if step in other.children:
                common = below.intersection(other.children[step])
                if common:
                    children[step] = common
        return FieldSet(members, children)

    def difference(self, other: "FieldSet") -> "FieldSet":
        """Members that are not in `other`: taking a parent away leaves its children, and the other way round."""
        if not other:
            return self
        members = {step: None for step in self.members if step not in other.members}
        children: dict[str, FieldSet] = {}
        for step, below in self.children.items():
            rest = below.difference(other.children[step]) if step in other.children else below
            if rest:
                children[step] = rest
        return FieldSet(members, children)

    def without(self, other: "FieldSet") -> "FieldSet":
        """Members that are neither in `other` nor below a member of it (`RecursiveDifference`)."""
        members = {step: None for step in self.members if step not in other.members}
        children: dict[str, FieldSet] = {}
        for step, below in self.children.items():
            if step in other.members:
                continue
            rest = below.without(other.children[step]) if step in other.children else below
            if rest:
                children[step] = rest
        return FieldSet(members, children)

    # -------------------------------------------------------------------------------------------------------- the wire

    def to_fields(self) -> JsonObject:
        """fieldsV1."""
        fields: JsonObject = {}
        for step in sorted({**self.members, **self.children}, key=step_order):
            below = self.children.get(step)
            fields[step] = below.to_fields() if below else {}
            if below and step in self.members:
                fields[step] = {_ITSELF: {}, **fields[step]}
        return fields

    @classmethod
    def from_fields(cls, fields: Any) -> "FieldSet":
        """Raises ValueError for what is no fieldsV1."""
        if not isinstance(fields, dict):
            raise ValueError(f"a set of fields is an object, not {fields!r}")
        found = cls()
        for step, below in fields.items():
            if step == _ITSELF:
                continue
            step = _checked_step(step)
            if not isinstance(below, dict):
                raise ValueError(f"the fields under {step!r} must be an object, not {below!r}")
            if not below or _ITSELF in below:
                found.members[step] = None
            if below and list(below) != [_ITSELF]:
                found.children[step] = cls.from_fields(below)
        return found


NOTHING: Final = FieldSet()


# ------------------------------------------------------------------------------------------------------------- steps


def field_step(name: str) -> str:
    return f"f:{name}"


def value_step(value: Any) -> str:
    """An item of a list of type set."""
    return f"v:{json_text(_number(value))}"


def key_step(keys: JsonObject) -> str:
    """An item of a list of type map, by its keys in alphabetical order."""
    numbered = {name: _number(value) for name, value in keys.items()}
    return f"k:{json_text(numbered)}"


def _number(value: Any) -> Any:
    """2 and 2.0 are one number, whatever a manifest and a schema's default say."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def json_text(value: Any) -> str:
    """Compact, keys in order."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:  # integers beyond 64 bits, lone surrogates
        return json.dumps(value, sort_keys=True, separators=(",", ":"))


def step_order(step: str) -> tuple[int, Any, str]:
    """Fields, then keyed items, values, indices; numbers before strings, as far as JSON has an order at all."""
    kind, _, rest = step.partition(":")
    rank = _RANK.get(kind, len(_RANK))
    if kind in ("v", "i"):
        try:
            return rank, float(rest), rest
        except ValueError:
            return rank, float("inf"), rest
    return rank, 0.0, rest


def path_text(path: Path) -> str:
    """As conflicts name it: `.spec.template.spec.containers[name="a"].image`."""
    return "".join(_step_text(step) for step in path)


def _step_text(step: str) -> str:
    kind, _, rest = step.partition(":")
    if kind == "f":
        return f".{rest}"
    if kind == "k":
        keys = json.loads(rest)
        return "[" + ",".join(f"{name}={json_text(keys[name])}" for name in sorted(keys)) + "]"
    return f"[={rest}]" if kind == "v" else f"[{rest}]"


def _checked_step(step: str) -> str:
    """A step in the spelling that all our own steps have."""
    kind, colon, rest = step.partition(":")
    if not colon or kind not in _RANK:
        raise ValueError(f"{step!r} is not a path element: it must begin with f:, k:, v: or i:")
    if kind == "f":
        return step
    try:
        value = json.loads(rest)
    except ValueError as error:
        raise ValueError(f"{step!r} is not a path element: {error}") from None
    if kind == "k":
        if not isinstance(value, dict) or not value:
            raise ValueError(f"{step!r} is not a path element: k: holds an object of key fields")
        return key_step(value)
    return f"{kind}:{json_text(value)}"

"""The four things that structured merge does with an object and its type.

- `owned_by`: the fields that an object names;
- `compare`: what became of the fields between two objects: added, removed, modified;
- `merge`: a configuration over a live object, items of sets and keyed lists one by one;
- `remove`: an object without some fields.

Nothing is changed in place: results share with their arguments what stays, and comparing two objects that share parts
costs only what they do not share. A list whose items cannot be told apart (a key twice) is legal in a live object and
an error in a configuration.

Source: structured-merge-diff `typed/{tofieldset,compare,merge,remove,validate}.go`, v6.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from reference_impl.apiserver.equality import same
from reference_impl.apiserver.field_sets import NOTHING, FieldSet, Path, field_step, path_text
from reference_impl.apiserver.field_types import FieldType, UnkeyedItem
from reference_impl.apiserver.list_order import woven
from reference_impl.protocol import JsonObject

MISSING: Final = object()
"""Stands for a value that is not there, where None is JSON's null."""


# ------------------------------------------------------------------------------------------------------ configurations


def faults_of(value: Any, type: FieldType, path: Path = ()) -> list[str]:
    """What is wrong with a configuration, each as ".path: why"."""
    faults: list[str] = []
    if isinstance(value, dict):
        for name, part in value.items():
            if type.is_closed and name not in type.fields:
                faults.append(f"{path_text((*path, field_step(name)))}: field not declared in schema")
            else:
                faults += faults_of(part, type.field(name), (*path, field_step(name)))
    elif isinstance(value, list) and type.list_type != "atomic":
        seen: set[str] = set()
        for index, item in enumerate(value):
            try:
                step = type.step_of(item)
            except UnkeyedItem as why:
                faults.append(f"{path_text(path)}: element {index}: {why}")
                continue
            if step in seen:
                faults.append(f"{path_text(path)}: duplicate entries for key {path_text((step,))}")
            seen.add(step)
            faults += faults_of(item, type.element, (*path, step))
    return faults


def owned_by(value: JsonObject, type: FieldType) -> FieldSet:
    """The fields that an object names: leaves, items, and keys of maps.

    Items that cannot be named are nobody's, and of items whose key occurs twice only the key is a field: a live object
    may have either, a configuration (see `faults_of`) has neither.
    """
    found = FieldSet()
    for name, part in value.items():
        _own(found, field_step(name), part, type.field(name), is_declared=type.declares(name))
    return found


def _own(level: FieldSet, step: str, value: Any, type: FieldType, *, is_declared: bool) -> None:
    if isinstance(value, dict) and not type.atomic:
        if not is_declared or not value:
            level.members[step] = None
        if value:
            below = level.below(step)
            for name, part in value.items():
                _own(below, field_step(name), part, type.field(name), is_declared=type.declares(name))
    elif isinstance(value, list) and type.list_type != "atomic":
        if not is_declared:
            level.members[step] = None
        for item_step, items in _by_step(value, type).items():
            below = level.below(step)
            if len(items) == 1:
                _own(below, item_step, items[0], type.element, is_declared=False)
            below.members[item_step] = None
    else:
        level.members[step] = None


# ------------------------------------------------------------------------------------------------------------ comparing


@dataclass(slots=True)
class Comparison:
    added: FieldSet = field(default_factory=FieldSet)
    removed: FieldSet = field(default_factory=FieldSet)
    modified: FieldSet = field(default_factory=FieldSet)

    def taken(self) -> FieldSet:
        """What whoever made the change has made a statement about."""
        return self.modified.union(self.added)


def compare(old: Any, new: Any, type: FieldType) -> Comparison:
    found = Comparison()
    _compare(found, (), old, new, type)
    return found


def _compare(found: Comparison, path: Path, old: Any, new: Any, type: FieldType) -> None:
    if old is new:
        return
    shape = _shape(new if old is MISSING or old is None else old, type)
    if MISSING is not old is not None and MISSING is not new is not None and shape != _shape(new, type):
        _compare(found, path, old, MISSING, type)
        _compare(found, path, MISSING, new, type)
        return
    if shape is dict and (old or new):
        _compare_objects(found, path, old, new, type)
    elif shape is list and (old or new):
        _compare_lists(found, path, old, new, type)
    elif old is not MISSING and new is not MISSING:
        if not same(old, new):
            found.modified.insert(path)
        return
    if old is MISSING:
        found.added.insert(path)
    elif new is MISSING:
        found.removed.insert(path)


def _shape(value: Any, type: FieldType) -> object:
    """dict or list for what has parts of its own, None for a leaf."""
    if isinstance(value, dict):
        return None if type.atomic else dict
    if isinstance(value, list):
        return None if type.list_type == "atomic" else list
    return None


def _compare_objects(found: Comparison, path: Path, old: Any, new: Any, type: FieldType) -> None:
    before: JsonObject = old if isinstance(old, dict) else {}
    after: JsonObject = new if isinstance(new, dict) else {}
    for name in {**before, **after}:
        one, other = before.get(name, MISSING), after.get(name, MISSING)
        if one is other or (isinstance(one, str) and one == other):  # most are, and need no path of their own
            continue
        if one is MISSING and name in type.ever_present and old is not MISSING and isinstance(other, dict):
            one = {}
        _compare(found, (*path, field_step(name)), one, other, type.field(name))


def _compare_lists(found: Comparison, path: Path, old: Any, new: Any, type: FieldType) -> None:
    before, after = _by_step(old, type), _by_step(new, type)
    for step in {**before, **after}:
        ours, theirs = before.get(step, []), after.get(step, [])
        if len(ours) == 1 == len(theirs):
            _compare(found, (*path, step), ours[0], theirs[0], type.element)
        elif not same(ours, theirs):
            # A key twice: nobody can own fields inside such items, only the key.
            if len(ours) == 1:
                _compare(found, (*path, step), ours[0], MISSING, type.element)
            if len(theirs) == 1:
                _compare(found, (*path, step), MISSING, theirs[0], type.element)
            changed = found.modified if ours and theirs else found.removed if ours else found.added
            changed.insert((*path, step))


def _by_step(items: Any, type: FieldType) -> dict[str, list[Any]]:
    """The items of a live list by the step that names them; what cannot be named is nobody's."""
    found: dict[str, list[Any]] = {}
    for item in items if isinstance(items, list) else ():
        try:
            found.setdefault(type.step_of(item), []).append(item)
        except UnkeyedItem:
            continue
    return found


# -------------------------------------------------------------------------------------------------------------- merging


def merge(live: Any, config: Any, type: FieldType) -> Any:
    """The live value with the configuration's fields; the live one itself if that changes nothing."""
    if isinstance(live, dict) and isinstance(config, dict) and not type.atomic and (live or config):
        merged = {name: merge(live.get(name, MISSING), part, type.field(name)) for name, part in config.items()}
        if all(part is live.get(name, MISSING) for name, part in merged.items()):
            return live
        return {**live, **merged}
    if isinstance(live, list) and isinstance(config, list) and type.list_type != "atomic" and (live or config):
        return _merge_lists(live, config, type)
    if config is None and live is not MISSING and _shape(live, type) is not None:
        return live
    return live if live is not MISSING and same(live, config) else config


def _merge_lists(live: list[Any], config: list[Any], type: FieldType) -> list[Any]:
    wanted = {type.step_of(item): item for item in config}
    steps: list[str] = []
    present: dict[str, list[Any]] = {}
    for index, item in enumerate(live):
        try:
            step = type.step_of(item)
        except UnkeyedItem:
            step = f"i:{index}"  # keeps its place among the others
        if step not in present:
            steps.append(step)
        present.setdefault(step, []).append(item)
    merged: list[Any] = []
    for step in woven(steps, list(wanted)):
        ours = present.get(step, [])
        if step not in wanted:
            merged += ours
        else:
            merged.append(merge(ours[0] if len(ours) == 1 else MISSING, wanted[step], type.element))
    unchanged = len(merged) == len(live) and all(one is other for one, other in zip(merged, live, strict=True))
    return live if unchanged else merged


# ------------------------------------------------------------------------------------------------------------- removing


def remove(value: Any, fields: FieldSet, type: FieldType) -> Any:
    """The value without these fields; None if nothing is left of it, as Go then has a nil."""
    if not fields:
        return value
    if isinstance(value, dict) and not type.atomic:
        kept: JsonObject = {}
        for name, part in value.items():
            step = field_step(name)
            if step not in fields.members:
                kept[name] = remove(part, fields.children.get(step, NOTHING), type.field(name))
        return kept or None
    if isinstance(value, list) and type.list_type != "atomic":
        items = []
        for item in value:
            try:
                step = type.step_of(item)
            except UnkeyedItem:
                items.append(item)
                continue
            if step not in fields.members:
                items.append(remove(item, fields.children.get(step, NOTHING), type.element))
        return items or None
    return value


def with_named_fields(fields: FieldSet, type: FieldType) -> FieldSet:
    """The set with the structs on the way to its members: who owned all of a struct's fields owned the struct."""
    members = dict(fields.members)
    children: dict[str, FieldSet] = {}
    for step, below in fields.children.items():
        is_field = step.startswith("f:")
        if is_field and type.declares(step[2:]):
            members[step] = None
        children[step] = with_named_fields(below, type.field(step[2:]) if is_field else type.element)
    return FieldSet(members, children)


def with_atomic_collapsed(fields: FieldSet, type: FieldType) -> FieldSet:
    """The set under a schema in which something has become atomic: who owned a part of it owns it whole."""
    members = dict(fields.members)
    children: dict[str, FieldSet] = {}
    for step, below in fields.children.items():
        is_field = step.startswith("f:")
        inner = type.field(step[2:]) if is_field else type.element
        holds_items = any(each[0] in "kv" for each in (*below.members, *below.children))
        if below and (inner.atomic or (holds_items and inner.list_type == "atomic")):
            members[step] = None
        else:
            children[step] = with_atomic_collapsed(below, inner)
    return FieldSet(members, children)

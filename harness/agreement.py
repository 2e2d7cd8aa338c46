"""What fair-weather runs agree on, and where another state departs from it.

Only what all fair runs agree on can be held against a controller. A leaf that no fair run has counts outside `status`
and annotations only, which hold bookkeeping (the last error, a count of retries). Claims that are left over never
count: StatefulSets retain them (Kubernetes docs, "PersistentVolumeClaim retention").

States are those of `canonical.py`: `{object key: {leaf path: value}}`, a lot having a count and its contents.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import orjson

State = dict[str, Any]

COUNT = "*count"
CONTENTS = "*contents"

_NEVER_SURPLUS = ("PersistentVolumeClaim/",)
_BOOKKEEPING = ("status.", "metadata.annotations.")


def agreement(states: Sequence[State]) -> State:
    """What all states agree on.

    Returns `objects` (key -> agreed leaves), `unstable` (keys in some states only: ignored) and `loose` (leaf paths, by
    key, that exist in some states or differ).
    """
    if not states:
        return {"objects": {}, "unstable": {}, "loose": {}}
    first, rest = states[0], states[1:]
    agreed: dict[str, dict[str, Any]] = {}
    loose: dict[str, dict[str, None]] = {}
    for key, leaves in first.items():
        if all(key in state for state in rest):
            others = [state[key] for state in rest]
            same = {p: v for p, v in leaves.items() if all(p in other and other[p] == v for other in others)}
            agreed[key] = same
            loose[key] = {p: None for other in (leaves, *others) for p in other if p not in same}
    unstable = {key: None for state in states for key in state if key not in agreed}
    return {"objects": agreed, "unstable": unstable, "loose": loose}


def differences(agreed: State, state: State) -> list[str]:
    """Where a state departs from what fair weather agrees on, one plain line each, in key order."""
    lines: list[str] = []
    objects: dict[str, dict[str, Any]] = agreed["objects"]
    for key, leaves in objects.items():
        present = state.get(key)
        if present is None:
            lines.append(_missing(key, leaves))
        elif present != leaves:
            lines.extend(_object_differences(key, leaves, present, agreed["loose"][key]))
    for key, leaves in state.items():
        if key not in objects and key not in agreed["unstable"] and not key.startswith(_NEVER_SURPLUS):
            count = leaves.get(COUNT)
            if count is None:
                lines.append(f"{_shown(key)} should not exist (fair weather has none)")
            else:
                lines.append(f"{_shown(key)}: there {_are(count)}, fair weather ends with none")
    lines.sort()
    return lines


# ------------------------------------------------------------------------------------------------------------ the lines


def _missing(key: str, leaves: dict[str, Any]) -> str:
    count = leaves.get(COUNT)
    if count is None:
        return f"{_shown(key)} is missing"
    return f"{_shown(key)}: there are none, fair weather ends with {count}"


def _object_differences(key: str, agreed: dict[str, Any], present: dict[str, Any], loose: dict[str, None]) -> list[str]:
    if COUNT in present:
        return _lot_differences(key, agreed, present)
    lines = []
    for path, value in agreed.items():
        if path not in present:
            # An empty list or map that has grown is told by what has grown in it.
            if value or not isinstance(value, dict | list) or not _grown(path, present):
                lines.append(f"{_shown(key)}: {path} is missing, fair weather ends at {_value(value)}")
        elif present[path] != value:
            lines.append(f"{_shown(key)}: {path} is {_value(present[path])}, fair weather ends at {_value(value)}")
    for path, value in present.items():
        if path in agreed or path in loose or path.startswith(_BOOKKEEPING):
            continue
        if path == "metadata.deletionTimestamp":
            lines.append(f"{_shown(key)} is being deleted, in fair weather it is not")
        else:
            lines.append(f"{_shown(key)}: {path} is {_value(value)}, fair weather ends without it")
    return lines


def _grown(path: str, present: dict[str, Any]) -> bool:
    return any(other.startswith((path + ".", path + "[")) for other in present)


def _lot_differences(key: str, agreed: dict[str, Any], present: dict[str, Any]) -> list[str]:
    if COUNT in agreed and present[COUNT] != agreed[COUNT]:
        return [f"{_shown(key)}: there {_are(present[COUNT])}, fair weather ends with {agreed[COUNT]}"]
    if CONTENTS not in agreed or present[CONTENTS] == agreed[CONTENTS]:
        return []
    # As multisets: three of a kind where there should be two, and the other way round.
    expected = sorted((Counter(agreed[CONTENTS]) - Counter(present[CONTENTS])).elements())
    found = sorted((Counter(present[CONTENTS]) - Counter(agreed[CONTENTS])).elements())
    if not expected or not found:
        # Only where fair runs agree on contents and not on the count, which cannot be.
        return [f"{_shown(key)}: contents differ from fair weather's"]
    wanted, got = orjson.loads(expected[0]), orjson.loads(found[0])
    return [f"{_shown(key)}: in one of them {line}" for line in _leaf_lines(wanted, got)]


def _leaf_lines(wanted: dict[str, Any], got: dict[str, Any]) -> list[str]:
    lines = []
    for path in sorted({**wanted, **got}):
        if path not in got:
            lines.append(f"{path} is missing, fair weather ends at {_value(wanted[path])}")
        elif path not in wanted:
            lines.append(f"{path} is {_value(got[path])}, fair weather ends without it")
        elif got[path] != wanted[path]:
            lines.append(f"{path} is {_value(got[path])}, fair weather ends at {_value(wanted[path])}")
    return lines


def _shown(key: str) -> str:
    """ "Deployment.apps default/front" of the key "Deployment.apps/default/front"."""
    return " of ".join(part.replace("/", " ", 1) for part in key.split(" of "))


def _are(count: int) -> str:
    return "is 1" if count == 1 else f"are {count}"


def _value(value: Any) -> str:
    return value if isinstance(value, str) and value else orjson.dumps(value).decode()

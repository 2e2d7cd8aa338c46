"""Field errors: what is wrong with which field, worded as `k8s.io/apimachinery/pkg/util/validation/field` words it.

A cause is one entry of a Status' `details.causes`: `{"reason", "message", "field"}`. Validators return lists of them;
`invalid` makes the 422 out of a list. Controllers and their tests match on these texts, hence the care.

A path is a linked pair `(parent, step)`, None for the root: cheap to extend on the way down, rendered only when
something is wrong.
"""

import json
from typing import Any, Final

from reference_impl.errors import Invalid
from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject

Cause = dict[str, str]
Path = tuple[Any, "str | int"] | None
"""(parent path, property name or list index)."""

_SHOWN_AT_MOST: Final = 10_240


def path_text(path: Path) -> str:
    """`spec.containers[0].name`; "<nil>" for the root, as Go prints it."""
    steps: list[str] = []
    while path is not None:
        parent, step = path
        if isinstance(step, int):
            steps.append(f"[{step}]")
        elif step.startswith("["):
            steps.append(step)
        else:
            steps.append(f".{step}" if parent is not None else step)
        path = parent
    return "".join(reversed(steps)) or "<nil>"


def child(path: str, step: str | int) -> str:
    """The same for paths that are text already."""
    if isinstance(step, int):
        return f"{path}[{step}]"
    return f"{path}.{step}" if path else step


def shown(value: Any) -> str:
    """A value as an error prints it: strings quoted, objects as JSON."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text if len(text) <= _SHOWN_AT_MOST else text[:_SHOWN_AT_MOST] + "..."


def invalid_value(field: str, value: Any, why: str) -> Cause:
    return {"reason": "FieldValueInvalid", "message": f"Invalid value: {shown(value)}: {why}", "field": field}


def type_invalid(field: str, value: Any, why: str) -> Cause:
    return {"reason": "FieldValueTypeInvalid", "message": f"Invalid value: {shown(value)}: {why}", "field": field}


def required(field: str, why: str = "") -> Cause:
    return {"reason": "FieldValueRequired", "message": f"Required value: {why}" if why else "Required value",
            "field": field}  # fmt: skip


def not_supported(field: str, value: Any, allowed: list[str]) -> Cause:
    listed = ", ".join(json.dumps(a, ensure_ascii=False) for a in allowed)
    return {"reason": "FieldValueNotSupported",
            "message": f"Unsupported value: {shown(value)}: supported values: {listed}", "field": field}  # fmt: skip


def duplicate(field: str, value: Any) -> Cause:
    return {"reason": "FieldValueDuplicate", "message": f"Duplicate value: {shown(value)}", "field": field}


def forbidden(field: str, why: str) -> Cause:
    return {"reason": "FieldValueForbidden", "message": f"Forbidden: {why}", "field": field}


def too_long(field: str, limit: int) -> Cause:
    return {"reason": "FieldValueTooLong", "message": f"Too long: may not be more than {limit} bytes", "field": field}


def too_many(field: str, count: int, limit: int) -> Cause:
    return {"reason": "FieldValueTooMany", "message": f"Too many: {count}: must have at most {limit} items",
            "field": field}  # fmt: skip


def invalid(info: KindInfo, name: str, causes: list[Cause]) -> Invalid:
    """The error for an object that has these faults; `causes` must not be empty (`errors.NewInvalid`)."""
    texts = list(dict.fromkeys(f"{cause['field']}: {cause['message']}" for cause in causes))
    listed = texts[0] if len(texts) == 1 else "[" + ", ".join(texts) + "]"
    qualified = f"{info.kind}.{info.group}" if info.group else info.kind
    details: JsonObject = {"name": name, "group": info.group, "kind": info.kind, "causes": causes}
    return Invalid(f'{qualified} "{name}" is invalid: {listed}', details=details)

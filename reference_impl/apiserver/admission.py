"""Admission of a write, in one call: pruning, defaulting, validation.

Custom resources go through their schema and its rules; built-in kinds through tables of defaults and rules; a kind
that has neither costs little more than the look at its metadata. An update whose spec is the stored one is not judged
again, so status updates are cheap. Nothing is changed in place: the result shares with the input what did not change.

The order is the API server's: decode (nulls and unknown fields go), default, validate. Mutating and validating
webhooks come before and after (`reviewing.py`); admission policies are not modelled.

Source: apiserver `pkg/registry/rest/{create,update}.go`; apiextensions `pkg/registry/customresource/strategy.go`.
"""

from typing import Any, Final

from reference_impl.apiserver import builtin_validation, defaults, field_errors
from reference_impl.apiserver.crd import compiled_schema
from reference_impl.apiserver.equality import same
from reference_impl.apiserver.field_errors import Cause
from reference_impl.apiserver.metadata_validation import validate_metadata
from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject

_SERVER_SIDE: Final = ("binding", "eviction", "status", "finalize", "approval")
"""Subresources whose writes do not bring a spec of their own."""
_NOTHING: Final[JsonObject] = {}
_MAY_CHANGE_PODS: Final = ("ephemeralcontainers", "resize")
"""Subresources that exist to change what is immutable in a Pod's spec."""


def prepare(info: KindInfo, obj: JsonObject, old: JsonObject | None, *, subresource: str | None) -> JsonObject:
    """The object to store, for a create (`old` is None) or an update of the whole object or of a subresource.

    The name must be there already (generated names included), and the uid, from which a Job's selector is made. May
    share parts with `obj`; mutates neither argument. Raises Invalid with the causes, BadRequest for what cannot be
    decoded, NotImplementedByServer for a CRD with a conversion webhook.
    """
    causes = validate_metadata(info, obj, old)
    if info.crd is not None:
        obj = _prepare_custom(info, obj, old, causes)
    else:
        obj = _prepare_builtin(info, obj, old, causes, subresource)
    if causes:
        raise field_errors.invalid(info, str(obj["metadata"].get("name") or ""), causes)
    return obj


def decoded(info: KindInfo, obj: JsonObject, old: JsonObject | None) -> JsonObject:
    """The object as it is after decoding, with its defaults, before anything is allocated or validated.

    What mutating webhooks are shown. Services come without defaults: theirs are one step with their addresses here.
    """
    if info.crd is not None:
        compiled = compiled_schema(info)
        return obj if compiled is None else compiled.node.shape(obj)
    if info.resource == "services":
        return obj
    # With itself as the old object: a Job's selector, for one, is made from a uid that there is not yet.
    return defaults.default(info, _without_new_nulls(obj, old), old or obj)


def _prepare_custom(info: KindInfo, obj: JsonObject, old: JsonObject | None, causes: list[Cause]) -> JsonObject:
    metadata = obj["metadata"]
    clean = metadata if old is not None and same(metadata, old["metadata"]) else _clean(metadata)
    if clean is not metadata:
        obj = {**obj, "metadata": clean}
    compiled = compiled_schema(info)
    if compiled is None:
        return obj
    shaped: JsonObject = compiled.node.shape(obj)
    causes.extend(compiled.validate(shaped, old))
    return shaped


def _prepare_builtin(
    info: KindInfo, obj: JsonObject, old: JsonObject | None, causes: list[Cause], subresource: str | None
) -> JsonObject:
    obj = _without_new_nulls(obj, old)
    if subresource in _SERVER_SIDE:
        return obj
    if old is not None and same(_content(obj), _content(old)):
        return obj
    obj = defaults.default(info, obj, old)
    before = None if subresource in _MAY_CHANGE_PODS else old
    causes.extend(builtin_validation.validate(info, obj, before))
    return obj


def _content(obj: JsonObject) -> JsonObject:
    return {key: value for key, value in obj.items() if key not in ("metadata", "status")}


def _without_new_nulls(obj: JsonObject, old: JsonObject | None) -> JsonObject:
    """Go's types do not keep a null; parts that are stored already have none."""
    result = obj
    for key, value in obj.items():
        if type(value) is str or (old is not None and old.get(key) is value):
            continue
        clean = _clean(value, old.get(key) if old is not None else None)
        if clean is value and value is not None:
            continue
        if result is obj:
            result = dict(obj)
        if value is None:
            del result[key]
        else:
            result[key] = clean
    return result


def _clean(value: Any, stored: Any = None) -> Any:
    """Without nulls in objects; the same value if there are none. `stored`: what is in its place, clean already."""
    if type(value) is dict:
        result = value
        known = stored if type(stored) is dict else _NOTHING
        for key, item in value.items():
            if type(item) is str or (item is not None and known.get(key) is item):
                continue
            clean = _clean(item) if type(item) in (dict, list) else item
            if clean is item and item is not None:
                continue
            if result is value:
                result = dict(value)
            if item is None:
                del result[key]
            else:
                result[key] = clean
        return result
    if type(value) is list:
        done = [_clean(item) if type(item) in (dict, list) else item for item in value]
        return value if all(a is b for a, b in zip(done, value, strict=True)) else done
    return value

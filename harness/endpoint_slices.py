"""EndpointSlices of one Service, made one: how endpoints are spread over slices is nobody's intent.

"The control plane tries to fill EndpointSlices as full as possible, but does not actively rebalance them", and an
endpoint may stand in two slices at once, so clients have to join them (Kubernetes docs, EndpointSlices, "Distribution
of EndpointSlices" and "Duplicate endpoints"). After a create that timed out and committed all the same there are two
for good, and nothing is wrong with that.

Joined are slices with one namespace, controller, address type and ports: what differs in these means something.
"""

import orjson

from reference_impl.objects import controller_of
from reference_impl.protocol import JsonObject

_CHANCE = frozenset({"addresses", "targetRef", "nodeName"})


def joined(objects: list[JsonObject]) -> list[JsonObject]:
    """The same objects, with the slices that belong together made one. Objects are shared, never changed."""
    first: dict[bytes, int] = {}
    result: list[JsonObject] = []
    for obj in objects:
        owner = controller_of(obj) if obj["kind"] == "EndpointSlice" else None
        if owner is None:
            result.append(obj)
            continue
        like = [obj["metadata"].get("namespace"), owner["uid"], obj.get("addressType"), obj.get("ports")]
        at = first.setdefault(orjson.dumps(like, option=orjson.OPT_SORT_KEYS), len(result))
        if at == len(result):
            result.append(_join(obj))
        else:
            result[at] = _join(result[at], obj)
    return result


def _join(*slices: JsonObject) -> JsonObject:
    endpoints = {_identity(e): e for slice_ in slices for e in slice_.get("endpoints") or ()}
    ordered = sorted(endpoints.items(), key=lambda item: (_content(item[1]), item[0]))
    return {**slices[0], "endpoints": [endpoint for _, endpoint in ordered]}


def _identity(endpoint: JsonObject) -> bytes:
    target = (endpoint.get("targetRef") or {}).get("uid")
    return orjson.dumps([target, endpoint.get("addresses")])


def _content(endpoint: JsonObject) -> bytes:
    """What two runs can have in common: which pod is first is chance, and their order is nobody's intent."""
    content = {name: value for name, value in endpoint.items() if name not in _CHANCE}
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)

"""Endpoints of a Service: which pods serve it, where, and how they are packed into EndpointSlices.

Pure functions. Packing changes as few slices as it can: endpoints stay in the slice they are in, slices that hold
nothing wanted any more are deleted, what is new fills slices that change anyway, and only then are slices created. A
second slice that repeats another's endpoints (an ambiguous create that committed after all) thus empties and goes. A
slice that would be deleted is written over with one that would be created, where there is one.

Source: `pkg/controller/endpointslice`, `staging/src/k8s.io/endpointslice/reconciler.go`. Not modelled: IPv6 and dual
stack, topology hints and zones, the trigger-time annotation (a timestamp that never rests).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from reference_impl.apiserver.selectors import match_expressions
from reference_impl.controllers.pod_status import is_ready, is_terminal
from reference_impl.objects import controller_of, copy_json, is_deleting, name_of, namespace_of, owner_reference, uid_of
from reference_impl.protocol import JsonObject

SERVICE_NAME_LABEL: Final = "kubernetes.io/service-name"
MANAGED_BY_LABEL: Final = "endpointslice.kubernetes.io/managed-by"
MANAGER: Final = "endpointslice-controller.k8s.io"
HEADLESS_LABEL: Final = "service.kubernetes.io/headless"
MAX_ENDPOINTS: Final = 100
"""`--max-endpoints-per-slice`."""
_RESERVED: Final = (SERVICE_NAME_LABEL, MANAGED_BY_LABEL, HEADLESS_LABEL)


def is_served(service: JsonObject) -> bool:
    """The controller keeps slices for it: it selects pods and is not a mere alias."""
    return bool(service["spec"].get("selector")) and service["spec"].get("type") != "ExternalName"


def selects(service: JsonObject, pod: JsonObject) -> bool:
    matches = match_expressions({"matchLabels": service["spec"].get("selector") or {}})
    return matches(pod["metadata"].get("labels") or {})


def is_managed(endpoint_slice: JsonObject, service_name: str) -> bool:
    """This controller keeps the slice, for that Service."""
    labels = endpoint_slice["metadata"].get("labels") or {}
    return labels.get(SERVICE_NAME_LABEL) == service_name and labels.get(MANAGED_BY_LABEL) == MANAGER


# ------------------------------------------------------------------------------------------------ what there should be


def endpoint_of(service: JsonObject, pod: JsonObject) -> JsonObject | None:
    """A pod as an endpoint, or None if it has no address or has ended (`ShouldPodBeInEndpoints`)."""
    address = (pod.get("status") or {}).get("podIP")
    if not address or is_terminal(pod):
        return None
    serving, terminating = is_ready(pod), is_deleting(pod)
    ready = bool(service["spec"].get("publishNotReadyAddresses")) or (serving and not terminating)
    endpoint: JsonObject = {
        "addresses": [address],
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
        "targetRef": {
            "kind": "Pod",
            "namespace": namespace_of(pod),
            "name": name_of(pod),
            "uid": uid_of(pod),
        },
    }
    spec = pod.get("spec") or {}
    if spec.get("nodeName"):
        endpoint["nodeName"] = spec["nodeName"]
    if spec.get("hostname") and spec.get("subdomain") == name_of(service):
        endpoint["hostname"] = spec["hostname"]
    return endpoint


def ports_of(service: JsonObject, pod: JsonObject) -> list[JsonObject]:
    """The Service's ports as this pod offers them; a named port that it does not have is left out (`FindPort`)."""
    ports = []
    for port in service["spec"].get("ports") or ():
        number = _resolve(port, pod)
        if number is not None:
            found: JsonObject = {
                "name": port.get("name") or "",
                "port": number,
                "protocol": port.get("protocol") or "TCP",
            }
            if port.get("appProtocol"):
                found["appProtocol"] = port["appProtocol"]
            ports.append(found)
    return ports


def _resolve(port: JsonObject, pod: JsonObject) -> int | None:
    target = port.get("targetPort") or port.get("port")
    if not isinstance(target, str):
        return target
    spec = pod.get("spec") or {}
    # Sidecars, which are restartable init containers, offer ports too.
    sidecars = [box for box in spec.get("initContainers") or () if box.get("restartPolicy") == "Always"]
    for container in [*(spec.get("containers") or ()), *sidecars]:
        for offered in container.get("ports") or ():
            if offered.get("name") == target and (offered.get("protocol") or "TCP") == (port.get("protocol") or "TCP"):
                return int(offered["containerPort"])
    return None


@dataclass(slots=True)
class Group:
    """Endpoints that offer the same ports: a slice has one list of ports for all of its endpoints."""

    ports: list[JsonObject]
    endpoints: dict[str, JsonObject] = field(default_factory=dict)
    """By pod uid, in order of pod names."""


def groups_of(service: JsonObject, pods: Sequence[JsonObject]) -> dict[str, Group]:
    """What the slices should say, by the ports that they share."""
    groups: dict[str, Group] = {}
    for pod in sorted(pods, key=lambda pod: (name_of(pod), uid_of(pod))):
        endpoint = endpoint_of(service, pod)
        if endpoint is not None:
            ports = ports_of(service, pod)
            groups.setdefault(ports_key(ports), Group(ports)).endpoints[uid_of(pod)] = endpoint
    return groups


def ports_key(ports: Any) -> str:
    """The same for the same ports in whatever order they are listed."""
    texts = sorted(orjson.dumps(port, option=orjson.OPT_SORT_KEYS).decode() for port in ports or ())
    return "\n".join(texts)


# -------------------------------------------------------------------------------------------------------------- packing


@dataclass(slots=True)
class Changes:
    """Slices to create, to update (changed copies of what there is) and to delete."""

    create: list[JsonObject] = field(default_factory=list)
    update: list[JsonObject] = field(default_factory=list)
    delete: list[JsonObject] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.create or self.update or self.delete)


def changes_for(service: JsonObject, pods: Sequence[JsonObject], slices: Sequence[JsonObject]) -> Changes:
    """How to turn `slices`, all those managed for the Service, into what its pods amount to."""
    changes = Changes()
    groups = groups_of(service, pods)
    by_ports: dict[str, list[JsonObject]] = {}
    # Oldest first, so that of two slices with the same endpoints it is always the newer one that empties.
    for existing in sorted(slices, key=lambda one: (one["metadata"].get("creationTimestamp") or "", name_of(one))):
        if existing.get("addressType") != "IPv4":
            changes.delete.append(existing)
        else:
            by_ports.setdefault(ports_key(existing.get("ports")), []).append(existing)
    if not groups:
        _keep_placeholder(service, by_ports, changes)
    for key, existing_slices in by_ports.items():
        if groups and key not in groups:
            changes.delete.extend(existing_slices)
    for key, group in groups.items():
        _pack(service, group, by_ports.get(key, []), changes)
    _reuse(service, changes)
    return changes


def _keep_placeholder(service: JsonObject, by_ports: dict[str, list[JsonObject]], changes: Changes) -> None:
    """Without any endpoint, one empty slice without ports says that somebody looked."""
    placeholder = new_slice(service, Group([]))
    kept = False
    for existing_slices in by_ports.values():
        for existing in existing_slices:
            if kept or existing.get("ports") or existing.get("endpoints"):
                changes.delete.append(existing)
                continue
            kept = True
            _compare(existing, placeholder, changes)
    if not kept:
        changes.create.append(placeholder)


def _pack(service: JsonObject, group: Group, existing_slices: Sequence[JsonObject], changes: Changes) -> None:
    """Fit one group into the slices that have its ports."""
    missing = dict(group.endpoints)
    contents: list[tuple[JsonObject, list[JsonObject]]] = []
    for existing in existing_slices:
        kept = []
        for endpoint in existing.get("endpoints") or ():
            wanted = missing.pop((endpoint.get("targetRef") or {}).get("uid", ""), None)
            if wanted is not None:
                kept.append(wanted)
        contents.append((existing, kept))
    changed = [content for content in contents if (content[0].get("endpoints") or []) != content[1]]
    unchanged = [content for content in contents if (content[0].get("endpoints") or []) == content[1] and content[1]]
    # What changes anyway is filled first, the fullest of it first; then whoever has room for the rest.
    for _, kept in [*sorted(changed, key=lambda content: -len(content[1])), *unchanged]:
        for uid in list(missing)[: MAX_ENDPOINTS - len(kept)]:
            kept.append(missing.pop(uid))
    for existing, kept in contents:
        if kept:
            _compare(existing, new_slice(service, Group(group.ports, _by_uid(kept))), changes)
        else:
            changes.delete.append(existing)
    while missing:
        chunk = {uid: missing.pop(uid) for uid in list(missing)[:MAX_ENDPOINTS]}
        changes.create.append(new_slice(service, Group(group.ports, chunk)))


def _reuse(service: JsonObject, changes: Changes) -> None:
    """Write what would be created over what would be deleted (`finalize`), if it is this very Service's."""
    doomed, changes.delete = changes.delete, []
    for existing in doomed:
        owner = controller_of(existing)
        is_ours = owner is not None and owner["uid"] == uid_of(service)
        if changes.create and is_ours and existing.get("addressType") == "IPv4":
            _compare(existing, changes.create.pop(), changes)
        else:
            changes.delete.append(existing)


def _by_uid(endpoints: Sequence[JsonObject]) -> dict[str, JsonObject]:
    return {endpoint["targetRef"]["uid"]: endpoint for endpoint in endpoints}


def _compare(existing: JsonObject, wanted: JsonObject, changes: Changes) -> None:
    """Note an update if the slice is not as wanted: endpoints, ports, labels or owner. Foreign annotations stay."""
    metadata = existing["metadata"]
    owners = metadata.get("ownerReferences") or []
    owner = wanted["metadata"]["ownerReferences"][0]
    is_owned = any(reference["uid"] == owner["uid"] and reference.get("controller") for reference in owners)
    if (
        (existing.get("endpoints") or []) == wanted["endpoints"]
        and ports_key(existing.get("ports")) == ports_key(wanted["ports"])
        and (metadata.get("labels") or {}) == wanted["metadata"]["labels"]
        and is_owned
    ):
        return
    changed: JsonObject = {**copy_json(existing), "endpoints": wanted["endpoints"], "ports": wanted["ports"]}
    changed["metadata"]["labels"] = wanted["metadata"]["labels"]
    if not is_owned:
        # The slice is this Service's by label; whoever claims it by mistake (an earlier Service of the name) loses it.
        others = [reference for reference in owners if reference["uid"] != owner["uid"] and not reference["controller"]]
        changed["metadata"]["ownerReferences"] = [*others, owner]
    changes.update.append(changed)


def new_slice(service: JsonObject, group: Group) -> JsonObject:
    """A slice of the Service. Its name is the server's to make up."""
    name = name_of(service)
    labels = {key: value for key, value in (service["metadata"].get("labels") or {}).items() if key not in _RESERVED}
    labels |= {SERVICE_NAME_LABEL: name, MANAGED_BY_LABEL: MANAGER}
    if service["spec"].get("clusterIP") == "None":
        labels[HEADLESS_LABEL] = ""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "generateName": f"{name}-",
            "namespace": namespace_of(service),
            "labels": labels,
            "ownerReferences": [owner_reference(service)],
        },
        "addressType": "IPv4",
        "endpoints": list(group.endpoints.values()),
        "ports": copy_json(group.ports),
    }

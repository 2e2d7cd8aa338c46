"""Tables: what `kubectl get` prints, made on the server as Kubernetes does.

Columns of the kinds that people look at most, those of a custom resource's `additionalPrinterColumns`, and name and age
for the rest. Ages are words ("5m", "2d3h"), counted from this server's clock.

Sources: kubernetes `pkg/printers/internalversion/printers.go`; apiextensions `tableconvertor.go`; apimachinery
`util/duration` HumanDuration.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject

UNKNOWN: Final = "<unknown>"
NONE: Final = "<none>"
Cell = Callable[[JsonObject, datetime], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """`priority` above 0: shown with `-o wide` only."""

    name: str
    cell: Cell
    type: str = "string"
    format: str = ""
    priority: int = 0

    def definition(self) -> JsonObject:
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": "",
            "priority": self.priority,
        }


def table_of(info: KindInfo, obj: JsonObject, now: datetime, *, include: str = "Metadata") -> JsonObject:
    """The Table of an object or a list. `include`: Object, Metadata or None, what a row carries besides its cells."""
    columns = columns_of(info)
    items = obj["items"] if isinstance(obj.get("items"), list) else [obj]
    listed = obj.get("metadata") or {}
    metadata = {key: listed[key] for key in ("resourceVersion", "continue", "remainingItemCount") if key in listed}
    rows = []
    for item in items:
        row: JsonObject = {"cells": [column.cell(item, now) for column in columns]}
        if include == "Object":
            row["object"] = item
        elif include == "Metadata":
            row["object"] = {
                "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item.get("metadata"),
            }  # fmt: skip
        rows.append(row)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [column.definition() for column in columns],
        "rows": rows,
    }


def columns_of(info: KindInfo) -> tuple[Column, ...]:
    if info.crd is not None:
        declared = tuple(_custom(each) for each in info.extra.get("additionalPrinterColumns") or ())
        return (_NAME, *(declared or (_CUSTOM_AGE,)))
    return (_NAME, *_COLUMNS.get("events" if info.kind == "Event" else info.resource, (_AGE,)))


def human_duration(seconds: float) -> str:
    """HumanDuration: two units while they matter, one when they do not."""
    total = int(seconds)
    if total < -1:
        return "<invalid>"
    total = max(0, total)
    minutes, hours, days = total // 60, total // 3600, total // 86400
    if total < 120:
        return f"{total}s"
    if minutes < 10:
        return f"{minutes}m{total % 60}s" if total % 60 else f"{minutes}m"
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    if days < 730:
        return f"{days}d"
    years, rest = divmod(days, 365)
    if years < 8:
        return f"{years}y{rest}d" if rest else f"{years}y"
    return f"{years}y"


# ---------------------------------------------------------------------------------------------------------------- cells


def at(obj: Any, path: str) -> Any:
    """The value at a simple JSONPath (".spec.size", "status.conditions[0].type"); None if there is none."""
    value = obj
    for part in path.replace("[", ".[").strip(".").split("."):
        if part.startswith("["):
            index = part.strip("[]")
            if (
                not isinstance(value, list)
                or not index.lstrip("-").isdigit()
                or not -len(value) <= int(index) < len(value)
            ):
                return None
            value = value[int(index)]
        elif isinstance(value, dict):
            value = value.get(part)
        else:
            return None
    return value


def _field(path: str, default: Any = NONE) -> Cell:
    def cell(obj: JsonObject, now: datetime) -> Any:
        value = at(obj, path)
        return default if value is None else value

    return cell


def _since(path: str) -> Cell:
    def cell(obj: JsonObject, now: datetime) -> str:
        return age(at(obj, path), now)

    return cell


def age(value: Any, now: datetime) -> str:
    try:
        then = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return UNKNOWN
    return human_duration((now - then).total_seconds()) if then.tzinfo is not None else UNKNOWN


def _count(path: str) -> Cell:
    return lambda obj, now: len(at(obj, path) or ())


def _fraction(ready: str, wanted: str) -> Cell:
    return lambda obj, now: f"{at(obj, ready) or 0}/{at(obj, wanted) or 0}"


def _custom(declared: JsonObject) -> Column:
    path, kind = str(declared.get("jsonPath") or ""), str(declared.get("type") or "string")

    def cell(obj: JsonObject, now: datetime) -> Any:
        value = at(obj, _with_conditions_resolved(obj, path))
        if value is None:
            return None
        if kind == "date":
            return age(value, now)
        return str(value) if kind == "string" and not isinstance(value, str) else value

    return Column(
        str(declared.get("name")), cell, kind, str(declared.get("format") or ""), int(declared.get("priority") or 0)
    )


def _with_conditions_resolved(obj: JsonObject, path: str) -> str:
    """`.status.conditions[?(@.type=="Ready")].status`, the one filter that nearly every CRD uses, as an index."""
    before, found, rest = path.partition("[?(@.")
    if not found:
        return path
    condition, _, after = rest.partition(")]")
    name, _, wanted = condition.partition("==")
    items = at(obj, before) or ()
    for index, item in enumerate(items):
        if isinstance(item, dict) and str(item.get(name.strip())) == wanted.strip().strip("\"'"):
            return f"{before}[{index}]{after}"
    return f"{before}[{len(items)}]{after}"


def _pod_ready(pod: JsonObject, now: datetime) -> str:
    statuses = at(pod, "status.containerStatuses") or ()
    return f"{sum(bool(each.get('ready')) for each in statuses)}/{len(at(pod, 'spec.containers') or ())}"


def _pod_status(pod: JsonObject, now: datetime) -> str:
    metadata = pod.get("metadata") or {}
    if metadata.get("deletionTimestamp"):
        return "Terminating"
    for each in at(pod, "status.containerStatuses") or ():
        state = each.get("state") or {}
        reason = (state.get("waiting") or {}).get("reason") or (state.get("terminated") or {}).get("reason")
        if reason:
            return str(reason)
    return str(at(pod, "status.reason") or at(pod, "status.phase") or UNKNOWN)


def _pod_restarts(pod: JsonObject, now: datetime) -> str:
    return str(sum(int(each.get("restartCount") or 0) for each in at(pod, "status.containerStatuses") or ()))


def _node_status(node: JsonObject, now: datetime) -> str:
    ready = next((each for each in at(node, "status.conditions") or () if each.get("type") == "Ready"), None)
    status = "Unknown" if ready is None else ("Ready" if ready.get("status") == "True" else "NotReady")
    return f"{status},SchedulingDisabled" if at(node, "spec.unschedulable") else status


def _ports(service: JsonObject, now: datetime) -> str:
    found = []
    for each in at(service, "spec.ports") or ():
        node_port = f":{each['nodePort']}" if each.get("nodePort") else ""
        found.append(f"{each.get('port')}{node_port}/{each.get('protocol', 'TCP')}")
    return ",".join(found) or NONE


def _external_ip(service: JsonObject, now: datetime) -> str:
    found = [each.get("ip") or each.get("hostname") for each in at(service, "status.loadBalancer.ingress") or ()]
    if at(service, "spec.type") == "LoadBalancer":
        return ",".join(filter(None, found)) or "<pending>"
    return NONE


def _job_status(job: JsonObject, now: datetime) -> str:
    conditions = {each.get("type"): each.get("status") for each in at(job, "status.conditions") or ()}
    for name in ("Complete", "Failed", "Suspended"):
        if conditions.get(name) == "True":
            return name
    return "Terminating" if at(job, "metadata.deletionTimestamp") else "Running"


def _event_object(event: JsonObject, now: datetime) -> str:
    about = event.get("involvedObject") or event.get("regarding") or {}
    return f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}"


def _event_message(event: JsonObject, now: datetime) -> str:
    return str(event.get("message") or event.get("note") or "")


def _event_seen(event: JsonObject, now: datetime) -> str:
    seen = event.get("lastTimestamp") or event.get("eventTime") or event.get("deprecatedLastTimestamp")
    return age(seen, now)


def _number(name: str, path: str, priority: int = 0) -> Column:
    return Column(name, _field(path, 0), "integer", priority=priority)


_NAME: Final = Column("Name", _field("metadata.name", ""), format="name")
_AGE: Final = Column("Age", _since("metadata.creationTimestamp"))
_CUSTOM_AGE: Final = Column("Age", _since("metadata.creationTimestamp"), "date")
_CREATED: Final = Column("Created At", _field("metadata.creationTimestamp", UNKNOWN), "date")
_COLUMNS: Final[dict[str, tuple[Column, ...]]] = {
    "pods": (
        Column("Ready", _pod_ready), Column("Status", _pod_status), Column("Restarts", _pod_restarts), _AGE,
        Column("IP", _field("status.podIP"), priority=1), Column("Node", _field("spec.nodeName"), priority=1),
    ),
    "deployments.apps": (
        Column("Ready", _fraction("status.readyReplicas", "spec.replicas")),
        _number("Up-to-date", "status.updatedReplicas"), _number("Available", "status.availableReplicas"), _AGE,
    ),
    "replicasets.apps": (
        _number("Desired", "spec.replicas"), _number("Current", "status.replicas"),
        _number("Ready", "status.readyReplicas"), _AGE,
    ),
    "statefulsets.apps": (Column("Ready", _fraction("status.readyReplicas", "spec.replicas")), _AGE),
    "daemonsets.apps": (
        _number("Desired", "status.desiredNumberScheduled"), _number("Current", "status.currentNumberScheduled"),
        _number("Ready", "status.numberReady"), _AGE,
    ),
    "jobs.batch": (
        Column("Status", _job_status), Column("Completions", _fraction("status.succeeded", "spec.completions")), _AGE,
    ),
    "cronjobs.batch": (
        Column("Schedule", _field("spec.schedule")), Column("Suspend", _field("spec.suspend", False), "boolean"),
        Column("Active", _count("status.active"), "integer"), _AGE,
    ),
    "services": (
        Column("Type", _field("spec.type")), Column("Cluster-IP", _field("spec.clusterIP")),
        Column("External-IP", _external_ip), Column("Port(s)", _ports), _AGE,
    ),
    "namespaces": (Column("Status", _field("status.phase")), _AGE),
    "nodes": (
        Column("Status", _node_status), Column("Roles", lambda obj, now: NONE), _AGE,
        Column("Version", _field("status.nodeInfo.kubeletVersion", "")),
    ),
    "configmaps": (Column("Data", _count("data"), "string"), _AGE),
    "secrets": (Column("Type", _field("type", "Opaque")), Column("Data", _count("data"), "string"), _AGE),
    "events": (
        Column("Last Seen", _event_seen), Column("Type", _field("type", "")), Column("Reason", _field("reason", "")),
        Column("Object", _event_object), Column("Message", _event_message),
    ),
    "persistentvolumeclaims": (
        Column("Status", _field("status.phase", "")), Column("Volume", _field("spec.volumeName", "")), _AGE,
    ),
    "poddisruptionbudgets.policy": (
        Column("Min Available", _field("spec.minAvailable", "N/A")),
        Column("Max Unavailable", _field("spec.maxUnavailable", "N/A")),
        _number("Allowed Disruptions", "status.disruptionsAllowed"), _AGE,
    ),
    "leases.coordination.k8s.io": (Column("Holder", _field("spec.holderIdentity", "")), _AGE),
    "customresourcedefinitions.apiextensions.k8s.io": (_CREATED,),
}  # fmt: skip

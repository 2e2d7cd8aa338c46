"""Binding a Pod to a Node: the scheduler's command, which the server can reject.

A Pod is bound once. The Node need not exist: the server does not look. Annotations and labels of the Binding are
merged into the Pod, and its PodScheduled condition becomes true in the same commit.

Source: kubernetes `pkg/registry/core/pod/storage/storage.go` BindingREST.
"""

from typing import Final

from reference_impl.apiserver import field_errors, reviewing, wording
from reference_impl.apiserver.core import Core
from reference_impl.errors import BadRequest
from reference_impl.kinds import KindInfo
from reference_impl.protocol import ApiRequest, JsonObject

BINDING: Final = KindInfo(group="", version="v1", kind="Binding", plural="bindings", namespaced=True)


def bind(core: Core, request: ApiRequest, info: KindInfo) -> JsonObject:
    """Assign the Pod. Raises BadRequest, Conflict (bound already, deleting, other uid), Invalid (no target), NotFound.

    Answers a Status.
    """
    binding = request.body
    if not isinstance(binding, dict):
        raise BadRequest("the body must be a v1 Binding whose metadata names the pod and whose target names the node")
    metadata = binding.get("metadata") or {}
    name = request.name or metadata.get("name") or ""
    if metadata.get("name", name) != name:
        raise BadRequest("name in URL does not match name in Binding object")
    binding = reviewing.command(core, request, info, BINDING, binding)
    metadata = binding.get("metadata") or {}
    target = binding.get("target") or {}
    node = target.get("name")
    if not node:
        cause = field_errors.required("target.name")
        raise wording.invalid(info, name, [cause], kind="Binding")
    if target.get("kind", "Node") not in ("", "Node"):
        message = f'Unsupported value: "{target["kind"]}": supported values: "Node", "<empty>"'
        cause = wording.cause("target.kind", "FieldValueNotSupported", message)
        raise wording.invalid(info, name, [cause], kind="Binding")
    pod = core.store.get((info.resource, request.namespace or metadata.get("namespace") or "", name))
    if pod is None:
        raise wording.not_found(info, name)
    _check(info, pod, metadata)
    core.put(request, info, _bound(core, pod, node, metadata), old=pod)
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def _check(info: KindInfo, pod: JsonObject, binding: JsonObject) -> None:
    metadata = pod["metadata"]
    name = metadata["name"]
    if binding.get("uid") and binding["uid"] != metadata["uid"]:
        raise wording.uid_mismatch(info, name, binding["uid"], metadata["uid"])
    if binding.get("resourceVersion") and binding["resourceVersion"] != metadata["resourceVersion"]:
        raise wording.conflict(info, name)
    if metadata.get("deletionTimestamp"):
        why = f"pod {name} is being deleted, cannot be assigned to a host"
        raise wording.conflict(info, name, why, resource="pods/binding")
    node = pod["spec"].get("nodeName")
    if node:
        raise wording.conflict(info, name, f'pod {name} is already assigned to node "{node}"', resource="pods/binding")
    if pod["spec"].get("schedulingGates"):
        raise wording.conflict(info, name, f"pod {name} has non-empty .spec.schedulingGates", resource="pods/binding")


def _bound(core: Core, pod: JsonObject, node: str, binding: JsonObject) -> JsonObject:
    metadata = dict(pod["metadata"])
    for field in ("annotations", "labels"):
        if binding.get(field):
            metadata[field] = {**(metadata.get(field) or {}), **binding[field]}
    condition = {
        "type": "PodScheduled",
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": core.timestamp(),
    }
    status = dict(pod.get("status") or {})
    conditions = status.get("conditions") or []
    if not any(each.get("type") == "PodScheduled" for each in conditions):
        status["conditions"] = [*conditions, condition]
    else:
        status["conditions"] = [condition if each.get("type") == "PodScheduled" else each for each in conditions]
    return {**pod, "metadata": metadata, "spec": {**pod["spec"], "nodeName": node}, "status": status}

"""At most one pod of a StatefulSet identity runs its containers at any instant, over all nodes.

An identity is a namespace and a name; pods that follow each other under it have different uids. What runs is asked of
the nodes' container runtimes (outside systems `containers/NODE`), not of the store, which hears of it late. Void after
the guarantee was given up: a user forced the deletion (grace period 0), or a Node of one of the two was removed or
marked out of service.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Judgement, ObjectRef, View
from properties.subject import ABSENT, CONTAINERS, KUBELET, has_component, has_kind, is_program
from reference_impl.objects import controller_of
from reference_impl.protocol import JsonObject

_OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"


@dataclass(frozen=True, slots=True, kw_only=True)
class OneRunnerPerIdentity:
    name: str = "one_runner_per_identity"
    source: str = (
        "https://kubernetes.io/docs/tasks/run-application/force-delete-stateful-set-pod/ (at most one semantics); "
        "kubernetes#59848"
    )
    voided_by: tuple[str, ...] = ("a forced deletion by a user", "removal of the Node, or its out-of-service taint")
    when: str = "always"
    on: frozenset[str] = frozenset({"create", "update", "delete"})

    def applies(self, trial: Any) -> bool:
        return has_kind(trial, "StatefulSet") and has_component(trial, KUBELET)

    def judge(self, view: View) -> Judgement:
        change = view.change
        if change is None or change.ref.kind != "Pod":
            return ABSENT
        pod = change.after or change.before
        controller = controller_of(pod) if pod is not None else None
        if controller is None or controller["kind"] != "StatefulSet":
            return ABSENT
        running = _running(view, change.ref)
        if not running:
            return ABSENT
        nodes = [node for node, _ in running]
        if len(running) == 1 or _is_void(view, change.ref, nodes):
            return HOLDS
        runs = " and ".join(f"uid {item['id']} on {node}" for node, item in running)
        reason = f"{change.ref} runs {len(running)} times at once: {runs}"
        return Judgement.violated(reason, [change.ref], key=f"Pod {controller['kind']}")


def _running(view: View, ref: ObjectRef) -> list[tuple[str, JsonObject]]:
    return [
        (system.removeprefix(CONTAINERS), item)
        for system in view.external_systems()
        if system.startswith(CONTAINERS)
        for item in view.external(system)
        if item.get("name") == ref.name and (item.get("namespace") or None) == ref.namespace and _is_running(item)
    ]


def _is_running(item: JsonObject) -> bool:
    return item.get("state") == "running" or item.get("running") is True


def _is_void(view: View, ref: ObjectRef, nodes: list[str]) -> bool:
    for name in nodes:
        node = view.get("v1", "Node", name)
        if node is None or any(event.type == "DELETED" for event in view.history(ObjectRef("v1", "Node", None, name))):
            return True
        if any(taint.get("key") == _OUT_OF_SERVICE for taint in (node.get("spec") or {}).get("taints") or ()):
            return True
    # A graceful deletion is finished by the kubelet; a pod that anybody else but a component removed was forced out.
    by_programs = {
        change.revision for change in view.changes() if change.ref == ref and is_program(view, change.component)
    }
    return any(event.type == "DELETED" and event.revision not in by_programs for event in view.history(ref))

"""Evicting a Pod: a delete that asks the Pod's disruption budget first.

The budget's controller computes `status.disruptionsAllowed`; an eviction takes one, notes the Pod in
`status.disruptedPods`, and is refused with 429 when there is none left or the budget's status is out of date. Pods that
have finished, have not started or are terminating are deleted without asking.

Source: kubernetes `pkg/registry/core/pod/storage/eviction.go`.
"""

from typing import Any, Final

from reference_impl.apiserver import deletion, reviewing, wording
from reference_impl.apiserver.core import Core
from reference_impl.apiserver.selectors import match_expressions
from reference_impl.errors import ApiError, BadRequest, TooManyRequests
from reference_impl.kinds import KindInfo
from reference_impl.protocol import ApiRequest, JsonObject

BUDGETS: Final = "poddisruptionbudgets.policy"
EVICTION: Final = KindInfo(group="policy", version="v1", kind="Eviction", plural="evictions", namespaced=True)
_REFUSED: Final = "Cannot evict pod as it would violate the pod's disruption budget."
_MAX_DISRUPTED_PODS: Final = 2000


def evict(core: Core, request: ApiRequest, info: KindInfo) -> JsonObject:
    """Delete the Pod if its budget allows. Answers a Status.

    Raises BadRequest, Conflict (preconditions), Forbidden, NotFound, TooManyRequests (cause DisruptionBudget), and
    ApiError 500 for a Pod of two budgets.
    """
    eviction = request.body
    if not isinstance(eviction, dict):
        raise BadRequest("the body must be a policy/v1 Eviction whose metadata names the pod")
    metadata = eviction.get("metadata") or {}
    name = request.name or metadata.get("name") or ""
    if metadata.get("name", name) != name:
        raise BadRequest("name in URL does not match name in Eviction object")
    pod = core.store.get((info.resource, request.namespace or metadata.get("namespace") or "", name))
    if pod is None:
        raise wording.not_found(info, name)
    eviction = reviewing.command(core, request, info, EVICTION, eviction)
    options = _options(request, eviction)
    # Preconditions are the delete's, but a refused eviction must not have used up the budget.
    deletion.check_preconditions(info, pod, options)
    if not _ignores_budget(pod):
        _ask_budget(core, request, pod)
    deletion.delete_object(core, request, info, pod, options)
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def _options(request: ApiRequest, eviction: JsonObject) -> deletion.DeleteOptions:
    """The Eviction's own deleteOptions; the request's count where that says nothing."""
    sent: JsonObject = eviction.get("deleteOptions") or {}
    preconditions: JsonObject = sent.get("preconditions") or {}
    asked = deletion.DeleteOptions.of(request)
    grace: Any = sent.get("gracePeriodSeconds", asked.grace_period_s)
    return deletion.DeleteOptions(
        uid=preconditions.get("uid", asked.uid),
        resource_version=preconditions.get("resourceVersion", asked.resource_version),
        propagation=sent.get("propagationPolicy", asked.propagation),
        grace_period_s=1 if grace is not None and grace < 0 else grace,
    )


def _ignores_budget(pod: JsonObject) -> bool:
    """`canIgnorePDB`."""
    phase = (pod.get("status") or {}).get("phase")
    return phase in ("Succeeded", "Failed", "Pending") or bool(pod["metadata"].get("deletionTimestamp"))


def _ask_budget(core: Core, request: ApiRequest, pod: JsonObject) -> None:
    labels = pod["metadata"].get("labels") or {}
    budgets = [
        budget for budget in core.store.list(BUDGETS, pod["metadata"]["namespace"]).items if _covers(budget, labels)
    ]
    if not budgets:
        return
    if len(budgets) > 1:
        raise ApiError(
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
            status=500,
            reason="",
        )
    budget = budgets[0]
    status = budget.get("status") or {}
    if not _is_ready(pod) and _spares_the_unready(budget, status):
        return
    _check(core, budget, status)
    _decrement(core, request, budget, status, pod["metadata"]["name"])


def _covers(budget: JsonObject, labels: dict[str, str]) -> bool:
    """An empty selector selects every Pod of the namespace in policy/v1."""
    selector = (budget.get("spec") or {}).get("selector")
    return selector is not None and match_expressions(selector)(labels)


def _spares_the_unready(budget: JsonObject, status: JsonObject) -> bool:
    """An unready Pod was not counted as healthy, so that its eviction takes nothing from the budget."""
    if (budget.get("spec") or {}).get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    desired = status.get("desiredHealthy", 0)
    return bool(desired > 0 and status.get("currentHealthy", 0) >= desired)


def _check(core: Core, budget: JsonObject, status: JsonObject) -> None:
    info = core.kinds.by_resource(BUDGETS)
    name = budget["metadata"]["name"]
    if status.get("observedGeneration", 0) < budget["metadata"].get("generation", 0):
        raise _refused(name, f"The disruption budget {name} is still being processed by the server.", retry_after_s=10)
    allowed = status.get("disruptionsAllowed", 0)
    if allowed < 0:
        raise wording.forbidden(info, name, "pdb disruptions allowed is negative")
    if len(status.get("disruptedPods") or ()) > _MAX_DISRUPTED_PODS:
        raise wording.forbidden(
            info, name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller"
        )
    if allowed == 0:
        needs, has = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
        raise _refused(name, f"The disruption budget {name} needs {needs} healthy pods and has {has} currently")


def _refused(name: str, why: str, *, retry_after_s: int = 0) -> TooManyRequests:
    details: JsonObject = {"causes": [{"reason": "DisruptionBudget", "message": why}]}
    if retry_after_s:
        details["retryAfterSeconds"] = retry_after_s
    return TooManyRequests(_REFUSED, details=details, retry_after_s=retry_after_s or None)


def _decrement(core: Core, request: ApiRequest, budget: JsonObject, status: JsonObject, pod: str) -> None:
    allowed = status["disruptionsAllowed"] - 1
    now = core.timestamp()
    changed = {
        **status,
        "disruptionsAllowed": allowed,
        "disruptedPods": {**(status.get("disruptedPods") or {}), pod: now},
    }
    if allowed == 0:
        changed["conditions"] = [
            _not_allowed(each, budget, now) if each.get("type") == "DisruptionAllowed" else each
            for each in status.get("conditions") or ()
        ]
    core.put(request, core.kinds.by_resource(BUDGETS), {**budget, "status": changed}, old=budget)


def _not_allowed(condition: JsonObject, budget: JsonObject, now: str) -> JsonObject:
    return {
        **condition,
        "status": "False",
        "reason": "InsufficientPods",
        "lastTransitionTime": now if condition.get("status") != "False" else condition.get("lastTransitionTime", now),
        "observedGeneration": budget["metadata"].get("generation", 0),
    }


def _is_ready(pod: JsonObject) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each.get("type") == "Ready" and each.get("status") == "True" for each in conditions)

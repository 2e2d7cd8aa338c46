"""A lease is taken only when it is over: no two programs hold one at once, by the true clock.

Judged as somebody sends a command that would put another name into a Lease which is held. A lease lasts, from the
moment in which its last renewal was sent, for its own `leaseDurationSeconds`: until then its holder may act on it. The
taker is accused, because the holder cannot help it. By how much clocks may differ in rate is part of the promise
(`clock_rate_most`); that wall clocks differ in what they say is no excuse, which is why electors count for themselves.

Read are holder, duration and versions of the Lease itself, so it does not matter how anybody elects. Not judged: a
command under a version that is no longer stored (it will be refused), JSON patches, a Lease that was deleted, one that
a user wrote, and a holder that is dead by then: whoever takes from the dead harms nobody.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, Judgement, ObjectRef, View
from properties.subject import ABSENT, has_kind, is_command
from reference_impl.protocol import ApiRequest, JsonObject

_ROUNDING_S = 1e-6
"""Virtual times are sums of floats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneHolderPerLease:
    name: str = "one_holder_per_lease"
    source: str = (
        "https://pkg.go.dev/k8s.io/client-go/tools/leaderelection (skew of clocks is tolerated, skew of their rates "
        "within bounds); kubernetes#125761, kubernetes#89466, etcd#11456"
    )
    voided_by: tuple[str, ...] = (
        "a Lease that a user wrote or deleted",
        "a holder that is dead when its lease is taken",
        "a taker that blocks its loop (time.sleep), whose requests are later than they look",
    )
    when: str = "always"
    server_side: bool = True
    on: frozenset[str] = frozenset({"request"})
    clock_rate_most: float = 1.1
    """How many times faster than true time the taker's clock may run: the most that `clock_drift` does."""

    def applies(self, trial: Any) -> bool:
        return has_kind(trial, "Lease")

    def judge(self, view: View) -> Judgement:
        sent = view.request
        if sent is None or view.change is not None or not is_command(sent):
            return ABSENT
        request = sent.request
        if request.kind != "Lease" or request.name is None or request.verb not in ("update", "patch"):
            return HOLDS
        lease = view.get(request.api_version, "Lease", request.name, request.namespace)
        spec: JsonObject = (lease or {}).get("spec") or {}
        holder, duration_s = spec.get("holderIdentity"), spec.get("leaseDurationSeconds")
        taker = _taker(request)
        if lease is None or not (holder and duration_s and taker) or taker == holder or _is_outdated(request, lease):
            return HOLDS
        ref = ObjectRef.to(lease)
        renewed = _renewal(view, ref)
        if renewed is None or renewed[0] == sent.component or not _lives(view, renewed[0]):
            return HOLDS
        component, renewed_s = renewed
        passed_s = sent.sent_s - renewed_s
        if passed_s * self.clock_rate_most + _ROUNDING_S >= duration_s:
            return HOLDS
        return Judgement.violated(
            f"{sent.component} takes {ref} {passed_s:.3f} s after {component} sent its last renewal, which lasts for "
            f"{duration_s} s: until then there are two who may believe to hold it",
            [ref],
            key=f"Lease {sent.component}",
        )


def _taker(request: ApiRequest) -> str | None:
    """Who is to hold the Lease by this command; None: it does not say, or nobody."""
    spec = request.body.get("spec") if isinstance(request.body, dict) else None
    return spec.get("holderIdentity") if isinstance(spec, dict) else None


def _is_outdated(request: ApiRequest, lease: JsonObject) -> bool:
    """Is the command bound to a version that is not the stored one?"""
    revision = (request.body.get("metadata") or {}).get("resourceVersion")
    return bool(revision) and revision != lease["metadata"]["resourceVersion"]


def _renewal(view: View, ref: ObjectRef) -> tuple[str, float] | None:
    """Who last wrote the record (labels are none of its business), and when that was sent."""
    for event in reversed(view.history(ref)):
        previous = event.previous
        if previous is None or previous.get("spec") != event.object.get("spec"):
            return view.sender(event.revision)
    return None


def _lives(view: View, component: str) -> bool:
    """A program, and one that runs: users are none."""
    return any(c.name == component and c.alive for c in view.components())

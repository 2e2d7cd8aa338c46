"""The StatefulSet controller: pods with names that last, one at a time, and claims that outlive them.

Cached reads decide whether to look; live reads decide what to do. A sync that finds nothing to change in its caches
ends there. Otherwise set, pods and revisions are read again from an API server (a quorum read) and the plan is made
from those: a restart that lists at an old replica cannot scale down by yesterday's spec, and no pod is created for a
set that is gone. Deletes carry the uid that was seen. The real controller trusts its caches here, and so has the time
travel bugs of the catalogue (rows 2, 3, 9, 13); the behaviour is otherwise its own.

Source: `pkg/controller/statefulset`. Not modelled: `maxUnavailable`, volume repair, slow-start batches.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from reference_impl.controllers import stateful_pods, stateful_revisions
from reference_impl.controllers.dependents import (
    Ownership,
    adopt,
    labels_of,
    owners_wanting,
    release,
    selector_of,
    sort_by_owner,
)
from reference_impl.controllers.ownership import candidates
from reference_impl.controllers.stateful_plan import (
    CreateClaims,
    CreatePod,
    DeletePod,
    Plan,
    RestoreIdentity,
    Step,
    make_plan,
    make_status,
    scale_of,
    unavailable_for_s,
)
from reference_impl.controllers.stateful_revisions import Revisions
from reference_impl.errors import AlreadyExists, NotFound
from reference_impl.objects import controller_of, copy_json, is_deleting, name_of, namespace_of, uid_of
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Controller, Request, Result, Retry, Watch

APPS: Final = "apps/v1"
CLAIM: Final = "PersistentVolumeClaim"
COLLECTION_WAIT_S: Final = 1.0
"""How long to leave the garbage collector alone with what a set of the same name left behind. Arbitrary."""


@dataclass(frozen=True, slots=True)
class _Sight:
    """One set with everything around it, all from the caches or all live, and what follows from that."""

    set_: JsonObject
    all_pods: Sequence[JsonObject]
    all_history: Sequence[JsonObject]
    claims: Sequence[JsonObject]
    pods: Ownership
    history: Ownership
    revisions: Revisions
    plan: Plan
    status: JsonObject
    recheck_s: float | None

    @property
    def is_quiet(self) -> bool:
        """Nothing to write but perhaps the status."""
        return not (
            self.plan.steps
            or self.pods.orphans
            or self.pods.strays
            or self.history.orphans
            or self.revisions.must_create
            or self.revisions.must_renumber
            or self.claims_to_fix()
            or self.surplus()
        )

    def claims_to_fix(self) -> list[tuple[JsonObject, JsonObject, bool]]:
        """(claim, its pod, whether the pod is condemned) where the owners are not what the retention policy says."""
        if not self.claims or is_deleting(self.set_):
            return []
        scale = scale_of(self.set_, self.pods.owned)
        condemned = {stateful_pods.ordinal_of(name_of(self.set_), name_of(pod)): pod for pod in scale.condemned}
        found = []
        for claim in self.claims:
            slot = stateful_pods.claim_slot(self.set_, claim)
            if slot is None or is_deleting(claim):
                continue
            pod = scale.replicas.get(slot) or condemned.get(slot)
            if pod is not None:
                is_condemned = slot in condemned
                if stateful_pods.owners_by_policy(self.set_, pod, claim, condemned=is_condemned) is not None:
                    found.append((claim, pod, is_condemned))
        return found

    def surplus(self) -> list[JsonObject]:
        if is_deleting(self.set_) or self.revisions.must_create:
            return []
        in_use = [self.status["currentRevision"], self.status["updateRevision"]]
        in_use += [stateful_pods.revision_of(pod) for pod in self.pods.owned]
        return stateful_revisions.surplus(self.set_, self.history.owned, in_use)


class StatefulSetReconciler:
    """Brings one StatefulSet a step closer to its spec at a time."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> Result | None:
        try:
            set_ = await self.client.get(APPS, "StatefulSet", request.name, request.namespace)
        except NotFound:
            return None
        sight = await self._look(set_)
        if not sight.is_quiet:
            live = await self._look_live(request)
            if live is None:
                return None
            sight = await self._act(live)
        await self._report(sight)
        return Result(requeue_after_s=sight.recheck_s) if sight.recheck_s else None

    # ------------------------------------------------------------------------------------------------------- observing

    async def _look(self, set_: JsonObject) -> _Sight:
        namespace = namespace_of(set_)
        pods = await self.client.list("v1", "Pod", namespace)
        history = candidates(self.client, set_, APPS, "ControllerRevision")
        claims = await self.client.list("v1", CLAIM, namespace) if stateful_pods.claim_templates(set_) else []
        return self._judge(set_, pods, history, claims)

    async def _look_live(self, request: Request) -> _Sight | None:
        """The same from an API server. The set comes first: its dependents are then at least as new as it is."""
        live, namespace = self.client.live, request.namespace
        try:
            set_ = await live.get(APPS, "StatefulSet", request.name, namespace)
        except NotFound:
            return None
        pods = (await live.list("v1", "Pod", namespace))["items"]
        history = (await live.list(APPS, "ControllerRevision", namespace))["items"]
        claims = (await live.list("v1", CLAIM, namespace))["items"] if stateful_pods.claim_templates(set_) else []
        return self._judge(set_, pods, history, claims)

    def _judge(
        self,
        set_: JsonObject,
        all_pods: Sequence[JsonObject],
        all_history: Sequence[JsonObject],
        claims: Sequence[JsonObject],
    ) -> _Sight:
        selects, name, now = selector_of(set_), name_of(set_), self.client.now()
        namesakes = [pod for pod in all_pods if stateful_pods.ordinal_of(name, name_of(pod)) is not None]
        pods = sort_by_owner(set_, namesakes, lambda pod: selects(labels_of(pod)))
        history = sort_by_owner(set_, all_history, lambda revision: selects(labels_of(revision)))
        revisions = stateful_revisions.resolve(set_, history.owned)
        mine = [name_of(pod) for pod in pods.owned]
        taken = [name_of(pod) for pod in namesakes if name_of(pod) not in mine]
        plan = make_plan(set_, pods.owned, revisions, now, taken=taken, claims=map(name_of, claims))
        waits = [wait_s for wait_s in (plan.recheck_s, unavailable_for_s(set_, pods.owned, now)) if wait_s]
        return _Sight(
            set_,
            all_pods,
            all_history,
            claims,
            pods,
            history,
            revisions,
            plan,
            make_status(set_, pods.owned, revisions, now),
            min(waits, default=None),
        )

    # ---------------------------------------------------------------------------------------------------------- acting

    async def _act(self, sight: _Sight) -> _Sight:
        """Carry out what a live sight asks for. Returns the sight whose status is to be reported."""
        if await self._claim(sight):
            # What was adopted or released changes the plan: make it anew when the cache has heard.
            raise Retry(reason="dependents were adopted or released")
        set_, revisions = sight.set_, sight.revisions
        if (revisions.must_create or revisions.must_renumber) and not is_deleting(set_):
            set_, update = await self._write_revision(set_, revisions)
            older = [revision for revision in sight.all_history if name_of(revision) != name_of(update)]
            sight = self._judge(set_, sight.all_pods, [*older, update], sight.claims)
        for claim, pod, condemned in sight.claims_to_fix():
            await self._fix_owners(set_, claim, pod, condemned=condemned)
        for step in sight.plan.steps:
            await self._take(set_, step)
        for revision in sight.surplus():
            await self._delete(APPS, "ControllerRevision", revision)
        return sight

    async def _claim(self, sight: _Sight) -> bool:
        set_ = sight.set_
        for orphan in sight.history.orphans:
            await adopt(self.client, APPS, "ControllerRevision", set_, orphan)
        for orphan in sight.pods.orphans:
            await adopt(self.client, "v1", "Pod", set_, orphan)
        for stray in sight.pods.strays:
            await release(self.client, "v1", "Pod", set_, stray)
        return bool(sight.history.orphans or sight.pods.orphans or sight.pods.strays)

    async def _write_revision(self, set_: JsonObject, revisions: Revisions) -> tuple[JsonObject, JsonObject]:
        """Store the update revision. Returns the set (its collision count may have grown) and what was stored."""
        if revisions.must_renumber:
            return set_, await self.client.update(revisions.update)
        number = revisions.update["revision"]
        while True:
            status = set_.get("status") or {}
            wanted = stateful_revisions.draft(set_, number, status.get("collisionCount") or 0)
            try:
                return set_, await self.client.create(wanted)
            except AlreadyExists:
                taken = await self.client.live.get(APPS, "ControllerRevision", name_of(wanted), namespace_of(set_))
            owner = controller_of(taken)
            if owner is not None and owner["uid"] != uid_of(set_) and owner["name"] == name_of(set_):
                raise Retry(COLLECTION_WAIT_S, f"{name_of(wanted)} still belongs to an earlier {name_of(set_)}")
            if owner is not None and owner["uid"] == uid_of(set_) and taken["data"] == wanted["data"]:
                return set_, taken
            set_ = {**set_, "status": {**status, "collisionCount": (status.get("collisionCount") or 0) + 1}}

    async def _take(self, set_: JsonObject, step: Step) -> None:
        match step:
            case CreatePod(ordinal, revision):
                await self._create_claims(set_, ordinal, for_new_pod=True)
                template = stateful_revisions.template_of(revision)
                await self.client.create(stateful_pods.new_pod(set_, template, ordinal, name_of(revision)))
            case DeletePod(pod, _):
                await self._delete("v1", "Pod", pod)
            case CreateClaims(ordinal):
                await self._create_claims(set_, ordinal, for_new_pod=False)
            case RestoreIdentity(pod, ordinal):
                restored = copy_json(pod)
                labels = restored["metadata"].setdefault("labels", {})
                labels.update(stateful_pods.identity_labels(name_of(pod), ordinal))
                await self.client.update(restored)

    async def _create_claims(self, set_: JsonObject, ordinal: int, *, for_new_pod: bool) -> None:
        """Create the claims that are missing. Raises `Retry` while one that must not be used is still there."""
        for claim in stateful_pods.new_claims(set_, ordinal):
            try:
                existing = await self.client.live.get("v1", CLAIM, name_of(claim), namespace_of(claim))
            except NotFound:
                await self.client.create(claim)
                continue
            if for_new_pod and stateful_pods.is_left_behind(existing, f"{name_of(set_)}-{ordinal}"):
                raise Retry(reason=f"{CLAIM} {name_of(claim)} is going away with the pod that it belonged to")

    async def _fix_owners(self, set_: JsonObject, claim: JsonObject, pod: JsonObject, *, condemned: bool) -> None:
        owners = stateful_pods.owners_by_policy(set_, pod, claim, condemned=condemned)
        if owners is not None:
            fixed = copy_json(claim)
            fixed["metadata"]["ownerReferences"] = owners
            await self.client.update(fixed)

    async def _delete(self, api_version: str, kind: str, obj: JsonObject) -> None:
        """Delete this very object; it being gone already is success."""
        try:
            await self.client.delete(api_version, kind, name_of(obj), namespace_of(obj), uid=uid_of(obj))
        except NotFound:
            return

    async def _report(self, sight: _Sight) -> None:
        """Write the status if it differs. A stale set meets `Conflict`, which is an error like any other."""
        set_, status = sight.set_, dict(sight.status)
        if sight.revisions.must_create:
            return  # Still a draft: its name means nothing yet.
        status["collisionCount"] = (set_.get("status") or {}).get("collisionCount") or 0
        live_status = set_.get("status") or {}
        if any(live_status.get(key) != value for key, value in status.items()):
            await self.client.update_status({**set_, "status": status})


async def _sets_of_claim(client: Client, claim: JsonObject) -> list[Request]:
    if not re.search(r"-[0-9]+$", name_of(claim)):
        return []
    sets = await client.list(APPS, "StatefulSet", namespace_of(claim))
    return [
        Request(namespace_of(set_), name_of(set_)) for set_ in sets if stateful_pods.claim_slot(set_, claim) is not None
    ]


def statefulset(client: Client) -> Controller:
    """The controller's factory: one process, one worker."""

    async def claim_to_sets(claim: JsonObject) -> list[Request]:
        return await _sets_of_claim(client, claim)

    return Controller(
        name="statefulset",
        reconcile=StatefulSetReconciler(client).reconcile,
        watches=[
            Watch(APPS, "StatefulSet"),
            Watch("v1", "Pod", owner="StatefulSet"),
            Watch("v1", "Pod", map=owners_wanting(client, APPS, "StatefulSet")),
            Watch(APPS, "ControllerRevision", owner="StatefulSet"),
            Watch("v1", CLAIM, map=claim_to_sets),
        ],
    )

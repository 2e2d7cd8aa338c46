"""The ReplicaSet controller: as many active pods as `spec.replicas` says.

It counts what its cache shows and creates or deletes the difference, unless it still waits for its own earlier acts to
show (`expectations.py`). Pods that match and have no owner are adopted, those that match no more are released
(`ownership.py`).

More careful than the original in four places, so that no legal weather makes it destroy or create what it need not:
an ambiguous answer or an expired expectation is followed by a quorum list before anything is created or deleted;
before pods are deleted the ReplicaSet is read live, so that an old spec from a lagging replica costs no pod; pod
deletions carry the uid; and a conflicting status is not forced over a newer generation. Not modelled: the burst limit's
interplay with back-off, `terminatingReplicas`, events.

Source: `pkg/controller/replicaset/replica_set.go`, `replica_set_utils.go`.
"""

import trio

from reference_impl.apiserver.selectors import match_expressions
from reference_impl.controllers.expectations import Acts, Expectations
from reference_impl.controllers.outcomes import may_have_committed, namespace_is_terminating
from reference_impl.controllers.ownership import Claims, candidates, labels_of
from reference_impl.controllers.pods import deletion_order, is_active, pod_from_template
from reference_impl.controllers.replicaset_status import next_available_in_s, status_of
from reference_impl.errors import ApiError, Conflict, NotFound
from reference_impl.objects import controller_of, is_deleting, name_of, namespace_of, uid_of
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Controller, Request, Result, Watch

API_VERSION = "apps/v1"
KIND = "ReplicaSet"
BURST_REPLICAS = 500
"""`BurstReplicas`: at most so many creations or deletions in one pass."""
STATUS_UPDATE_RETRIES = 1
"""`statusUpdateRetries`: afterwards the key's back-off takes over."""


class ReplicaSetReconciler:
    """Reconciles one ReplicaSet a call; the expectations are all that it remembers."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.expectations = Expectations(client.monotonic_s)

    async def reconcile(self, request: Request) -> Result | None:
        try:
            replica_set = await self.client.get(API_VERSION, KIND, request.name, request.namespace)
        except NotFound:
            return None
        uid = uid_of(replica_set)
        if self.expectations.in_doubt(uid):
            await self._look_live(replica_set)
        # Asked before the pods are read: what arrives in between makes the answer too careful, never too bold.
        may_act = self.expectations.satisfied(uid) and not is_deleting(replica_set)
        pods = [pod for pod in candidates(self.client, replica_set, "v1", "Pod") if is_active(pod)]
        matches = match_expressions(replica_set["spec"]["selector"])
        claims = Claims(self.client, replica_set, api_version="v1", kind="Pod", matches=matches)
        owned = await claims.of(pods)
        failure = await self._act(replica_set, owned) if may_act else None
        await self._report(replica_set, owned, failure, keep_failure=not may_act)
        if failure is not None:
            raise failure
        return self._come_back(replica_set, owned)

    # ------------------------------------------------------------------------------------------------- acting on pods

    async def _act(self, replica_set: JsonObject, owned: list[JsonObject]) -> ApiError | None:
        """Create or delete the difference; the first error met, or None."""
        missing = _desired(replica_set) - len(owned)
        if missing == 0:
            return None
        if missing < 0 and not await self._still_wants(replica_set):
            return None
        errors: list[ApiError] = []
        with self.expectations.acting(uid_of(replica_set)) as acts:
            if missing > 0:
                await self._create(replica_set, min(missing, BURST_REPLICAS), acts, errors)
            else:
                surplus = deletion_order(owned, self._neighbours(owned))[: min(-missing, BURST_REPLICAS)]
                async with trio.open_nursery() as nursery:
                    for pod in surplus:
                        nursery.start_soon(self._delete_pod, pod, acts, errors)
        return errors[0] if errors else None

    async def _create(self, replica_set: JsonObject, count: int, acts: Acts, errors: list[ApiError]) -> None:
        """Slow start: 1, 2, 4, ... at once, and no further batch after a failure (a quota, say, refuses them all)."""
        batch = 1
        while count > 0 and not errors:
            size = min(batch, count)
            async with trio.open_nursery() as nursery:
                for _ in range(size):
                    nursery.start_soon(self._create_pod, replica_set, acts, errors)
            count -= size
            batch *= 2

    async def _create_pod(self, replica_set: JsonObject, acts: Acts, errors: list[ApiError]) -> None:
        try:
            pod = await self.client.create(pod_from_template(replica_set["spec"]["template"], replica_set))
        except ApiError as error:
            if namespace_is_terminating(error):
                return  # the ReplicaSet goes with it: there is nothing to come back for
            if may_have_committed(error):
                self.expectations.doubt(acts.owner)
            errors.append(error)
        else:
            acts.created(uid_of(pod))

    async def _delete_pod(self, pod: JsonObject, acts: Acts, errors: list[ApiError]) -> None:
        uid = uid_of(pod)
        try:
            await self.client.delete("v1", "Pod", name_of(pod), namespace_of(pod), uid=uid)
        except (NotFound, Conflict):
            acts.deleted(uid)  # gone, or replaced under its name: the cache has yet to hear of it
        except ApiError as error:
            if may_have_committed(error):
                self.expectations.doubt(acts.owner)
            errors.append(error)
        else:
            acts.deleted(uid)

    async def _still_wants(self, replica_set: JsonObject) -> bool:
        """Does the cached spec still stand? If not, a newer one is on its way and will wake us."""
        try:
            fresh = await self.client.live.get(API_VERSION, KIND, name_of(replica_set), namespace_of(replica_set))
        except NotFound:
            return False
        return (
            uid_of(fresh) == uid_of(replica_set)
            and not is_deleting(fresh)
            and fresh["metadata"].get("generation") == replica_set["metadata"].get("generation")
        )

    def _neighbours(self, owned: list[JsonObject]) -> dict[str, int]:
        counts: dict[str, int] = {}
        for pod in owned:
            node = pod["spec"].get("nodeName")
            if node:
                counts[node] = counts.get(node, 0) + 1
        return counts

    async def _look_live(self, replica_set: JsonObject) -> None:
        """Replace doubt by knowledge: wait for exactly those pods in which cache and store differ."""
        uid = uid_of(replica_set)
        with self.expectations.acting(uid) as acts:
            answer = await self.client.live.list("v1", "Pod", namespace_of(replica_set))
            revision = int(answer["metadata"]["resourceVersion"])
            cached = candidates(self.client, replica_set, "v1", "Pod")
            self.expectations.resolve(uid)
            live = {uid_of(pod): pod for pod in answer["items"] if _is_active_child(pod, uid)}
            known = {uid_of(pod): pod for pod in cached if _is_active_child(pod, uid)}
            for child in live:
                if child not in known:
                    acts.created(child)
            # Revisions of one resource are ordered (KEP-5504): a pod newer than the list is not missing from it.
            for child, pod in known.items():
                if child not in live and int(pod["metadata"]["resourceVersion"]) <= revision:
                    acts.deleted(child)

    # ------------------------------------------------------------------------------------------------------ reporting

    async def _report(
        self, replica_set: JsonObject, owned: list[JsonObject], failure: ApiError | None, *, keep_failure: bool
    ) -> None:
        """Write the status if it says something new."""
        status = status_of(replica_set, owned, self.client.now(), failure, keep_failure=keep_failure)
        current = replica_set
        for attempt in range(STATUS_UPDATE_RETRIES + 1):
            if status == (current.get("status") or {}):
                return
            current["status"] = status
            try:
                await self.client.update_status(current)
                return
            except NotFound:
                return
            except Conflict:
                if attempt == STATUS_UPDATE_RETRIES:
                    raise
                current = await self.client.live.get(API_VERSION, KIND, name_of(current), namespace_of(current))
                if uid_of(current) != uid_of(replica_set) or _generation(current) != _generation(replica_set):
                    return  # computed for another spec: the event that brings the new one comes

    def _come_back(self, replica_set: JsonObject, owned: list[JsonObject]) -> Result | None:
        waits = [
            self.expectations.expires_in_s(uid_of(replica_set)),
            next_available_in_s(replica_set, owned, self.client.now()),
        ]
        after_s = min((wait for wait in waits if wait is not None), default=None)
        return None if after_s is None else Result(requeue_after_s=after_s)

    # -------------------------------------------------------------------------------------------------- what is heard

    def forget_deleted(self, event_type: str, old: JsonObject | None, new: JsonObject | None) -> bool:
        if old is not None and (new is None or uid_of(new) != uid_of(old)):
            self.expectations.forget(uid_of(old))
        return True

    async def adopters(self, pod: JsonObject) -> list[Request]:
        """ReplicaSets whose selector matches a pod without owner (`getPodReplicaSets`)."""
        if controller_of(pod) is not None:
            return []
        replica_sets = await self.client.list(API_VERSION, KIND, namespace_of(pod))
        labels = labels_of(pod)
        return [
            Request(namespace_of(pod), name_of(replica_set))
            for replica_set in replica_sets
            if match_expressions(replica_set["spec"]["selector"])(labels)
        ]


def _desired(replica_set: JsonObject) -> int:
    replicas = replica_set["spec"].get("replicas")
    return 1 if replicas is None else int(replicas)


def _generation(obj: JsonObject) -> int:
    return int(obj["metadata"].get("generation") or 0)


def _is_active_child(pod: JsonObject, owner_uid: str) -> bool:
    reference = controller_of(pod)
    return reference is not None and reference["uid"] == owner_uid and is_active(pod)


def is_orphan(event_type: str, old: JsonObject | None, new: JsonObject | None) -> bool:
    """A child without owner appeared or changed: somebody may want to adopt it."""
    return new is not None and not is_deleting(new) and controller_of(new) is None


def replicaset(client: Client) -> Controller:
    """Factory of the ReplicaSet controller."""
    reconciler = ReplicaSetReconciler(client)
    return Controller(
        name="replicaset",
        reconcile=reconciler.reconcile,
        watches=[
            Watch(API_VERSION, KIND, predicate=reconciler.forget_deleted),
            Watch("v1", "Pod", owner=KIND, owner_api_version=API_VERSION, predicate=reconciler.expectations.observe),
            Watch("v1", "Pod", map=reconciler.adopters, predicate=is_orphan),
        ],
        workers=5,
    )

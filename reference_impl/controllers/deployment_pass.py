"""One pass of the Deployment controller over one Deployment: what it decides and writes. See `deployment.py`.

The pass works on the objects as cached and as its own writes have changed them since; a conflict ends it. It is made
for one reconcile and thrown away.
"""

from reference_impl.apiserver.selectors import match_expressions
from reference_impl.controllers import deployment_status as report
from reference_impl.controllers import rollout
from reference_impl.controllers.ownership import labels_of
from reference_impl.controllers.pods import condition_of, is_terminal
from reference_impl.errors import AlreadyExists, Conflict, NotFound
from reference_impl.objects import (
    controller_of,
    copy_json,
    is_deleting,
    name_of,
    namespace_of,
    owner_reference,
    uid_of,
)
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Result, Retry

API_VERSION = "apps/v1"
KIND = "Deployment"


class DeploymentPass:
    """One pass over one Deployment and its ReplicaSets, as the cache shows them and as this pass changes them."""

    def __init__(self, client: Client, deployment: JsonObject, replica_sets: list[JsonObject]) -> None:
        self.client = client
        self.deployment = deployment
        self.replica_sets = replica_sets
        self.new = rollout.new_of(deployment, replica_sets)

    @property
    def old(self) -> list[JsonObject]:
        return [item for item in self.replica_sets if item is not self.new]

    # --------------------------------------------------------------------------------------------------- strategies

    async def roll(self) -> Result | None:
        """RollingUpdate: up within the surge, then down within what must stay available; one step a pass."""
        new = await self._ensure_new()
        if await self._resize(new, self._new_size(new)):
            return await self.report_progress()
        sizes = rollout.old_scale_downs(self.deployment, self.replica_sets, new)
        if not await self._resize_all(sizes):
            await self._clean_up()
        return await self.report_progress()

    async def recreate(self) -> Result | None:
        """Recreate: nothing new before everything old has ended."""
        busy = [item for item in self.old if rollout.replicas_of(item) > 0]
        if busy:
            await self._resize_all({name_of(item): 0 for item in busy})
            return await self.report_progress()
        if self.old and await self._old_pods_run():
            return await self.report_progress()
        new = await self._ensure_new()
        if not await self._resize(new, rollout.replicas_of(self.deployment)):
            await self._clean_up()
        return await self.report_progress()

    async def scale(self) -> Result | None:
        """Paused, or the size was changed: give the change to the ReplicaSets there are, in proportion."""
        if self.new is not None:
            self.new = await self._annotate_new(self.new)
        busy = rollout.active(self.replica_sets)
        wanted = rollout.replicas_of(self.deployment)
        if len(busy) <= 1:
            only = busy[0] if busy else self.new or (self.replica_sets[-1] if self.replica_sets else None)
            if only is not None:
                await self._resize(only, wanted)
        elif self._is_saturated():
            await self._resize_all({name_of(item): 0 for item in busy if item is not self.new})
        elif rollout.is_rolling(self.deployment):
            await self._resize_all(rollout.proportional(self.deployment, self.replica_sets))
        if self.deployment["spec"].get("paused"):
            await self._clean_up()
        return await self.report_counts()

    def _new_size(self, new: JsonObject) -> int:
        wanted = rollout.replicas_of(self.deployment)
        if rollout.replicas_of(new) >= wanted:
            return wanted
        return rollout.new_replicas(self.deployment, self.replica_sets, new)

    def _is_saturated(self) -> bool:
        """`IsSaturated`: the new ReplicaSet was told the whole size, has it, and all of it is available."""
        if self.new is None:
            return False
        wanted = rollout.replicas_of(self.deployment)
        told = (self.new["metadata"].get("annotations") or {}).get(rollout.DESIRED_REPLICAS)
        available = rollout.counted([self.new], "availableReplicas")
        return told == str(wanted) and rollout.replicas_of(self.new) == wanted and available == wanted

    async def _old_pods_run(self) -> bool:
        """Is any pod of an older template still there, terminating ones included? Asked live: a cache that lags shows
        none, and then two versions would run at once."""
        if any(rollout.counted([item], "replicas") or not rollout.is_observed(item) for item in self.old):
            return True
        of_new = uid_of(self.new) if self.new else None
        selects = match_expressions(self.deployment["spec"]["selector"])
        answer = await self.client.live.list("v1", "Pod", namespace_of(self.deployment))
        for pod in answer["items"]:
            owner = controller_of(pod)
            if selects(labels_of(pod)) and not is_terminal(pod) and (owner is None or owner["uid"] != of_new):
                return True
        return False

    # ---------------------------------------------------------------------------------------------- the new ReplicaSet

    async def _ensure_new(self) -> JsonObject:
        """The ReplicaSet of the present template, made if need be, with its annotations as they ought to be."""
        if self.new is not None:
            self.new = await self._annotate_new(self.new)
            return self.new
        await self._confirm_template()
        wanted = self._new_object()
        try:
            self.new = await self.client.create(wanted)
        except AlreadyExists:
            self.new = await self._take_existing(wanted)
        self.replica_sets = [*self.replica_sets, self.new]
        await self._set_revision(rollout.revision_of(self.new))
        return self.new

    async def _confirm_template(self) -> None:
        """A new ReplicaSet starts a rollout: not for a template that a lagging replica remembers."""
        fresh = await self.client.live.get(API_VERSION, KIND, name_of(self.deployment), namespace_of(self.deployment))
        same = fresh["metadata"].get("generation") == self.deployment["metadata"].get("generation")
        if uid_of(fresh) != uid_of(self.deployment) or not same or is_deleting(fresh):
            raise Retry(reason=f"deployment {name_of(fresh)} has changed: the event that says how is on its way")

    def _new_object(self) -> JsonObject:
        deployment = self.deployment
        spec = deployment["spec"]
        name = rollout.template_hash(spec["template"], (deployment.get("status") or {}).get("collisionCount"))
        template = copy_json(spec["template"])
        labels = template.setdefault("metadata", {}).setdefault("labels", {})
        labels[rollout.HASH_LABEL] = name
        selector = copy_json(spec["selector"])
        selector.setdefault("matchLabels", {})[rollout.HASH_LABEL] = name
        revision = max((rollout.revision_of(item) for item in self.replica_sets), default=0) + 1
        annotations = rollout.replica_set_annotations(deployment, revision, None)
        return {
            "apiVersion": API_VERSION,
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"{name_of(deployment)}-{name}",
                "namespace": namespace_of(deployment),
                "labels": labels,
                "annotations": {**annotations, **rollout.size_annotations(deployment)},
                "ownerReferences": [owner_reference(deployment)],
            },
            "spec": {
                "replicas": rollout.new_replicas(deployment, self.replica_sets, None),
                "minReadySeconds": spec.get("minReadySeconds", 0),
                "selector": selector,
                "template": template,
            },
        }

    async def _take_existing(self, wanted: JsonObject) -> JsonObject:
        """The name is taken: by this very ReplicaSet (a repeated create, a cache that lags), or by a collision."""
        there = await self.client.live.get(API_VERSION, "ReplicaSet", name_of(wanted), namespace_of(wanted))
        owner = controller_of(there)
        ours = owner is not None and owner["uid"] == uid_of(self.deployment)
        if ours and rollout.same_template(there["spec"]["template"], wanted["spec"]["template"]):
            return there
        status = dict(self.deployment.get("status") or {})
        status["collisionCount"] = int(status.get("collisionCount") or 0) + 1
        self.deployment["status"] = status
        await self.client.update_status(self.deployment)
        raise Retry(reason=f"ReplicaSet {name_of(wanted)} belongs to another template: hashing again")

    async def _annotate_new(self, new: JsonObject) -> JsonObject:
        """Its revision is above all older ones, minReadySeconds and the Deployment's annotations are passed on."""
        revision = max((rollout.revision_of(item) for item in self.old), default=0) + 1
        annotations = rollout.replica_set_annotations(self.deployment, revision, new)
        min_ready = self.deployment["spec"].get("minReadySeconds", 0)
        if annotations != (new["metadata"].get("annotations") or {}) or min_ready != new["spec"].get(
            "minReadySeconds", 0
        ):
            changed = copy_json(new)
            changed["metadata"]["annotations"] = annotations
            changed["spec"]["minReadySeconds"] = min_ready
            changed = await self.client.update(changed)
            self._replace(new, changed)
            new = changed
        await self._set_revision(rollout.revision_of(new))
        return new

    async def _set_revision(self, revision: int) -> None:
        """Say on the Deployment which revision it is at."""
        if rollout.revision_of(self.deployment) == revision:
            return
        metadata = self.deployment["metadata"]
        body = {
            "metadata": {
                "uid": metadata["uid"],
                "resourceVersion": metadata["resourceVersion"],
                "annotations": {rollout.REVISION: str(revision)},
            }
        }
        answer = await self.client.patch(
            API_VERSION, KIND, metadata["name"], metadata["namespace"], body=body, type="strategic"
        )
        self.deployment["metadata"] = answer["metadata"]

    # ----------------------------------------------------------------------------------------------------------- sizes

    async def _resize_all(self, sizes: dict[str, int]) -> bool:
        changed = False
        for replica_set in list(self.replica_sets):
            if name_of(replica_set) in sizes:
                changed = await self._resize(replica_set, sizes[name_of(replica_set)]) or changed
        return changed

    async def _resize(self, replica_set: JsonObject, replicas: int) -> bool:
        """Scale one ReplicaSet and tell it the Deployment's size. True if its replicas changed."""
        told = rollout.size_annotations(self.deployment)
        annotations = replica_set["metadata"].get("annotations") or {}
        same_size = rollout.replicas_of(replica_set) == replicas
        if same_size and told.items() <= annotations.items():
            return False
        changed = copy_json(replica_set)
        changed["metadata"]["annotations"] = {**annotations, **told}
        changed["spec"]["replicas"] = replicas
        self._replace(replica_set, await self.client.update(changed))
        return not same_size

    def _replace(self, before: JsonObject, after: JsonObject) -> None:
        self.replica_sets = [after if item is before else item for item in self.replica_sets]
        if self.new is before:
            self.new = after

    async def _clean_up(self) -> None:
        """Delete old ReplicaSets beyond the history limit, once the rollout is complete."""
        status = report.status_of(self.deployment, self.replica_sets, self.new, self.client.now())
        surplus = rollout.to_clean_up(self.deployment, self.old)
        done = self.deployment["spec"].get("paused") or report.is_complete(self.deployment, status)
        if not surplus or self.new is None or not done:
            return
        await self._confirm_template()
        for replica_set in surplus:
            metadata = replica_set["metadata"]
            try:
                await self.client.delete(
                    API_VERSION,
                    "ReplicaSet",
                    metadata["name"],
                    metadata["namespace"],
                    uid=metadata["uid"],
                    resource_version=metadata["resourceVersion"],
                )
            except (NotFound, Conflict):
                continue  # gone, or changed since: the event will bring us back

    # ---------------------------------------------------------------------------------------------------------- status

    async def note_pause(self) -> None:
        """A paused rollout has no deadline, a resumed one a fresh one (`checkPausedConditions`)."""
        if report.deadline_s(self.deployment) is None:
            return
        current = condition_of(self.deployment, "Progressing")
        reason = (current or {}).get("reason")
        if reason == report.TIMED_OUT:
            return
        paused = bool(self.deployment["spec"].get("paused"))
        if paused == (reason == report.PAUSED):
            return
        words = (report.PAUSED, "Deployment is paused") if paused else (report.RESUMED, "Deployment is resumed")
        status = dict(self.deployment.get("status") or {})
        conditions = list(status.get("conditions") or ())
        now = self.client.now()
        status["conditions"] = report.with_condition(conditions, "Progressing", "Unknown", *words, now=now)
        await self._write(status)

    async def report_counts(self) -> Result | None:
        """The status without a judgement on progress."""
        await self._write(report.status_of(self.deployment, self.replica_sets, self.new, self.client.now()))
        return None

    async def report_progress(self) -> Result | None:
        """The whole status; comes back when the progress deadline is to be checked."""
        now = self.client.now()
        status = report.status_of(self.deployment, self.replica_sets, self.new, now)
        status, again_in_s = report.with_progress(self.deployment, status, self.new, now)
        await self._write(report.with_replica_failure(status, self.new, self.old, now))
        return None if again_in_s is None else Result(requeue_after_s=again_in_s)

    async def _write(self, status: JsonObject) -> None:
        if status == (self.deployment.get("status") or {}):
            return
        self.deployment["status"] = status
        answer = await self.client.update_status(self.deployment)
        self.deployment["metadata"] = answer["metadata"]

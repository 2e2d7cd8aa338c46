"""The workload: what is there before the users come, what they create, and what else they might do.

Workload and weather are separate lists in a schedule: a controller must cope with the first on a sunny day, and a
workload that does not converge in fair weather says nothing about storms. So generated workloads are few, sensible and
mostly short, and each is tried against the schema first: every action was accepted once by a throw-away API server on
which nothing but users acted.

Not modelled here: spacing between actions (the machine's), and users whose objects have generated names.
"""

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from harness.actions import Action, describe
from harness.edits import choices, extra_values, merge_patch, replicas_path, value_at
from harness.errors import UsageError
from harness.manifests import CRD, create, scratch_server
from harness.user import perform
from reference_impl.apiserver.server import ApiServer
from reference_impl.errors import ApiError, NotFound
from reference_impl.kinds import KindInfo
from reference_impl.objects import copy_json
from reference_impl.protocol import ApiRequest, JsonObject

if TYPE_CHECKING:
    from harness.trial import Trial

__all__ = ["WorkloadPool", "describe", "initial", "perform", "setup_objects"]

_SUPPORTING = ("ConfigMap", "Secret", "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding",
               "PriorityClass", "StorageClass", "PersistentVolume", "Node")  # fmt: skip
"""Kinds that users seldom touch once they are there. Custom kinds are chosen twice as often as other main kinds, and
those four times as often as these."""

_OWNED: dict[str, tuple[tuple[str, str], ...]] = {
    "Deployment": (("apps/v1", "ReplicaSet"),),
    "ReplicaSet": (("v1", "Pod"),),
    "StatefulSet": (("v1", "Pod"),),
    "DaemonSet": (("v1", "Pod"),),
    "Job": (("v1", "Pod"),),
    "CronJob": (("batch/v1", "Job"),),
    "Service": (("discovery.k8s.io/v1", "EndpointSlice"),),
}

_LABEL = "seatrial.dev/touched"


def setup_objects(trial: "Trial") -> list[JsonObject]:
    """CustomResourceDefinitions and Namespaces of the manifests: there before step 0, not actions."""
    return [obj for obj in trial.objects if obj["kind"] in (CRD, "Namespace")]


def initial(trial: "Trial") -> list[Action]:
    """The creates of all other manifests, in order."""
    return [{"do": "create", "object": obj} for obj in trial.objects if obj["kind"] not in (CRD, "Namespace")]


class WorkloadPool:
    """Sequences of further user actions, after `initial`.

    Args:
        seed: the pool is a pure function of the trial's manifests, edits, facts and this.
        size: how many different ones, at most (a trial with little to do has fewer).
        length: the longest.

    Raises:
        UsageError: `edits` name a kind or a value that no given object accepts.
    """

    def __init__(self, trial: "Trial", seed: int, size: int = 24, length: int = 8) -> None:
        self.workloads: list[list[Action]] = []
        self._random = random.Random(f"workload/{seed}")
        self._cast = _Cast(trial)
        for plan in self._simple():
            self._keep(plan)
        for _ in range(4 * size):
            if len(self.workloads) >= size or not self._cast.objects:
                break
            self._keep(self._longer(length))
        del self.workloads[size:]

    def _keep(self, workload: list[Action]) -> None:
        if workload not in self.workloads:
            self.workloads.append(workload)

    def _simple(self) -> list[list[Action]]:
        """Nothing; then each thing a user can do with the first object, alone."""
        plans: list[list[Action]] = [[]]
        if not self._cast.objects:
            return plans
        first = self._cast.objects[0]
        deciders: list[Callable[[_Rehearsal, JsonObject], list[Action]]] = [
            self._edit,
            lambda rehearsal, obj: [_delete(obj)],
            lambda rehearsal, obj: [_delete(obj), {"do": "create", "object": obj}],
            lambda rehearsal, obj: self._cast.scale(rehearsal, obj, up=True),
            lambda rehearsal, obj: self._cast.scale(rehearsal, obj, up=False),
            lambda rehearsal, obj: self._cast.delete_owned(obj, 0),
        ]
        for decide in deciders:
            rehearsal = _Rehearsal(self._cast)
            plan = decide(rehearsal, first)
            if plan and all(rehearsal.accepts(action) for action in plan):
                plans.append(plan)
        return plans

    def _longer(self, length: int) -> list[Action]:
        rng = self._random
        wanted = 1
        while wanted < length and rng.random() < 0.55:
            wanted += 1
        rehearsal = _Rehearsal(self._cast)
        plan: list[Action] = []
        for _ in range(4 * wanted):
            actions = self._decide(rehearsal)
            if len(plan) + len(actions) > length or not all(rehearsal.accepts(action) for action in actions):
                continue
            plan.extend(actions)
            if len(plan) >= wanted or (actions and actions[-1]["do"] == "delete_namespace"):
                break
        return plan

    def _decide(self, rehearsal: "_Rehearsal") -> list[Action]:
        """What a user does next; [] if the dice fell on what is not possible now."""
        rng, cast = self._random, self._cast
        obj = rng.choices(cast.objects, cast.weights)[0]
        if not rehearsal.alive(obj):
            return [{"do": "create", "object": obj}]
        dice = rng.random()
        if dice < 0.38:
            return self._edit(rehearsal, obj)
        if dice < 0.55:
            return cast.scale(rehearsal, obj, up=rng.random() < 0.5)
        if dice < 0.65:
            return [{"do": "label", **_target(obj), "labels": {_LABEL: str(rng.randint(1, 3))}}]
        if dice < 0.75:
            return [{**_delete(obj), **({"propagation": "Foreground"} if rng.random() < 0.2 else {})}]
        if dice < 0.87:
            return [_delete(obj), {"do": "create", "object": obj}]
        if dice < 0.97 or not cast.namespaces:
            return cast.delete_owned(obj, rng.randint(0, 1))
        return [{"do": "delete_namespace", "name": rng.choice(cast.namespaces)}]

    def _edit(self, rehearsal: "_Rehearsal", obj: JsonObject) -> list[Action]:
        options = list(self._cast.edits[_kind_of(obj)].items())
        self._random.shuffle(options)
        now = rehearsal.get(obj)
        for path, values in options:
            others = [value for value in values if value != value_at(now, path)]
            if others:
                value = self._random.choice(others)
                return [{"do": "patch", **_target(obj), "body": merge_patch(path, value)}]
        return []


class _Cast:
    """What users have to do with: the named objects of the manifests, main ones first, and what they might change."""

    def __init__(self, trial: "Trial") -> None:
        self.given = list(trial.objects)
        self.base = scratch_server(self.given)
        named = [a["object"] for a in initial(trial) if a["object"]["metadata"].get("name")]
        self.objects = sorted(named, key=self._rank)
        self.weights = [(8, 4, 1)[self._rank(obj)] for obj in self.objects]
        self.namespaces = [obj["metadata"]["name"] for obj in self.given if obj["kind"] == "Namespace"]
        extra = extra_values(trial.edits)
        for kind in extra:
            if not any(obj["kind"] == kind for obj in self.objects):
                raise UsageError(f"edits: no manifest is of kind {kind!r}: add one, or correct the kind")
        kinds = dict.fromkeys(_kind_of(obj) for obj in self.objects)
        self.edits = {
            kind: choices(self.info(kind), [o for o in self.objects if _kind_of(o) == kind], extra.get(kind[1], {}))
            for kind in kinds
        }
        for kind, fields in extra.items():
            for path, values in fields.items():
                self._check_edit(kind, path, values)
        self._written = dict.fromkeys(
            kind for part in trial.facts.components if part.under_test for kind in part.kinds_written
        )

    def info(self, kind: tuple[str, str]) -> KindInfo:
        return self.base.kinds.resolve(*kind)

    def _rank(self, obj: JsonObject) -> int:
        """0 custom, 1 built-in, 2 supporting."""
        if obj["kind"] in _SUPPORTING:
            return 2
        return 0 if self.info(_kind_of(obj)).crd else 1

    def scale(self, rehearsal: "_Rehearsal", obj: JsonObject, *, up: bool) -> list[Action]:
        """Two up, or one down; through the scale subresource where there is one."""
        info = self.info(_kind_of(obj))
        path = replicas_path(info)
        allowed = self.edits[_kind_of(obj)].get(path, [])
        now = value_at(rehearsal.get(obj), path)
        if now is None and allowed:
            now = 1
        wanted = now + (2 if up else -1) if isinstance(now, int) else None
        if wanted is None or wanted not in allowed:
            return []
        if "scale" in info.subresources:
            return [{"do": "scale", **_target(obj), "replicas": wanted}]
        return [{"do": "patch", **_target(obj), "body": merge_patch(path, wanted)}]

    def delete_owned(self, obj: JsonObject, index: int) -> list[Action]:
        """A child of the object, of a kind that its controller is known to make. For custom kinds: seen to write."""
        kinds = _OWNED.get(obj["kind"], ()) if not self.info(_kind_of(obj)).crd else tuple(self._written)
        made = [kind for kind in kinds if kind != _kind_of(obj) and kind[1] not in ("Event", "Lease")]
        if not made:
            return []
        api_version, kind = made[index % len(made)]
        namespace = obj["metadata"].get("namespace")
        named = {"api_version": api_version, "kind": kind, "namespace": namespace, "index": 0}
        return [{"do": "delete_owned", "owner": _target(obj), **named}]

    def _check_edit(self, kind: str, path: tuple[str, ...], values: list[Any]) -> None:
        """A value nobody accepts is a misspelt field or a wrong type, and would silently never be tried."""
        refusal = ""
        for obj in self.objects:
            for value in values if obj["kind"] == kind else ():
                action = {"do": "patch", **_target(obj), "body": merge_patch(path, value)}
                try:
                    after = self.base.handle(_request(action, dry_run=True))
                except ApiError as error:
                    refusal = " ".join(error.message.split())
                    continue
                if value is None or value_at(after, path) == value:
                    return
                refusal = "the field is not in the schema and would be dropped"
        dotted = ".".join(path)
        raise UsageError(f"edits: no given {kind} accepts any value of {kind}.{dotted}: {refusal}. Correct one of them")


class _Rehearsal:
    """Acts a workload out on a throw-away server, with nobody but users at work."""

    def __init__(self, cast: _Cast) -> None:
        self._cast = cast
        self._own: ApiServer | None = None

    @property
    def _server(self) -> ApiServer:
        """The shared server until the first write: most plans are short, and a server takes a millisecond."""
        return self._own or self._cast.base

    def alive(self, obj: JsonObject) -> bool:
        return self.get(obj) is not None

    def get(self, obj: JsonObject) -> JsonObject | None:
        try:
            return self._server.handle(_request({"do": "get", **_target(obj)}))
        except NotFound:
            return None

    def accepts(self, action: Action) -> bool:
        """Do it; False if a server would refuse it."""
        if action["do"] == "delete_owned":
            return True
        if self._own is None:
            self._own = scratch_server(self._cast.given)
        try:
            if action["do"] == "create":
                create(self._own, action["object"])
                return True
            before = self._own.store.revision
            self._own.handle(_request(action))
            if action["do"] == "delete":
                self._let_go(action)
            # Writes that change nothing keep the revision: not worth a user's time.
            return self._own.store.revision > before
        except ApiError:
            return False

    def _let_go(self, action: Action) -> None:
        """Controllers would take their finalizers off; here nobody does."""
        try:
            self._server.handle(_request({**action, "do": "patch", "body": {"metadata": {"finalizers": None}}}))
        except NotFound:
            return


def _kind_of(obj: JsonObject) -> tuple[str, str]:
    return obj["apiVersion"], obj["kind"]


def _target(obj: JsonObject) -> Action:
    metadata = obj["metadata"]
    return {
        "api_version": obj["apiVersion"],
        "kind": obj["kind"],
        "name": metadata["name"],
        "namespace": metadata.get("namespace") or None,
    }


def _delete(obj: JsonObject) -> Action:
    return {"do": "delete", **_target(obj)}


def _request(action: Action, *, dry_run: bool = False) -> ApiRequest:
    verb = action["do"]
    body: Any = action.get("body")
    if verb == "scale":
        body = {"spec": {"replicas": action["replicas"]}}
    elif verb == "label":
        body = {"metadata": {"labels": action["labels"]}}
    if verb == "delete_namespace":
        return ApiRequest(verb="delete", api_version="v1", kind="Namespace", name=action["name"], user="user")
    return ApiRequest(
        verb="patch" if verb in ("scale", "label") else verb,
        api_version=action["api_version"],
        kind=action["kind"],
        name=action["name"],
        namespace=action["namespace"],
        subresource="scale" if verb == "scale" else None,
        body=copy_json(body),
        patch_type="merge" if body is not None else None,
        propagation=action.get("propagation"),
        dry_run=dry_run,
        user="user",
    )

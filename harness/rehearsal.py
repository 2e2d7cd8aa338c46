"""A workload acted out beforehand: what there is to do for users, and whether a server would let them.

Every planned action is first carried out on a throw-away API server on which nothing but users acts, so that what is
generated is valid against schemas, immutable fields and transition rules, and changes something.

Not modelled here: what controllers do meanwhile. An object with a controller's finalizer goes at once in a rehearsal.
"""

from typing import TYPE_CHECKING, Any

from harness.actions import Action
from harness.edits import choices, extra_values, merge_patch, replicas_path, value_at
from harness.errors import UsageError
from harness.manifests import CRD, create, scratch_server
from reference_impl.apiserver.server import ApiServer
from reference_impl.errors import ApiError, NotFound
from reference_impl.kinds import KindInfo
from reference_impl.objects import copy_json
from reference_impl.protocol import ApiRequest, JsonObject

if TYPE_CHECKING:
    from harness.trial import Trial

SET_UP = (CRD, "Namespace")
"""Kinds that are there before users come: their manifests are no actions."""

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


class Cast:
    """What users have to do with: the named objects of the manifests, main ones first, and what they might change."""

    def __init__(self, trial: "Trial") -> None:
        self.given = list(trial.objects)
        self.base = scratch_server(self.given)
        named = [obj for obj in self.given if obj["kind"] not in SET_UP and obj["metadata"].get("name")]
        self.objects = sorted(named, key=self._rank)
        self.weights = [(8, 4, 1)[self._rank(obj)] for obj in self.objects]
        self.namespaces = [obj["metadata"]["name"] for obj in self.given if obj["kind"] == "Namespace"]
        extra = extra_values(trial.edits)
        for kind in extra:
            if not any(obj["kind"] == kind for obj in self.objects):
                raise UsageError(f"edits: no manifest is of kind {kind!r}: add one, or correct the kind")
        kinds = dict.fromkeys(kind_of(obj) for obj in self.objects)
        self.edits = {
            kind: choices(
                self.info(kind),
                [o for o in self.objects if kind_of(o) == kind],
                extra.get(kind[1], {}),
                fuzz=trial.fuzz_spec,
            )
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
        return 0 if self.info(kind_of(obj)).crd else 1

    def scale(self, rehearsal: "Rehearsal", obj: JsonObject, *, up: bool) -> list[Action]:
        """Two up, or one down; through the scale subresource where there is one."""
        info = self.info(kind_of(obj))
        path = replicas_path(info)
        allowed = self.edits[kind_of(obj)].get(path, [])
        now = value_at(rehearsal.get(obj), path)
        if now is None and allowed:
            now = 1
        wanted = now + (2 if up else -1) if isinstance(now, int) else None
        if wanted is None or wanted not in allowed:
            return []
        if "scale" in info.subresources:
            return [{"do": "scale", **target_of(obj), "replicas": wanted}]
        return [{"do": "patch", **target_of(obj), "body": merge_patch(path, wanted)}]

    def delete_owned(self, obj: JsonObject, index: int) -> list[Action]:
        """A child of the object, of a kind that its controller is known to make. For custom kinds: seen to write."""
        kinds = _OWNED.get(obj["kind"], ()) if not self.info(kind_of(obj)).crd else tuple(self._written)
        made = [kind for kind in kinds if kind != kind_of(obj) and kind[1] not in ("Event", "Lease")]
        if not made:
            return []
        api_version, kind = made[index % len(made)]
        namespace = obj["metadata"].get("namespace")
        named = {"api_version": api_version, "kind": kind, "namespace": namespace, "index": 0}
        return [{"do": "delete_owned", "owner": target_of(obj), **named}]

    def _check_edit(self, kind: str, path: tuple[str, ...], values: list[Any]) -> None:
        """A value nobody accepts is a misspelt field or a wrong type, and would silently never be tried."""
        refusal = ""
        for obj in self.objects:
            for value in values if obj["kind"] == kind else ():
                action = {"do": "patch", **target_of(obj), "body": merge_patch(path, value)}
                try:
                    after = self.base.handle(request_of(action, dry_run=True))
                except ApiError as error:
                    refusal = " ".join(error.message.split())
                    continue
                if value is None or value_at(after, path) == value:
                    return
                refusal = "the field is not in the schema and would be dropped"
        dotted = ".".join(path)
        raise UsageError(f"edits: no given {kind} accepts any value of {kind}.{dotted}: {refusal}. Correct one of them")


class Rehearsal:
    """Acts a workload out on a throw-away server, with nobody but users at work."""

    def __init__(self, cast: Cast) -> None:
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
            return self._server.handle(request_of({"do": "get", **target_of(obj)}))
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
            self._own.handle(request_of(action))
            if action["do"] == "delete":
                self._let_go(action)
            # Writes that change nothing keep the revision: not worth a user's time.
            return self._own.store.revision > before
        except ApiError:
            return False

    def _let_go(self, action: Action) -> None:
        """Controllers would take their finalizers off; here nobody does."""
        try:
            self._server.handle(request_of({**action, "do": "patch", "body": {"metadata": {"finalizers": None}}}))
        except NotFound:
            return


def kind_of(obj: JsonObject) -> tuple[str, str]:
    return obj["apiVersion"], obj["kind"]


def target_of(obj: JsonObject) -> Action:
    metadata = obj["metadata"]
    return {
        "api_version": obj["apiVersion"],
        "kind": obj["kind"],
        "name": metadata["name"],
        "namespace": metadata.get("namespace") or None,
    }


def request_of(action: Action, *, dry_run: bool = False) -> ApiRequest:
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

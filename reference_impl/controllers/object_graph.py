"""Who owns whom, by the garbage collector's caches: a hint about where to look, never a reason to delete.

Nodes are objects that have been observed; edges come from their owner references. An owner that is referred to and has
not been observed has no node, only dependents. The graph says what a change calls for (`Suspects`); whoever acts on it
looks live.

The original keeps virtual nodes for owners that it has not observed, and needs care when two references give one uid
different coordinates (kubernetes#65200, #88097, #98040). Here a dependent whose owner is not observed, or not where the
reference says, is itself the suspect, and every reference is checked by its own coordinates.

Source: `pkg/controller/garbagecollector/{graph,graph_builder}.go`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from reference_impl.objects import group_of, is_deleting
from reference_impl.protocol import JsonObject

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"


@dataclass(frozen=True, slots=True)
class Identity:
    """Full coordinates of one object."""

    api_version: str
    kind: str
    namespace: str | None
    name: str
    uid: str

    @property
    def versionless(self) -> tuple[str, str, str, str]:
        """The same object in whatever version, and whether or not its kind's scope is still known."""
        return group_of(self.api_version), self.kind, self.name, self.uid


@dataclass(slots=True)
class Node:
    """One observed object. `owners` are its references by uid."""

    identity: Identity
    owners: dict[str, JsonObject] = field(default_factory=dict)
    is_deleting: bool = False
    is_foreground: bool = False
    """Being deleted, and waits for its dependents to go first."""
    is_orphaning: bool = False
    """Being deleted, and its dependents are to be kept."""


@dataclass(slots=True)
class Suspects:
    """What a change calls for: uids to look at, and owners whose dependents are to be orphaned."""

    to_check: dict[str, None] = field(default_factory=dict)
    to_orphan: dict[str, None] = field(default_factory=dict)


class ObjectGraph:
    """The graph, changed one event at a time."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self._dependents: dict[str, dict[str, None]] = {}
        self._gone: dict[tuple[str, str, str, str], None] = {}

    def dependents(self, uid: str) -> list[Node]:
        """Observed objects with a reference to this uid, in the order in which they came."""
        return [self.nodes[dependent] for dependent in self._dependents.get(uid, ())]

    def was_removed(self, identity: Identity) -> bool:
        """Has the end of this very object been observed? (Of the last few thousand.)"""
        return identity.versionless in self._gone

    def owners_are_well(self, node: Node) -> bool:
        """Is every owner observed where the reference says, and none waiting for its dependents to go?"""
        for uid, reference in node.owners.items():
            owner = self.nodes.get(uid)
            if owner is None or owner.is_foreground or not _matches(reference, owner.identity, node.identity.namespace):
                return False
        return True

    # ----------------------------------------------------------------------------------------------------- changes

    def put(self, api_version: str, kind: str, obj: JsonObject) -> Suspects:
        """An object was added or changed."""
        metadata = obj["metadata"]
        suspects = Suspects()
        node = self.nodes.get(metadata["uid"])
        if node is None:
            identity = Identity(api_version, kind, metadata.get("namespace"), metadata["name"], metadata["uid"])
            node = self.nodes[metadata["uid"]] = Node(identity)
        self._relink(node, metadata.get("ownerReferences") or (), suspects)
        deleting, finalizers = is_deleting(obj), metadata.get("finalizers") or ()
        node.is_deleting = deleting
        if deleting and ORPHAN in finalizers and not node.is_orphaning:
            suspects.to_orphan[node.identity.uid] = None
        if deleting and FOREGROUND in finalizers and not node.is_foreground:
            suspects.to_check.update(self._dependents.get(node.identity.uid, {}))
            suspects.to_check[node.identity.uid] = None
        node.is_orphaning = deleting and ORPHAN in finalizers
        node.is_foreground = deleting and FOREGROUND in finalizers
        return suspects

    def remove(self, uid: str) -> Suspects:
        """An object is gone: its dependents may have to follow, owners that waited for it may go on."""
        suspects = Suspects()
        node = self.nodes.pop(uid, None)
        if node is None:
            return suspects
        self._gone[node.identity.versionless] = None
        if len(self._gone) > _GONE_MAX:
            self._gone.pop(next(iter(self._gone)))
        for owner in node.owners:
            self._unlink(owner, uid)
            if owner in self.nodes and self.nodes[owner].is_foreground:
                suspects.to_check[owner] = None
        suspects.to_check.update(self._dependents.get(uid, {}))
        return suspects

    def _relink(self, node: Node, references: Iterable[JsonObject], suspects: Suspects) -> None:
        uid = node.identity.uid
        before, node.owners = node.owners, {str(reference["uid"]): reference for reference in references}
        for owner, reference in before.items():
            now = node.owners.get(owner)
            if now is None:
                self._unlink(owner, uid)
            if reference.get("blockOwnerDeletion") and not (now and now.get("blockOwnerDeletion")):
                suspects.to_check[owner] = None
        for owner, reference in node.owners.items():
            if before.get(owner) == reference:
                continue
            self._dependents.setdefault(owner, {})[uid] = None
            there = self.nodes.get(owner)
            if there is None or there.is_foreground or not _matches(reference, there.identity, node.identity.namespace):
                suspects.to_check[uid] = None

    def _unlink(self, owner: str, dependent: str) -> None:
        dependents = self._dependents.get(owner)
        if dependents is not None:
            dependents.pop(dependent, None)
            if not dependents:
                del self._dependents[owner]


_GONE_MAX = 4096
"""Arbitrary: removals are asked about soon after they happened, or never."""


def _matches(reference: JsonObject, owner: Identity, namespace: str | None) -> bool:
    """Do the reference's coordinates name this object, seen from a dependent in `namespace`? Versions do not matter."""
    return (
        reference.get("kind") == owner.kind
        and reference.get("name") == owner.name
        and group_of(str(reference.get("apiVersion"))) == group_of(owner.api_version)
        and owner.namespace in (None, namespace)
    )

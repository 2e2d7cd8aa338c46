"""Who controls what: sorting dependents by owner, adopting the orphans among them, releasing what no longer matches.

An owner of dependents adopts an orphan that its selector selects, and releases a dependent that it selects no longer;
what another owner controls it leaves alone. Adoption is only ever written with the orphan's uid and resourceVersion as
preconditions, and only by an owner that was read live and not under deletion: kubernetes#42639 was an owner that
re-adopted, from its cache, what the garbage collector had just orphaned.

Source: `controller.PodControllerRefManager`. Not modelled: adoption across kinds.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from reference_impl.apiserver.selectors import LabelsPredicate, match_expressions
from reference_impl.objects import controller_of, is_deleting, name_of, namespace_of, owner_reference, uid_of
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client, Request


def labels_of(obj: JsonObject) -> dict[str, str]:
    return obj["metadata"].get("labels") or {}


def selector_of(owner: JsonObject) -> LabelsPredicate:
    """The predicate over labels that `spec.selector` stands for (a `metav1.LabelSelector`)."""
    return match_expressions(owner["spec"].get("selector"))


@dataclass(frozen=True, slots=True)
class Ownership:
    """Dependents as one owner sees them: those it controls, those it may adopt, those it must let go."""

    owned: list[JsonObject]
    orphans: list[JsonObject]
    strays: list[JsonObject]


def sort_by_owner(
    owner: JsonObject, candidates: Iterable[JsonObject], selects: Callable[[JsonObject], bool]
) -> Ownership:
    """Sort candidates, all of the owner's namespace. An owner under deletion neither adopts nor releases."""
    uid, may_claim = uid_of(owner), not is_deleting(owner)
    owned: list[JsonObject] = []
    orphans: list[JsonObject] = []
    strays: list[JsonObject] = []
    for candidate in candidates:
        controller = controller_of(candidate)
        if controller is None:
            if may_claim and not is_deleting(candidate) and selects(candidate):
                orphans.append(candidate)
        elif controller.get("uid") == uid:
            if selects(candidate):
                owned.append(candidate)
            elif may_claim:
                strays.append(candidate)
    return Ownership(owned, orphans, strays)


async def adopt(
    client: Client, api_version: str, kind: str, owner: JsonObject, orphan: JsonObject, *, finalizer: str | None = None
) -> JsonObject:
    """Make `owner`, just read live, the controller of `orphan`.

    Raises `Conflict` if the orphan changed since it was read, `NotFound` if it is gone.
    """
    metadata: JsonObject = {
        "uid": uid_of(orphan),
        "resourceVersion": orphan["metadata"]["resourceVersion"],
        "ownerReferences": [owner_reference(owner)],
    }
    if finalizer is not None:
        metadata["finalizers"] = [finalizer]
    return await client.patch(
        api_version, kind, name_of(orphan), namespace_of(orphan), body={"metadata": metadata}, type="strategic"
    )


async def release(
    client: Client, api_version: str, kind: str, owner: JsonObject, stray: JsonObject, *, finalizer: str | None = None
) -> None:
    """Give up control of `stray`, just read live. Raises `Conflict`, `NotFound` as `adopt`."""
    metadata: JsonObject = {
        "uid": uid_of(stray),
        "resourceVersion": stray["metadata"]["resourceVersion"],
        "ownerReferences": [{"$patch": "delete", "uid": uid_of(owner)}],
    }
    if finalizer is not None:
        metadata["$deleteFromPrimitiveList/finalizers"] = [finalizer]
    await client.patch(
        api_version, kind, name_of(stray), namespace_of(stray), body={"metadata": metadata}, type="strategic"
    )


def owners_wanting(client: Client, api_version: str, kind: str) -> Callable[[JsonObject], Awaitable[list[Request]]]:
    """A `Watch(map=...)` for orphans: the cached owners of that kind whose selector selects the object."""

    async def wanting(obj: JsonObject) -> list[Request]:
        if controller_of(obj) is not None or is_deleting(obj):
            return []
        namespace, labels = namespace_of(obj), labels_of(obj)
        owners = await client.list(api_version, kind, namespace)
        return [Request(namespace, name_of(owner)) for owner in owners if selector_of(owner)(labels)]

    return wanting

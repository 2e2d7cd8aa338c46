"""A user at work: carries out one action through a Client of their own.

A user behaves like a patient kubectl: creates anew only after what still terminates under that name has gone, asks
again when an answer was lost or the server was busy, and shrugs when the object is gone (the action then did nothing,
and is not recorded). The weather does not strike a user's connection, but servers restart for everybody.

Not modelled: server-side apply. `apply` creates, or merges the whole object over what is there.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from harness.actions import WAIT_TIMEOUT_S, Action
from reference_impl.errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    ConnectionLost,
    Forbidden,
    InternalError,
    NotFound,
    ServiceUnavailable,
    Timeout,
    TooManyRequests,
    Unreachable,
)
from reference_impl.objects import is_deleting
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client

POLL_S = 1.0
TERMINATING_TIMEOUT_S = 300.0
"""How long a create waits for what still terminates under its name; arbitrary, above common controller back-offs."""
ATTEMPTS = 30
"""Of one request that is answered with a transient error; arbitrary."""

_TRANSIENT = (Timeout, ConnectionLost, InternalError, ServiceUnavailable, TooManyRequests, Unreachable, Conflict)


async def perform(action: Action, client: Client) -> bool:
    """Do it, as the user whose client this is.

    Returns False if it did nothing: the object is gone (or, for a create, there already), or a wait timed out.

    Raises:
        ApiError: the server refuses it for good (Invalid, Forbidden, ...): the workload itself is wrong.
    """
    try:
        return await _PERFORM[action["do"]](action, client)
    except (NotFound, AlreadyExists):
        return False
    except Forbidden as error:
        # A terminating namespace takes nothing in: the object's home is gone.
        if "being terminated" in error.message:
            return False
        raise


async def _patiently(
    client: Client, send: Callable[[], Awaitable[Any]], *, done: tuple[type[ApiError], ...] = ()
) -> Any:
    """Send until there is an answer. After an answer that was lost, `done` means that the lost one was a success."""
    lost = False
    for attempt in range(ATTEMPTS):
        try:
            return await send()
        except ApiError as error:
            if lost and isinstance(error, done):
                return None
            if not isinstance(error, _TRANSIENT) or attempt == ATTEMPTS - 1:
                raise
            lost = lost or not error.definite
            await client.sleep(error.retry_after_s or POLL_S)
    raise AssertionError(f"ATTEMPTS={ATTEMPTS} must be above 0")


async def _create(action: Action, client: Client) -> bool:
    obj = action["object"]
    name, namespace = obj["metadata"].get("name"), obj["metadata"].get("namespace")
    deadline_s = client.monotonic_s() + TERMINATING_TIMEOUT_S
    while True:
        try:
            await _patiently(client, lambda: client.create(obj), done=(AlreadyExists,))
            return True
        except AlreadyExists:
            found = await _live(client, obj["apiVersion"], obj["kind"], name, namespace) if name else None
            if not name or (found is not None and not is_deleting(found)) or client.monotonic_s() >= deadline_s:
                return False
            if found is not None:
                await client.sleep(POLL_S)


async def _apply(action: Action, client: Client) -> bool:
    obj = {name: value for name, value in action["object"].items() if name != "status"}
    metadata = obj["metadata"]
    name, namespace = metadata["name"], metadata.get("namespace")
    if await _live(client, obj["apiVersion"], obj["kind"], name, namespace) is None:
        return await _create(action, client)
    await _patiently(client, lambda: client.patch(obj["apiVersion"], obj["kind"], name, namespace, body=obj))
    return True


async def _patch(action: Action, client: Client) -> bool:
    return await _send_patch(action, client, action["body"])


async def _label(action: Action, client: Client) -> bool:
    return await _send_patch(action, client, {"metadata": {"labels": action["labels"]}})


async def _scale(action: Action, client: Client) -> bool:
    return await _send_patch(action, client, {"spec": {"replicas": action["replicas"]}}, subresource="scale")


async def _send_patch(action: Action, client: Client, body: JsonObject, *, subresource: str | None = None) -> bool:
    await _patiently(
        client,
        lambda: client.patch(
            action["api_version"],
            action["kind"],
            action["name"],
            action.get("namespace"),
            body=body,
            type="merge",
            subresource=subresource,
        ),
    )
    return True


async def _delete(action: Action, client: Client) -> bool:
    await _patiently(
        client,
        lambda: client.delete(
            action["api_version"],
            action["kind"],
            action["name"],
            action.get("namespace"),
            propagation=action.get("propagation"),
        ),
        done=(NotFound,),
    )
    return True


async def _delete_namespace(action: Action, client: Client) -> bool:
    await _patiently(client, lambda: client.delete("v1", "Namespace", action["name"]), done=(NotFound,))
    return True


async def _delete_owned(action: Action, client: Client) -> bool:
    owner = action["owner"]
    found = await _live(client, owner["api_version"], owner["kind"], owner["name"], owner.get("namespace"))
    if found is None:
        return False
    uid = found["metadata"]["uid"]
    listed = await _patiently(
        client, lambda: client.live.list(action["api_version"], action["kind"], action.get("namespace"))
    )
    children = [
        child["metadata"]
        for child in listed["items"]
        if not is_deleting(child) and any(ref["uid"] == uid for ref in child["metadata"].get("ownerReferences") or ())
    ]
    children.sort(key=lambda metadata: (metadata["creationTimestamp"], metadata["name"]))
    index = action.get("index", 0)
    if index >= len(children):
        return False
    child = children[index]

    async def send() -> bool:
        try:
            await client.delete(
                action["api_version"], action["kind"], child["name"], child.get("namespace"), uid=child["uid"]
            )
        except Conflict:
            # Another object has the name by now: the child itself is gone.
            return False
        return True

    return await _patiently(client, send, done=(NotFound,)) is not False


async def _sleep(action: Action, client: Client) -> bool:
    await client.sleep(action["seconds"])
    return True


async def _wait(action: Action, client: Client) -> bool:
    until = action["until"]
    deadline_s = client.monotonic_s() + action.get("timeout_s", WAIT_TIMEOUT_S)
    while True:
        found = await _live(client, action["api_version"], action["kind"], action["name"], action.get("namespace"))
        if until == "deleted":
            reached = found is None
        elif until == "exists":
            reached = found is not None
        else:
            reached = found is not None and _at(found, until["path"]) == until["equals"]
        if reached or client.monotonic_s() >= deadline_s:
            return reached
        await client.sleep(POLL_S)


async def _live(client: Client, api_version: str, kind: str, name: str, namespace: str | None) -> JsonObject | None:
    try:
        found: JsonObject = await _patiently(client, lambda: client.live.get(api_version, kind, name, namespace))
    except NotFound:
        return None
    return found


def _at(obj: Any, path: str) -> Any:
    """The value at a dotted path; digits index lists. None where there is nothing."""
    for part in path.split("."):
        if isinstance(obj, list):
            obj = obj[int(part)] if part.isdigit() and int(part) < len(obj) else None
        elif isinstance(obj, dict):
            obj = obj.get(part)
        else:
            return None
    return obj


_PERFORM: dict[str, Callable[[Action, Client], Awaitable[bool]]] = {
    "create": _create,
    "apply": _apply,
    "patch": _patch,
    "scale": _scale,
    "label": _label,
    "delete": _delete,
    "wait": _wait,
    "sleep": _sleep,
    "delete_owned": _delete_owned,
    "delete_namespace": _delete_namespace,
}

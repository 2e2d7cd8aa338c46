"""Operations on requests: what is refused for a while, and who else writes first."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from harness.operations.users import as_user
from harness.process import Process
from harness.wire import Command
from reference_impl.apiserver import wording
from reference_impl.errors import ApiError, Forbidden
from reference_impl.kinds import KindInfo
from reference_impl.protocol import ApiRequest

if TYPE_CHECKING:
    from harness.world import World

Refusal = Callable[[Process, int, ApiRequest], ApiError | None]
"""(sender, server, request): why it does not get through; None: it does."""

TOUCHED = "seatrial.dev/raced"
"""The annotation by which another writer counts how often it was first."""


def refuse_for(world: "World", seconds: float, refuse: Refusal) -> None:
    """Ask `refuse` of every request that arrives, for so long or until the storm ends."""
    world.refusals.append(refuse)

    def lift() -> None:
        if refuse in world.refusals:
            world.refusals.remove(refuse)

    world.network.call_at(world.network.now_s + seconds, lift)


def deny(
    world: "World",
    *,
    why: str,
    kind: str,
    verb: str,
    seconds: float,
    component: str | None = None,
    namespace: str | None = None,
    subresource: str | None = None,
    **_: Any,
) -> bool:
    """Requests of one sort get 403 for a while: from one component, or from everybody.

    `why`: admission, permission or quota; it decides the wording.
    """

    def refuse(process: Process, _server: int, request: ApiRequest) -> ApiError | None:
        if (
            request.kind != kind
            or request.verb != verb
            or request.subresource != subresource
            or (component is not None and process.name != component)
            or (namespace is not None and request.namespace != namespace)
        ):
            return None
        return _denial(world, why, request, process.name)

    refuse_for(world, seconds, refuse)
    return True


def _denial(world: "World", why: str, request: ApiRequest, user: str) -> ApiError | None:
    info = world.kinds.find(request.api_version, request.kind)
    if info is None:
        return None  # not served: 404 comes first
    if why == "admission":
        return Forbidden('admission webhook "freeze.seatrial.dev" denied the request: writes are frozen for now')
    if why == "quota":
        return _quota_exceeded(world, info, request)
    resource = f"{info.plural}/{request.subresource}" if request.subresource else info.plural
    where = f'in the namespace "{request.namespace}"' if request.namespace else "at the cluster scope"
    return wording.forbidden(
        info,
        request.name or "",
        f'User "{user}" cannot {request.verb} resource "{resource}" in API group "{info.group}" {where}',
    )


def _quota_exceeded(world: "World", info: KindInfo, request: ApiRequest) -> ApiError:
    metadata = request.body.get("metadata", {}) if isinstance(request.body, dict) else {}
    name = request.name or metadata.get("name") or metadata.get("generateName") or ""
    used = len(world.store.list(info.resource, request.namespace or None).items)
    count = f"count/{info.resource}"
    return wording.forbidden(
        info, name, f"exceeded quota: objects, requested: {count}=1, used: {count}={used}, limited: {count}={used}"
    )


def touch(world: "World", *, command: Command | None = None, **_: Any) -> bool:
    """Another writer wins the race: the object that a command is about to change gets an annotation first."""
    if command is None or not isinstance(command.request, ApiRequest) or not command.request.name:
        return False
    request = command.request
    current = world.store.get(
        world.names.key_of(request.api_version, request.kind, request.namespace, request.name or "")
    )
    if current is None:
        return False
    marks = int((current["metadata"].get("annotations") or {}).get(TOUCHED, "0")) + 1
    return as_user(
        world,
        verb="patch",
        api_version=request.api_version,
        kind=request.kind,
        namespace=request.namespace,
        name=request.name,
        body={"metadata": {"annotations": {TOUCHED: str(marks)}}},
        patch_type="merge",
    )

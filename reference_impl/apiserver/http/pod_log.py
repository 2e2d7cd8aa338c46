"""`/log` of a pod: what its container printed, as text.

Containers are simulated and print nothing by themselves. The annotation `seatrial.dev/log` says what one printed, so
that programs that read logs have something to read; a container that has not started is refused as by a kubelet.
Following a log is a limit, refused by name.

Source: kubernetes `pkg/registry/core/pod/strategy.go` LogLocation; kubelet `validateContainerLogStatus`.
"""

from typing import Final

from reference_impl.apiserver.http.backend import Backend
from reference_impl.apiserver.http.query import Query, first, flag, number
from reference_impl.errors import BadRequest, NotImplementedByServer
from reference_impl.protocol import ApiRequest, JsonObject

LOG: Final = "seatrial.dev/log"
"""Annotation of a pod: the text that its containers have printed."""


async def read(backend: Backend, request: ApiRequest, options: Query) -> bytes:
    """The log of the container that `options` name. Raises BadRequest, NotFound, NotImplementedByServer."""
    if flag(options, "follow"):
        raise NotImplementedByServer(
            "following a log (follow=true) is not implemented by this reference server, whose containers are "
            "simulated: read it again instead"
        )
    # The pod is read as a pod: a log is not an object, and no backend needs to know of it.
    pod = await backend.request(
        ApiRequest(
            verb="get",
            api_version=request.api_version,
            kind=request.kind,
            namespace=request.namespace,
            name=request.name,
            user=request.user,
        )
    )
    container = _container(pod, first(options, "container"))
    _check_started(pod, container)
    text = str((pod["metadata"].get("annotations") or {}).get(LOG, ""))
    lines = text.splitlines(keepends=True)
    tail = number(options, "tailLines")
    if tail is not None:
        lines = lines[-tail:] if tail > 0 else []
    data = "".join(lines).encode()
    limit = number(options, "limitBytes")
    return data if limit is None else data[: max(0, limit)]


def _container(pod: JsonObject, asked: str | None) -> str:
    spec, name = pod["spec"], pod["metadata"]["name"]
    names = [each["name"] for each in spec.get("containers") or ()]
    initial = [each["name"] for each in spec.get("initContainers") or ()]
    if asked is None:
        if len(names) == 1 and not initial:
            return str(names[0])
        default = (pod["metadata"].get("annotations") or {}).get("kubectl.kubernetes.io/default-container")
        if default in names:
            return str(default)
        choices = f"[{' '.join(names)}]" + (f" or one of the init containers: [{' '.join(initial)}]" if initial else "")
        raise BadRequest(f"a container name must be specified for pod {name}, choose one of: {choices}")
    if asked not in names + initial:
        raise BadRequest(f"container {asked} is not valid for pod {name}")
    return asked


def _check_started(pod: JsonObject, container: str) -> None:
    status = pod.get("status") or {}
    for each in [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]:
        if each.get("name") == container:
            waiting = (each.get("state") or {}).get("waiting")
            if waiting is None or each.get("lastState"):
                return
            reason = waiting.get("reason") or "ContainerCreating"
            break
    else:
        if not pod["spec"].get("nodeName"):
            raise BadRequest(f"pod {pod['metadata']['name']} does not have a host assigned")
        if status.get("phase") in ("Running", "Succeeded", "Failed"):
            return
        reason = "ContainerCreating"
    raise BadRequest(f'container "{container}" in pod "{pod["metadata"]["name"]}" is waiting to start: {reason}')

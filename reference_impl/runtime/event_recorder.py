"""Events: what a controller tells users about an object. Best effort, as everywhere in Kubernetes.

The same event again (same object, type, reason and message) counts up the one recorded before.
Source: client-go `tools/record` (`eventLogger.eventObserve`, `recordToSink`). Not modelled: the spam filter (burst 25
for each object), the aggregation of similar messages, and the background queue: recording waits for the answer here.
"""

from reference_impl.environment import Environment
from reference_impl.errors import ApiError, NotFound
from reference_impl.protocol import ApiRequest, JsonObject

_Sameness = tuple[str, ...]


class EventRecorder:
    """Records core/v1 Events under one process's name."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._recorded: dict[_Sameness, JsonObject] = {}

    async def record(self, obj: JsonObject, type: str, reason: str, message: str) -> None:
        """Create an Event on `obj`, or count up the same one. Whatever an API server answers, it is not raised."""
        involved = _reference(obj)
        # All but the resource version: the object moves on while the same thing keeps happening to it.
        identity = [value for key, value in involved.items() if key != "resourceVersion"]
        sameness = (*identity, type, reason, message)
        try:
            known = self._recorded.get(sameness)
            if known is not None:
                try:
                    self._recorded[sameness] = await self._count_up(known)
                    return
                except NotFound:
                    pass  # It expired on the server: begin again.
            self._recorded[sameness] = await self._create(involved, type, reason, message)
        except ApiError:
            return

    async def _create(self, involved: JsonObject, type: str, reason: str, message: str) -> JsonObject:
        environment = self._environment
        now = _timestamp(environment)
        namespace = involved.get("namespace") or "default"
        # client-go names events by the nanosecond; in virtual time two of them can fall on the same one.
        name = f"{involved['name']}.{environment.random.getrandbits(64):016x}"
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": involved,
            "reason": reason,
            "message": message,
            "type": type,
            "source": {"component": environment.name},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        request = ApiRequest(
            verb="create",
            api_version="v1",
            kind="Event",
            namespace=namespace,
            name=name,
            body=event,
            user=environment.name,
        )
        return await environment.transport.request(request)

    async def _count_up(self, event: JsonObject) -> JsonObject:
        metadata = event["metadata"]
        request = ApiRequest(
            verb="patch",
            api_version="v1",
            kind="Event",
            namespace=metadata["namespace"],
            name=metadata["name"],
            body={"count": event["count"] + 1, "lastTimestamp": _timestamp(self._environment)},
            patch_type="merge",
            user=self._environment.name,
        )
        return await self._environment.transport.request(request)


def _reference(obj: JsonObject) -> JsonObject:
    """An ObjectReference to `obj`; fields that it lacks are left out."""
    metadata = obj.get("metadata") or {}
    fields = {
        "apiVersion": obj.get("apiVersion"),
        "kind": obj.get("kind"),
        "namespace": metadata.get("namespace"),
        "name": metadata.get("name"),
        "uid": metadata.get("uid"),
        "resourceVersion": metadata.get("resourceVersion"),
    }
    return {key: str(value) for key, value in fields.items() if value}


def _timestamp(environment: Environment) -> str:
    return environment.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")

"""Commands and events: an API server, as a service that keeps named values.

Commands are requests, which it may refuse; events are what its watches bring, after the commit. A receiver that fails
is cut off, as a client whose connection breaks is: the server does not wait for it, and nobody else notices.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from reference_impl.apiserver.registry import KindRegistry
from reference_impl.apiserver.server import ApiServer
from reference_impl.errors import ApiError, Invalid
from reference_impl.kinds import KindInfo
from reference_impl.protocol import ApiRequest, JsonObject, WatchEvent
from reference_impl.store.memory import MemoryStore
from reference_impl.store.port import Store


@dataclass(frozen=True, slots=True)
class Told:
    """An event."""

    type: str
    name: str
    value: str | None


class ServerCommands:
    """See the module. Values are ConfigMaps of one namespace; admission refuses the bad ones."""

    rejection: type[Exception] = ApiError

    def __init__(self, store: Store | None = None) -> None:
        self.store: Store = MemoryStore() if store is None else store
        # A clock that stands still, and randomness from a seed: two runs of one schedule are the same.
        self.server = ApiServer(
            self.store, now=lambda: datetime(2026, 1, 1, tzinfo=UTC), random=random.Random(0), kinds=KindRegistry()
        )
        self.store.subscribe(self.server.apply)
        self.server.bootstrap()
        self.server.admission.append(_refuse_bad_values)

    def send(self, verb: str, name: str, value: str | None = None) -> None:
        """Raises ApiError: rejected."""
        metadata = {"name": name, "namespace": "default"}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"value": value}}
        self._ask(verb, name=None if verb == "create" else name, body=body if value is not None else None)

    def subscribe(self, callback: Callable[[Told], None]) -> Callable[[], None]:
        request = ApiRequest(
            verb="watch",
            api_version="v1",
            kind="ConfigMap",
            namespace="default",
            resource_version=str(self.store.revision),
        )

        def sink(event: WatchEvent) -> None:
            try:
                callback(Told(event.type, event.object["metadata"]["name"], event.object["data"]["value"]))
            # A receiver may fail in any way; it is cut off, and that is all.
            except Exception:
                stream.close()

        stream = self.server.open_watch(request, sink)
        return stream.close

    def state(self) -> dict[str, str]:
        listed = self._ask("list")
        return {item["metadata"]["name"]: item["data"]["value"] for item in listed["items"]}

    def _ask(self, verb: str, *, name: str | None = None, body: JsonObject | None = None) -> JsonObject:
        return self.server.handle(
            ApiRequest(verb=verb, api_version="v1", kind="ConfigMap", namespace="default", name=name, body=body)
        )


def _refuse_bad_values(request: ApiRequest, info: KindInfo, body: JsonObject | None) -> None:
    if body is not None and str(body.get("data", {}).get("value")).startswith("bad"):
        raise Invalid(f"ConfigMap {body['metadata']['name']!r} is invalid: data.value: a value that cannot be")

"""What passes between a client and an API server: commands one way, replies and events the other.

Commands are imperative and can be rejected; events are facts in the past tense and cannot (the seed deck's "Commands
vs Events"). A transport carries both; in process, over HTTP, or through the harness's fabric.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from reference_impl.errors import ApiError

JsonObject = dict[str, Any]
"""A Kubernetes object as parsed JSON. Inside the plane objects are shared and immutable by convention: whoever wants
to change one copies first (`objects.copy_json`)."""


@dataclass(slots=True)
class Notes:
    """What a server says of a request beside the object that it answers: HTTP has places for it."""

    created: bool = False
    """A server-side apply found nothing and created the object: 201 instead of 200."""
    warnings: list[str] = field(default_factory=list)
    """Texts of `Warning` headers (admission webhooks give them)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRequest:
    """One command or read, as an API server's handler sees it after routing.

    `verb` is one of get, list, watch, create, update, patch, delete, deletecollection. `name` is None for collections
    and for creates with `generateName`. `resource_version` is a *string* exactly as a client sends it: None is unset,
    "0" is any version. Seconds are virtual.
    """

    verb: str
    api_version: str
    kind: str
    namespace: str | None = None
    name: str | None = None
    subresource: str | None = None
    body: Any = None
    patch_type: str | None = None
    """merge | json | strategic | apply"""
    labels: str | None = None
    fields: str | None = None
    resource_version: str | None = None
    resource_version_match: str | None = None
    limit: int | None = None
    continue_token: str | None = None
    allow_bookmarks: bool = False
    send_initial_events: bool = False
    timeout_s: float | None = None
    dry_run: bool = False
    field_manager: str | None = None
    force: bool = False
    precondition_uid: str | None = None
    precondition_resource_version: str | None = None
    propagation: str | None = None
    grace_period_s: int | None = None
    from_wire: bool = False
    """It came over a network: nobody has looked at the types of what is in `body`."""
    user: str = ""
    """Who asks (a component's name): for authorization, audit and managedFields, never for semantics."""
    notes: Notes | None = field(default=None, compare=False, repr=False)
    """Where the server writes what else there is to say; None: nobody reads it."""

    @property
    def is_read(self) -> bool:
        return self.verb in ("get", "list", "watch")


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """One line of a watch stream. `type`: ADDED, MODIFIED, DELETED, BOOKMARK or ERROR."""

    type: str
    object: JsonObject
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalCall:
    """A call on an outside system that gives no watch. `verb`: get, list, create, update, delete."""

    system: str
    verb: str
    key: str | None = None
    body: JsonObject | None = None


class WatchHandle(Protocol):
    """The client's end of an open watch."""

    def close(self) -> None:
        """Stop: nothing is delivered afterwards. Idempotent."""


class Transport(Protocol):
    """Carries requests to *an* API server and its answers back. It never retries."""

    async def request(self, request: ApiRequest) -> JsonObject:
        """Send a command or a read and wait for its answer. Raises `ApiError`. The answer is shared: copy to change."""

    async def watch(
        self,
        request: ApiRequest,
        deliver: Callable[[WatchEvent], None],
        closed: Callable[[ApiError | None], None],
    ) -> WatchHandle:
        """Open a watch; raises `ApiError` (`Gone`, ...) if it is refused.

        Afterwards `deliver` is called synchronously for each event, in order, and `closed` once if the stream ends
        from the other side: None when the server closed it, an `ApiError` when the connection broke.
        """

    async def external(self, call: ExternalCall) -> JsonObject | None:
        """Call an outside system. Raises `ApiError` (`Timeout`, `InternalError`, `Unreachable`, ...)."""

"""The reflector: lists a collection, watches it from there, resumes, and lists again when it must.

    list (revision 0 at first, later "not older than the last seen") ──► watch from its revision
        stream closed or broken            resume from the last seen revision
        410, any other ERROR, a watch that
        ended at once with nothing in it   list again after a back-off
    list answered 410 or "too large"       list again at once without a revision (a quorum read)
    list answered 404 (kind not served)    synced and empty; list again after a back-off

Back-off is 0.8 s doubling to 30 s, up to as much again added as jitter, and afresh after 2 calm minutes. Only the very
first list of a process asks for *any* revision: that is where a restarted controller may travel back in time
(kubernetes#59848), and a reconnecting one may not.

Source: client-go `tools/cache/reflector.go` (ListAndWatch, relistResourceVersion, handleAnyWatch). Not modelled: the
streaming list (WatchList), list paging, and the client's own watch timeout of 5 to 10 minutes (a server, or the
weather, closes streams instead).
"""

from typing import TYPE_CHECKING

from reference_impl.environment import Environment
from reference_impl.errors import ApiError, ConnectionLost, Gone, NotFound, TooManyRequests, Unreachable
from reference_impl.protocol import ApiRequest, JsonObject, WatchEvent, WatchHandle
from reference_impl.runtime.signal import Signal, wait_or_timeout
from reference_impl.runtime.status_error import error_of_status, is_too_large_resource_version

if TYPE_CHECKING:
    from reference_impl.runtime.informer import Informer

VERY_SHORT_WATCH_S = 1.0
"""client-go: a watch that lasted less than this and brought nothing is an error, not a normal end."""


class Backoff:
    """client-go's `NewExponentialBackoffManager(800ms, 30s, 2min, 2.0, 1.0)`."""

    __slots__ = ("_delay_s", "_environment", "_started_s")

    initial_s = 0.8
    longest_s = 30.0
    reset_after_s = 120.0

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._delay_s = self.initial_s
        self._started_s = environment.clock.monotonic_s()

    def next_s(self) -> float:
        """How long to wait this time, in seconds."""
        now_s = self._environment.clock.monotonic_s()
        if now_s - self._started_s > self.reset_after_s:
            self._delay_s = self.initial_s
        self._started_s = now_s
        delay_s = self._delay_s * (1 + self._environment.random.random())
        self._delay_s = min(self._delay_s * 2, self.longest_s)
        return delay_s


class Reflector:
    """Feeds one informer."""

    def __init__(self, informer: "Informer") -> None:
        self._informer = informer
        self._environment = informer.environment
        self._backoff = Backoff(informer.environment)
        self._wake = Signal()
        self._relist_asked = False
        self._revision_unavailable = False

    async def run(self) -> None:
        """For ever; raises only what a handler of the informer raised."""
        while True:
            self._relist_asked = False
            if await self._list():
                await self._watch_until_relist()
            await self._pause()

    def relist(self) -> None:
        """Leave the stream, or the back-off, and list again now."""
        self._relist_asked = True
        self._wake.set()

    def wake(self) -> None:
        """Something changed that `run` should look at."""
        self._wake.set()

    async def _pause(self) -> None:
        """Wait for the back-off to pass, unless asked to list again now."""
        self._informer.raise_failure()
        if self._relist_asked:
            return
        self._wake.clear()
        await wait_or_timeout(self._wake, self._environment.clock, self._backoff.next_s())
        self._informer.raise_failure()

    # --------------------------------------------------------------------------------------------------------- list

    async def _list(self) -> bool:
        try:
            body = await self._request_list(self._relist_revision())
        except ApiError as error:
            if not (isinstance(error, Gone) or is_too_large_resource_version(error)):
                self._sync_if_not_served(error)
                return False
            # Compacted away, or asked of a replica that lags: only a quorum read can help.
            self._revision_unavailable = True
            try:
                body = await self._request_list(None)
            except ApiError as second_error:
                self._sync_if_not_served(second_error)
                return False
        self._revision_unavailable = False
        self._informer.replace(body.get("items") or (), int(body["metadata"]["resourceVersion"]))
        return True

    def _sync_if_not_served(self, error: ApiError) -> None:
        """A kind that is not served has no objects: whoever waits for the cache to sync need wait no longer."""
        if isinstance(error, NotFound):
            self._informer.replace((), self._informer.last_revision)

    def _relist_revision(self) -> str | None:
        if self._revision_unavailable:
            return None
        return str(self._informer.last_revision)  # "0", any revision, before the first list

    async def _request_list(self, resource_version: str | None) -> JsonObject:
        return await self._environment.transport.request(self._request("list", resource_version))

    def _request(self, verb: str, resource_version: str | None) -> ApiRequest:
        informer = self._informer
        return ApiRequest(
            verb=verb,
            api_version=informer.api_version,
            kind=informer.kind,
            namespace=informer.namespace,
            labels=informer.labels,
            fields=informer.fields,
            resource_version=resource_version,
            allow_bookmarks=verb == "watch",
            user=self._environment.name,
        )

    # -------------------------------------------------------------------------------------------------------- watch

    async def _watch_until_relist(self) -> None:
        """Watch, resuming while that is possible; returns when the collection must be listed again."""
        while not self._relist_asked:
            self._wake.clear()
            stream = _Stream(self._informer, self._wake)
            # Counted from before the request is sent: some proxies send headers with the first event only.
            started_s = self._environment.clock.monotonic_s()
            try:
                await stream.open(self._environment, self._request("watch", str(self._informer.last_revision)))
            except (Unreachable, TooManyRequests):
                # Our place in the stream is still good: the server is only busy or away.
                await self._pause()
                continue
            except ApiError:
                return
            try:
                while not (stream.ended or self._relist_asked):
                    self._informer.raise_failure()
                    self._wake.clear()
                    await self._wake.wait()
            finally:
                stream.close()
            if isinstance(stream.error, TooManyRequests):
                await self._pause()
            elif not stream.can_resume(self._environment.clock.monotonic_s() - started_s):
                return


class _Stream:
    """One open watch. Its callbacks do nothing once it has ended, so that a late one cannot reach a newer stream."""

    __slots__ = ("_event_count", "_handle", "_informer", "_wake", "ended", "error")

    def __init__(self, informer: "Informer", wake: Signal) -> None:
        self._informer = informer
        self._wake = wake
        self._handle: WatchHandle | None = None
        self._event_count = 0
        self.ended = False
        self.error: ApiError | None = None

    async def open(self, environment: Environment, request: ApiRequest) -> None:
        self._handle = await environment.transport.watch(request, self._deliver, self._closed)

    def close(self) -> None:
        self.ended = True
        if self._handle is not None:
            self._handle.close()

    def can_resume(self, lasted_s: float) -> bool:
        """A broken connection looks like a normal end to client-go's decoder (`IsProbableEOF`)."""
        if self.error is not None and not isinstance(self.error, ConnectionLost):
            return False
        return self._event_count > 0 or lasted_s >= VERY_SHORT_WATCH_S

    def _deliver(self, event: WatchEvent) -> None:
        if self.ended:
            return
        if event.type == "ERROR":
            self._closed(error_of_status(event.object))
            return
        self._event_count += 1
        self._informer.apply(event)

    def _closed(self, error: ApiError | None) -> None:
        if not self.ended:
            self.ended = True
            self.error = error
            self._wake.set()

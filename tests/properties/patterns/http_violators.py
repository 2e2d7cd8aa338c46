"""Servers that break a promise of patterns 4 to 6, seen over HTTP: what stands between the front and the API server is
the bug.

After proxies and fakes: a cache in front of a server, a fake that takes every write.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from reference_impl.apiserver.server import ApiServer
from reference_impl.errors import ApiError
from reference_impl.patterns.over_http import ServedCore, ServedInProcess, ServedValues, ServedWatch
from reference_impl.patterns.over_http.served import Direct
from reference_impl.protocol import ApiRequest, JsonObject, WatchEvent, WatchHandle


class IgnoresVersions(Direct):
    """Takes every write, whatever resourceVersion it expects (fakes that keep objects in a map)."""

    async def request(self, request: ApiRequest) -> JsonObject:
        if request.verb == "update":
            metadata = {name: each for name, each in request.body["metadata"].items() if name != "resourceVersion"}
            request = replace(request, body={**request.body, "metadata": metadata})
        return await super().request(replace(request, precondition_resource_version=None))


class AnswersWithTheLastAnswer(Direct):
    """A cache that answers with what it has and asks for what is new meanwhile (`stale-while-revalidate`, RFC 5861)."""

    def __init__(self, server: ApiServer) -> None:
        super().__init__(server)
        self._kept: dict[tuple[Any, ...], JsonObject | ApiError] = {}

    async def request(self, request: ApiRequest) -> JsonObject:
        if request.verb != "get":
            return await super().request(request)
        asked = (request.kind, request.namespace, request.name)
        found: JsonObject | ApiError
        try:
            found = await super().request(request)
        except ApiError as error:
            found = error
        shown, self._kept[asked] = self._kept.get(asked, found), found
        if isinstance(shown, ApiError):
            raise shown
        return shown


class TellsTwice(Direct):
    """Every event comes twice on one stream (a bus that delivers at least once, passed on)."""

    async def watch(
        self,
        request: ApiRequest,
        deliver: Callable[[WatchEvent], None],
        closed: Callable[[ApiError | None], None],
    ) -> WatchHandle:
        def twice(event: WatchEvent) -> None:
            deliver(event)
            deliver(event)

        return await super().watch(request, twice, closed)


class ExactIsNow(Direct):
    """A list at a revision shows what is there now (fakes that keep no history)."""

    async def request(self, request: ApiRequest) -> JsonObject:
        if request.resource_version_match == "Exact":
            request = replace(request, resource_version=None, resource_version_match=None)
        return await super().request(request)


VIOLATORS: tuple[tuple[str, Callable[[], Any], tuple[str, ...]], ...] = (
    (
        "versioned-value",
        lambda: ServedValues(ServedInProcess(behind=IgnoresVersions)),
        ("writes_are_compared_and_swapped",),
    ),
    (
        "versioned-value",
        lambda: ServedValues(ServedInProcess(behind=ExactIsNow)),
        ("the_past_stays_as_it_was", "the_future_is_refused"),
    ),
    ("state-watch", lambda: ServedWatch(ServedInProcess(behind=TellsTwice)), ("watches_are_unique",)),
    (
        "consistent-core",
        lambda: ServedCore(ServedInProcess(behind=AnswersWithTheLastAnswer)),
        ("reads_are_never_stale",),
    ),
)
"""(pattern, implementation, promises of which at least one must be found broken)"""

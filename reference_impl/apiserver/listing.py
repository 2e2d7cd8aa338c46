"""List: a consistent snapshot, whole or in pages, from the store or from this replica's watch cache.

Pages of one list show one revision: the continue token carries it. Once that revision is compacted the token is
refused, with another token that goes on at the newest revision for clients that can live with an inconsistent list. A
limit is ignored for `resourceVersion=0`, which the watch cache answers whole.

Sources: Kubernetes API concepts (resource versions, "Retrieving large results sets in chunks"); apiserver
`storage/etcd3/store.go` GetList, `storage/continue.go`, `storage/cacher`.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reference_impl.apiserver import custom_kinds, resource_version
from reference_impl.apiserver.core import Core
from reference_impl.apiserver.resource_version import Freshness
from reference_impl.apiserver.selectors import everything, parse_fields, parse_labels
from reference_impl.apiserver.watch_cache import WatchCache
from reference_impl.errors import BadRequest, Gone, TooLargeResourceVersion
from reference_impl.kinds import KindInfo
from reference_impl.protocol import ApiRequest, JsonObject
from reference_impl.store.port import Compacted, FutureRevision, Key, Page

Predicate = Callable[[JsonObject], bool]


class ContinueExpired(Gone):
    """A continue token of a compacted revision; `continue_token` goes on inconsistently."""

    def __init__(self, continue_token: str) -> None:
        super().__init__(
            "The provided continue parameter is too old to display a consistent list result. You can start a new list "
            "without the continue parameter, or use the continue token in this response to retrieve the remainder of "
            "the results. Continuing with the provided token results in an inconsistent list - objects that were "
            "created, modified, or deleted between the time the first chunk was returned and now may show up in the "
            "list."
        )
        self.continue_token = continue_token

    def to_status(self) -> dict[str, Any]:
        status = super().to_status()
        status["metadata"] = {"continue": self.continue_token}
        return status


def selection(request: ApiRequest, info: KindInfo) -> Predicate | None:
    """The request's selectors as one predicate; None if it has none. Raises BadRequest."""
    labels = parse_labels(request.labels)
    fields = parse_fields(info, request.fields)
    if labels is everything:
        return None if fields is everything else fields
    if fields is everything:
        return labels
    return lambda obj: labels(obj) and fields(obj)


def list_objects(core: Core, cache: WatchCache, request: ApiRequest, info: KindInfo) -> JsonObject:
    """The List object; items are shared. Raises BadRequest, Gone, Invalid, TooLargeResourceVersion."""
    asked = resource_version.of_list(request)
    if request.continue_token or asked.freshness is Freshness.MOST_RECENT:
        return live_list(core, request, info)
    if asked.freshness is Freshness.EXACT:
        return _from_store(core, request, info, asked.revision)
    if asked.freshness is Freshness.NOT_OLDER and request.limit:
        if core.store.revision < asked.revision:
            raise TooLargeResourceVersion(asked.revision, core.store.revision)
        return _from_store(core, request, info, None)
    if asked.freshness is Freshness.NOT_OLDER:
        cache.require(asked.revision)
    selects = selection(request, info)
    items = cache.of(info.resource).listed(request.namespace if info.namespaced else None)
    if selects is not None:
        items = [each for each in items if selects(each)]
    return _list_object(core, info, items, {"resourceVersion": str(cache.revision)})


def live_list(core: Core, request: ApiRequest, info: KindInfo) -> JsonObject:
    """The most recent state, or the next page. Raises BadRequest, Gone."""
    if not request.continue_token:
        return _from_store(core, request, info, None)
    if request.resource_version not in (None, "", "0"):
        raise BadRequest("specifying resource version is not allowed when using continue")
    token = _Token.parse(request.continue_token, info)
    if token.revision is not None and token.revision < core.store.compacted_revision:
        raise ContinueExpired(_Token(None, token.after).text())
    return _from_store(core, request, info, token.revision, after=token.after)


# -------------------------------------------------------------------------------------------------------------- details


@dataclass(frozen=True, slots=True)
class _Token:
    """Where a list goes on: after this key, at this revision (None: the newest, inconsistently)."""

    revision: int | None
    after: Key

    def text(self) -> str:
        revision = -1 if self.revision is None else self.revision
        content = json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": "/".join(self.after[1:])})
        return urlsafe_b64encode(content.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str, info: KindInfo) -> "_Token":
        try:
            content = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            namespace, _, name = content["start"].rpartition("/")
            revision = int(content["rv"])
        except (Base64Error, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadRequest(
                f"continue key is not valid: {error}; use metadata.continue of the page before, unchanged"
            ) from None
        return cls(None if revision < 0 else revision, (info.resource, namespace, name))


def _from_store(
    core: Core, request: ApiRequest, info: KindInfo, revision: int | None, *, after: Key | None = None
) -> JsonObject:
    selects = selection(request, info)
    namespace = request.namespace if info.namespaced else None
    limit = request.limit or 0

    def page_after(key: Key | None) -> Page:
        try:
            return core.store.list(info.resource, namespace, revision=revision, limit=limit or None, after=key)
        except Compacted:
            raise Gone("The resourceVersion for the provided list is too old.") from None
        except FutureRevision as future:
            raise TooLargeResourceVersion(future.asked, future.current) from None

    page = page_after(after)
    if selects is None or not limit:
        items = page.items if selects is None else [each for each in page.items if selects(each)]
        metadata: JsonObject = {"resourceVersion": str(page.revision)}
        if page.remaining and page.last is not None:
            metadata["continue"] = _Token(page.revision, page.last).text()
            if selects is None:
                metadata["remainingItemCount"] = page.remaining
        return _list_object(core, info, items, metadata)
    return _selected_page(core, info, page, page_after, selects, limit)


def _selected_page(
    core: Core,
    info: KindInfo,
    page: Page,
    page_after: Callable[[Key | None], Page],
    selects: Predicate,
    limit: int,
) -> JsonObject:
    """Reads on until `limit` objects are found; how many remain is unknown then, and not said."""
    items: list[JsonObject] = []
    metadata: JsonObject = {"resourceVersion": str(page.revision)}
    while True:
        for index, each in enumerate(page.items):
            if not selects(each):
                continue
            items.append(each)
            if len(items) == limit:
                if index + 1 < len(page.items) or page.remaining:
                    where = each["metadata"]
                    last = (info.resource, where.get("namespace") or "", where["name"])
                    metadata["continue"] = _Token(page.revision, last).text()
                return _list_object(core, info, items, metadata)
        if not page.remaining or page.last is None:
            return _list_object(core, info, items, metadata)
        page = page_after(page.last)


def _list_object(core: Core, info: KindInfo, items: list[JsonObject], metadata: JsonObject) -> JsonObject:
    if core.kinds.has_versions(info.resource):
        items = [custom_kinds.as_version(each, info) for each in items]
    list_kind = info.extra.get("listKind") or f"{info.kind}List"
    return {"kind": list_kind, "apiVersion": info.api_version, "metadata": metadata, "items": items}

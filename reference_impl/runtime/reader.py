"""The two ways to read: from this process's informer caches, and straight from an API server.

A cached read never fails with anything but NotFound and may be arbitrarily old; it waits only for the cache's first
list (as controller-runtime's does). Label selectors, and field selectors over any path, are evaluated here.
Source: controller-runtime `pkg/cache/internal/cache_reader.go`. Unlike there, a field selector needs no index that was
registered beforehand.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from reference_impl.apiserver.selectors import parse_labels
from reference_impl.environment import Environment
from reference_impl.errors import BadRequest, NotFound
from reference_impl.objects import copy_stored, group_of
from reference_impl.protocol import ApiRequest, JsonObject
from reference_impl.runtime.informer import Informer
from reference_impl.runtime.informer_factory import InformerFactory


class LiveReader:
    """Straight from an API server, with Kubernetes' resourceVersion rules."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    async def get(
        self,
        api_version: str,
        kind: str,
        name: str,
        namespace: str | None = None,
        *,
        subresource: str | None = None,
        resource_version: str | None = None,
    ) -> JsonObject:
        """One object: the newest, or with `resource_version` "0" whatever the server's cache has. Raises `NotFound`."""
        if not name:
            raise BadRequest(f"cannot get a {kind} whose name is {name!r}: resource name may not be empty")
        return await self._read(
            ApiRequest(
                verb="get",
                api_version=api_version,
                kind=kind,
                namespace=namespace,
                name=name,
                subresource=subresource,
                resource_version=resource_version,
                user=self._environment.name,
            )
        )

    async def list(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        *,
        labels: str | None = None,
        fields: str | None = None,
        resource_version: str | None = None,
        resource_version_match: str | None = None,
        limit: int | None = None,
        continue_token: str | None = None,
    ) -> JsonObject:
        """The List object: `items`, and `metadata` with resourceVersion, continue, remainingItemCount."""
        return await self._read(
            ApiRequest(
                verb="list",
                api_version=api_version,
                kind=kind,
                namespace=namespace,
                labels=labels,
                fields=fields,
                resource_version=resource_version,
                resource_version_match=resource_version_match,
                limit=limit,
                continue_token=continue_token,
                user=self._environment.name,
            )
        )

    async def _read(self, request: ApiRequest) -> JsonObject:
        answer: JsonObject = copy_stored(await self._environment.transport.request(request))
        return answer


class CachedReader:
    """From the informers of this process."""

    def __init__(self, environment: Environment, informers: InformerFactory) -> None:
        self._environment = environment
        self._informers = informers

    async def get(self, informer: Informer, name: str, namespace: str | None) -> JsonObject:
        """A copy of the cached object. Raises `NotFound`, worded as controller-runtime words it (kind, not plural)."""
        if not informer.synced:
            await informer.wait_synced()
        obj = informer.get(name, namespace)
        if obj is None:
            group = group_of(informer.api_version)
            resource = f"{informer.kind}.{group}" if group else informer.kind
            details = {"name": name, "group": group, "kind": informer.kind}
            raise NotFound(f'{resource} "{name}" not found', details=details)
        return obj

    async def list(
        self, informer: Informer, namespace: str | None, *, labels: str | None, fields: str | None
    ) -> list[JsonObject]:
        """Copies of the cached objects. Raises `BadRequest` for a selector that is none."""
        selects = parse_labels(labels)
        has_fields = parse_field_paths(fields) if fields else None
        if not informer.synced:
            await informer.wait_synced()
        self._environment.probe.cache_read(informer, namespace, None)
        return informer.copies(
            obj
            for key, obj in informer.items.items()
            if (namespace is None or key[0] == namespace)
            and (labels is None or selects(obj))
            and (has_fields is None or has_fields(obj))
        )


@lru_cache(maxsize=512)
def parse_field_paths(text: str) -> Callable[[JsonObject], bool]:
    """A field selector (`a.b=x,c!=y`) as a predicate over any path. An absent field is the empty string."""
    requirements: list[tuple[tuple[str, ...], str, bool]] = []
    for term in text.split(","):
        for operator in ("!=", "==", "="):
            path, found, value = term.partition(operator)
            if found:
                requirements.append((tuple(path.strip().split(".")), value.strip(), operator != "!="))
                break
        else:
            raise BadRequest(f"invalid selector: {text!r}; can't understand {term!r}: write field=value, field!=value")

    def selects(obj: JsonObject) -> bool:
        return all((_field(obj, path) == value) is equal for path, value, equal in requirements)

    return selects


def _field(obj: Any, path: tuple[str, ...]) -> str:
    for part in path:
        obj = obj.get(part) if isinstance(obj, dict) else None
    if obj is None:
        return ""
    return str(obj).lower() if isinstance(obj, bool) else str(obj)

"""Get: from the store (most recent), or from this replica's watch cache, which may lag.

Source: Kubernetes API concepts ("Resource versions", get); apiserver `storage/cacher`.
"""

from reference_impl.apiserver import custom_kinds, resource_version, wording
from reference_impl.apiserver.core import Core, key_of
from reference_impl.apiserver.resource_version import Freshness
from reference_impl.apiserver.watch_cache import WatchCache
from reference_impl.kinds import KindInfo
from reference_impl.protocol import ApiRequest, JsonObject


def get(core: Core, cache: WatchCache, request: ApiRequest, info: KindInfo) -> JsonObject:
    """The named object, shared. Raises BadRequest, NotFound, TooLargeResourceVersion (the cache is behind)."""
    if not request.resource_version:
        return custom_kinds.as_version(core.existing(request, info), info)
    asked = resource_version.of_get(request)
    if asked.freshness is Freshness.NOT_OLDER:
        cache.require(asked.revision)
    name = request.name or ""
    obj = cache.of(info.resource).objects.get(key_of(info, request.namespace, name))
    if obj is None:
        raise wording.not_found(info, name)
    return custom_kinds.as_version(obj, info)

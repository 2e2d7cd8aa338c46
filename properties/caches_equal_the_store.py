"""At rest each informer's cache equals the store, restricted to what the informer asked for.

Compared are keys and resourceVersions: equal revisions are equal objects. A cache that never synced is not compared
(its component has not begun), nor one whose stream a hostile fault meddled with.
"""

from dataclasses import dataclass
from typing import Any

from harness.contract import HOLDS, CacheView, Judgement, ObjectRef, View
from properties.subject import ABSENT, has_controllers, is_full_rest
from properties.wording import first
from reference_impl.objects import name_of, namespace_of
from reference_impl.protocol import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class CachesEqualTheStore:
    name: str = "caches_equal_the_store"
    source: str = "client-go reflector contract; kubernetes#115658 (phantom after relist), kubernetes#95958, beyla#1242"
    voided_by: tuple[str, ...] = ("events dropped, repeated or swapped inside one stream (hostile)",)
    when: str = "at_rest"

    def applies(self, trial: Any) -> bool:
        return has_controllers(trial)

    def judge(self, view: View) -> Judgement:
        if not is_full_rest(view):
            return ABSENT
        compared = False
        for component in view.components():
            if not component.alive:
                continue
            for cache in view.cache(component.name):
                if not cache.synced or _is_tampered(view, component.name, cache):
                    continue
                compared = True
                if wrong := _differences(view, cache):
                    lines = first([line for line, _ in wrong])
                    reason = f"at rest, {component.name}'s cache of {cache.kind} differs from the store: {lines}"
                    refs = [ref for _, ref in wrong[:5]]
                    return Judgement.violated(reason, refs, key=f"{cache.kind} {component.name}")
        return HOLDS if compared else ABSENT


def _is_tampered(view: View, component: str, cache: CacheView) -> bool:
    if view.trial.profile == "kubernetes":
        return False
    return any(
        stream.tampered and (stream.api_version, stream.kind) == (cache.api_version, cache.kind)
        for stream in view.streams(component)
    )


def _differences(view: View, cache: CacheView) -> list[tuple[str, ObjectRef]]:
    stored = {(namespace_of(obj) or "", name_of(obj)): obj for obj in view.selects(cache)}
    wrong = []
    for key in sorted(stored.keys() | cache.items.keys()):
        true, cached = stored.get(key), cache.items.get(key)
        ref = ObjectRef(cache.api_version, cache.kind, key[0] or None, key[1])
        if true is None:
            wrong.append((f"{ref} is in the cache and not in the store", ref))
        elif cached is None:
            wrong.append((f"{ref} is in the store and not in the cache", ref))
        elif _revision(true) != _revision(cached):
            wrong.append((f"{ref} is cached at revision {_revision(cached)}, stored at {_revision(true)}", ref))
    return wrong


def _revision(obj: JsonObject) -> str:
    return str(obj["metadata"]["resourceVersion"])

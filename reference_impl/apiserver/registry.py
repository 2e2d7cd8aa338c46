"""Which kinds are served: the built-in table and whatever CustomResourceDefinitions are stored.

Shared by all replicas, and changed in the same step as the commit that creates, changes or removes a CRD. Real servers
learn of CRDs by watching them and may serve a kind a second apart; that gap is not modelled.

Built-in kinds that are served in several versions need real conversion, which this server does not do: only the
preferred version is served, and asking for another is answered with 501. Events of v1 and of events.k8s.io/v1 are two
resources in name only: `event_groups.py` shows those of v1 through both.
"""

from collections.abc import Iterable

from reference_impl.apiserver.crd import kinds_of
from reference_impl.apiserver.kind_rules import CRDS
from reference_impl.apiserver.wording import no_such_resource
from reference_impl.builtin_kinds import BUILTIN_KINDS
from reference_impl.errors import NotImplementedByServer
from reference_impl.kinds import KindInfo
from reference_impl.objects import is_deleting
from reference_impl.protocol import JsonObject
from reference_impl.store.port import Store


class KindRegistry:
    """Kinds by (apiVersion, kind) and by resource.

    Args:
        builtin: kinds that are always served; of several versions of one resource the first is the one served.
    """

    __slots__ = ("_by_kind", "_by_plural", "_of_crd", "_resources", "_unconverted", "generation", "terminating")

    def __init__(self, builtin: Iterable[KindInfo] = BUILTIN_KINDS) -> None:
        self._by_kind: dict[tuple[str, str], KindInfo] = {}
        self._by_plural: dict[tuple[str, str], KindInfo] = {}
        self._resources: dict[str, list[KindInfo]] = {}
        self.generation = 0
        """Grows whenever what is served changes: discovery documents are made anew then."""
        self._of_crd: dict[str, list[KindInfo]] = {}
        self._unconverted: dict[tuple[str, str], KindInfo] = {}
        self.terminating: dict[str, str] = {}
        """Resource -> name of its CRD, while that is being deleted."""
        for info in builtin:
            if info.resource in self._resources:
                self._unconverted[info.api_version, info.kind] = info
            else:
                self._add(info)

    def resolve(self, api_version: str, kind: str) -> KindInfo:
        """The served kind. Raises NotFound, or NotImplementedByServer for a version that needs conversion."""
        info = self._by_kind.get((api_version, kind))
        if info is None:
            raise self._unserved(api_version, kind)
        return info

    def find(self, api_version: str, kind: str) -> KindInfo | None:
        """The served kind, or None."""
        return self._by_kind.get((api_version, kind))

    def by_plural(self, api_version: str, plural: str) -> KindInfo:
        """The served kind that a URL names. Raises NotFound, or NotImplementedByServer as `resolve` does."""
        info = self._by_plural.get((api_version, plural))
        if info is None:
            for each in self._unconverted.values():
                if (each.api_version, each.plural) == (api_version, plural):
                    raise self._unserved(api_version, each.kind)
            raise no_such_resource()
        return info

    def by_resource(self, resource: str) -> KindInfo:
        """The kind of a GroupResource ("deployments.apps") in the version it is stored in. Raises NotFound."""
        versions = self._resources.get(resource)
        if not versions:
            raise no_such_resource()
        return versions[0]

    def versions(self, resource: str) -> list[KindInfo]:
        """All served versions of a resource, the storage version first; empty if it is not served."""
        return list(self._resources.get(resource, ()))

    def has_versions(self, resource: str) -> bool:
        """Is it served in more than one version, so that objects may need conversion?"""
        return len(self._resources.get(resource, ())) > 1

    def kinds(self) -> list[KindInfo]:
        """Everything served: built-in kinds first, then custom ones in the order they came."""
        return list(self._by_kind.values())

    def resources(self) -> list[str]:
        return list(self._resources)

    # ------------------------------------------------------------------------------------------------ custom resources

    def load(self, store: Store) -> None:
        """Serve every CRD that is already stored."""
        for crd in store.list(CRDS).items:
            if crd["metadata"]["name"] not in self._of_crd:
                self.serve(crd)

    def reload(self, store: Store) -> None:
        """Serve what is stored now and nothing else: events of CRDs may have been missed."""
        stored = store.list(CRDS).items
        names = {crd["metadata"]["name"] for crd in stored}
        for name in [name for name in self._of_crd if name not in names]:
            self.withdraw(name)
        for crd in stored:
            self.serve(crd)

    def serve(self, crd: JsonObject) -> None:
        """Serve (again) what this CRD defines. Raises Invalid if it defines nothing that can be served."""
        kinds = kinds_of(crd)
        name = crd["metadata"]["name"]
        self.withdraw(name)
        self._of_crd[name] = kinds
        for info in kinds:
            self._add(info)
            if is_deleting(crd):
                self.terminating[info.resource] = name

    def withdraw(self, crd: str) -> None:
        """Stop serving what the CRD of this name defined."""
        for info in self._of_crd.pop(crd, ()):
            self._by_kind.pop((info.api_version, info.kind), None)
            self._by_plural.pop((info.api_version, info.plural), None)
            self.generation += 1
            self._resources.pop(info.resource, None)
            self.terminating.pop(info.resource, None)

    def clash(self, crd: JsonObject) -> str | None:
        """The kind of this CRD's group that another resource already has, or None."""
        spec = crd["spec"]
        for info in self._by_kind.values():
            if (
                info.group == spec["group"]
                and info.crd != crd["metadata"]["name"]
                and (info.kind == spec["names"]["kind"] or info.plural == spec["names"]["plural"])
            ):
                return info.kind
        return None

    def _add(self, info: KindInfo) -> None:
        self._by_kind[info.api_version, info.kind] = info
        self._by_plural[info.api_version, info.plural] = info
        self.generation += 1
        self._resources.setdefault(info.resource, []).append(info)

    def _unserved(self, api_version: str, kind: str) -> Exception:
        info = self._unconverted.get((api_version, kind))
        if info is None:
            return no_such_resource()
        preferred = self._resources[info.resource][0].api_version
        return NotImplementedByServer(
            f"{api_version} {kind} is not served by this reference server, which does not convert between versions of "
            f"built-in kinds; use {preferred}"
        )

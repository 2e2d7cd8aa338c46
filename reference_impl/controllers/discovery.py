"""Which kinds exist: what the garbage collector watches and a Namespace is emptied of.

Built-in kinds come from the table, custom ones from their CustomResourceDefinitions as they appear and go; so do the
scopes of kinds, as a RESTMapper knows them. A process may be told (option `gc_kinds`, a list of (api_version, kind),
read whenever it is needed) that only some built-in kinds are ever used; Leases are added where there are Nodes, since
kubelets make them. Left out: Events, which nothing owns and which expire, and kinds that are never stored.

Source: `pkg/controller/garbagecollector` (GetDeletableResources, DefaultIgnoredResources); client-go `restmapper`.
"""

from collections.abc import Callable, Iterable, Sequence

from reference_impl.builtin_kinds import BUILTIN_KINDS
from reference_impl.objects import group_of
from reference_impl.protocol import JsonObject
from reference_impl.runtime import Client

ApiKind = tuple[str, str]
"""(api_version, kind)"""

EVENT: ApiKind = ("v1", "Event")
NODE: ApiKind = ("v1", "Node")
LEASE: ApiKind = ("coordination.k8s.io/v1", "Lease")
CRD: ApiKind = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
_NEVER_STORED = ("Binding", "ComponentStatus")
_REVIEW_GROUPS = ("authentication.k8s.io", "authorization.k8s.io")


def _built_in() -> dict[ApiKind, bool]:
    """Stored built-in kinds in one version each, with whether they are namespaced."""
    kinds: dict[ApiKind, bool] = {}
    seen: dict[tuple[str, str], None] = {}
    for info in BUILTIN_KINDS:
        if info.kind in _NEVER_STORED or info.group in _REVIEW_GROUPS or (info.group, info.kind) in seen:
            continue
        if info.kind == "Event" and info.group:
            continue  # the same objects as v1 Events
        seen[info.group, info.kind] = None
        kinds[info.api_version, info.kind] = info.namespaced
    return kinds


BUILT_IN = _built_in()
_BUILT_IN_SCOPES = {(info.group, info.kind): info.namespaced for info in BUILTIN_KINDS}


class Kinds:
    """The kinds that exist, by this process's cache of CustomResourceDefinitions, or live."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._options = client.environment.options
        self._definitions = client.informers.informer_for(*CRD)

    async def wait_synced(self) -> None:
        """Until custom kinds are known."""
        await self._definitions.wait_synced()

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call back whenever a definition appears, changes or goes."""
        self._definitions.add_handler(lambda _type, _old, _new: callback())

    def stored(self) -> dict[ApiKind, bool]:
        """Kinds of which objects may be stored, in a fixed order; the value says whether they are namespaced."""
        return stored_kinds(self._options.get("gc_kinds"), self._definitions.items.values())

    async def stored_now(self) -> dict[ApiKind, bool]:
        """The same after a live look at the definitions. Raises `ApiError`."""
        answer = await self._client.live.list(*CRD)
        return stored_kinds(self._options.get("gc_kinds"), answer["items"])

    def is_namespaced(self, api_version: str, kind: str) -> bool | None:
        """The scope of a kind, in any version; None: no such kind is known."""
        group = group_of(api_version)
        scope = _BUILT_IN_SCOPES.get((group, kind))
        if scope is not None:
            return scope
        for definition in self._definitions.items.values():
            spec = definition["spec"]
            if spec["group"] == group and spec["names"]["kind"] == kind:
                return bool(spec.get("scope") == "Namespaced")
        return None


def stored_kinds(chosen: Iterable[Sequence[str]] | None, definitions: Iterable[JsonObject]) -> dict[ApiKind, bool]:
    """Built-in kinds, only the chosen ones if a choice was made, and those that the definitions define."""
    if chosen is None:
        kinds = dict(BUILT_IN)
    else:
        wanted = [(api_version, kind) for api_version, kind in chosen]
        if NODE in wanted:
            wanted.append(LEASE)
        kinds = {kind: BUILT_IN[kind] for kind in wanted if kind in BUILT_IN}
        kinds.setdefault(CRD, False)
    kinds.pop(EVENT, None)
    for definition in definitions:
        kinds.update(_kind_of(definition))
    return kinds


def _kind_of(definition: JsonObject) -> dict[ApiKind, bool]:
    """The one version to list and watch: the stored one if it is served, else the first that is."""
    spec = definition["spec"]
    served = [version for version in spec.get("versions") or () if version.get("served")]
    if not served:
        return {}
    version = next((item for item in served if item.get("storage")), served[0])
    return {(f"{spec['group']}/{version['name']}", spec["names"]["kind"]): spec.get("scope") == "Namespaced"}

"""What things are called: resources and keys for the store, roles for schedules.

A role is the name by which a schedule finds an object again in another run: its own name, or "child 0 of Website front"
where the name was generated; an outside item keyed by a uid is called after the object of that uid.
"""

from harness.history import History
from reference_impl.apiserver.registry import KindRegistry
from reference_impl.protocol import ApiRequest, ExternalCall, JsonObject
from reference_impl.store.port import Key


class Names:
    """The names of one world."""

    def __init__(self, kinds: KindRegistry, history: History) -> None:
        self.kinds = kinds
        self.history = history
        self._resources: dict[tuple[str, str], str] = {}

    def resource_of(self, api_version: str, kind: str) -> str:
        """The resource string of a kind, also of one that is no longer served."""
        where = (api_version, kind)
        resource = self._resources.get(where)
        if resource is None:
            info = self.kinds.find(api_version, kind)
            if info is None:
                return f"{kind.lower()}s.{api_version.rpartition('/')[0]}"
            resource = self._resources[where] = info.resource
        return resource

    def key_of(self, api_version: str, kind: str, namespace: str | None, name: str) -> Key:
        info = self.kinds.find(api_version, kind)
        if info is not None and not info.namespaced:
            namespace = None
        return (self.resource_of(api_version, kind), namespace or "", name)

    def role_of(self, obj: JsonObject) -> str:
        """The name by which a schedule calls this object."""
        metadata = obj.get("metadata") or {}
        name = str(metadata.get("name", ""))
        if not metadata.get("generateName"):
            return name
        key = self.key_of(obj.get("apiVersion", ""), obj.get("kind", ""), metadata.get("namespace"), name)
        return self.history.roles.get(key, name)

    def role_of_request(self, request: ApiRequest) -> str:
        if request.name is not None:
            key = self.key_of(request.api_version, request.kind, request.namespace, request.name)
            return self.history.roles.get(key, request.name)
        body = request.body
        if request.verb == "create" and isinstance(body, dict) and "metadata" in body:
            return self.history.next_role(body)
        return ""

    def role_of_external(self, call: ExternalCall) -> str:
        """Outside items keyed by a uid are called after the object of that uid."""
        key = call.key or str((call.body or {}).get("owner", ""))
        owner = self.history.by_uid.get(key)
        if owner is not None:
            return self.history.roles.get(owner, owner[2])
        return call.key or ""

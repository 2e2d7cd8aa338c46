"""An outside system: a cloud, a DNS zone, a container runtime. Whatever a controller changes that is not Kubernetes.

Modelled: a named collection of JSON items behind five verbs, with idempotency keys and server-assigned ids; no watch,
no resourceVersion, no transactions, so that whoever relies on it must ask again. Each call is atomic and takes effect
at once.

Not modelled here: latency, failures before and after the effect, stale lists and drift. Those belong to whatever
carries the call: `version` and `snapshot` are what it needs to answer a list with the past, and `handle` to drift.

The design reason: real outside systems differ in everything but this. What they have in common is what controllers get
wrong: a create whose reply was lost, and a delete of what is already gone.

Source: the external-effect rows of the bug catalogue (crossplane-runtime#279, tailscale#19441); idempotency keys as in
AWS client tokens and Stripe's Idempotency-Key.
"""

from reference_impl.errors import BadRequest, NotFound
from reference_impl.objects import copy_json
from reference_impl.protocol import ExternalCall, JsonObject


class ExternalSystem:
    """The state of one outside system, and the only way to change it.

    Args:
        name: what controllers pass to `client.external(name)`.
    """

    __slots__ = ("_created_count", "_items", "name", "version")

    def __init__(self, name: str) -> None:
        self.name = name
        self.version = 0
        """How many calls have had an effect so far: two snapshots of one version are equal."""
        self._items: dict[str, JsonObject] = {}
        self._created_count = 0

    def handle(self, call: ExternalCall) -> JsonObject | None:
        """Carry out one call and answer with a copy the caller may change.

        - `get`: the item of that id, or None.
        - `list`: `{"items": [...]}` in id order.
        - `create`: with a key, the key is the item's id and a second create returns the first item unchanged; without,
          the id is assigned here ("ext-1", "ext-2", ... never used twice).
        - `update`: replaces the item's content. Its `id` stays; so does its `owner` unless the body names another.
        - `delete`: the item as it was, or None if there was none.

        Raises:
            BadRequest: an unknown verb, or a call without the key that its verb needs.
            NotFound: an update of what is not there.
        """
        if call.verb == "list":
            return self.snapshot()
        if call.verb == "create":
            return self._create(call)
        if call.verb not in ("get", "update", "delete"):
            raise BadRequest(
                f"external system {self.name!r} has no verb {call.verb!r}: use get, list, create, update or delete"
            )
        if not call.key:
            raise BadRequest(
                f"{call.verb} on external system {self.name!r} without a key names no item: pass the item's id as key"
            )
        if call.verb == "update":
            return self._update(call.key, call.body)
        item = self._items.get(call.key)
        if item is None:
            return None
        if call.verb == "delete":
            del self._items[call.key]
            self.version += 1
        answer: JsonObject = copy_json(item)
        return answer

    def snapshot(self) -> JsonObject:
        """What a `list` would answer now, as a copy: `{"items": [...]}` in id order."""
        return {"items": [copy_json(self._items[item_id]) for item_id in sorted(self._items)]}

    def _create(self, call: ExternalCall) -> JsonObject:
        existing = self._items.get(call.key) if call.key else None
        if existing is not None:
            first: JsonObject = copy_json(existing)
            return first
        item_id = call.key or self._next_id()
        return self._store(item_id, {**(call.body or {}), "id": item_id})

    def _update(self, item_id: str, body: JsonObject | None) -> JsonObject:
        old = self._items.get(item_id)
        if old is None:
            raise NotFound(
                f"external system {self.name!r} has no item {item_id!r} to update: it was deleted, or never created"
            )
        new = {**(body or {}), "id": item_id}
        # Ownership is a tag, not content: an update that leaves it out must not hide whose item this is.
        if "owner" in old:
            new.setdefault("owner", old["owner"])
        if new == old:
            return new
        return self._store(item_id, new)

    def _store(self, item_id: str, item: JsonObject) -> JsonObject:
        self._items[item_id] = copy_json(item)
        self.version += 1
        answer: JsonObject = copy_json(item)
        return answer

    def _next_id(self) -> str:
        while True:
            self._created_count += 1
            item_id = f"ext-{self._created_count}"
            # A caller may have chosen such a name for itself as a key.
            if item_id not in self._items:
                return item_id

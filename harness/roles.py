"""Names that mean the same in every run: roles for objects, uids, generated names, addresses and outside items.

An object whose name a machine made up is "one of the pods of that replica set", and shares a key with its like. Its
owner's key is part of its own, so that roles reach as far up as ownership does. Wherever a name, uid or address occurs,
also inside other strings, its role takes its place.
"""

import re

from reference_impl.protocol import JsonObject

_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:?\d\d)?")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_RANDOM_SUFFIX = re.compile(
    r"(?:[bcdfghjklmnpqrstvwxz2456789]{5,10}|[0-9a-f]{6,64})(?:-[bcdfghjklmnpqrstvwxz2456789]{5})?"
)
"""What generateName and hashes append: Kubernetes' safe alphabet, or hex."""
_ASSIGNED_ID = re.compile(r"ext-\d+")


def object_key(api_version: str, kind: str, namespace: str | None, name: str) -> str:
    """The key of an object with a stable name: "Deployment.apps/default/front", "Node/node-0"."""
    return (
        f"{_kind_key(api_version, kind)}/{namespace}/{name}" if namespace else f"{_kind_key(api_version, kind)}/{name}"
    )


def _kind_key(api_version: str, kind: str) -> str:
    group = api_version.rpartition("/")[0]
    return f"{kind}.{group}" if group else kind


class Roles:
    """Names for what has none of its own: by uid, by generated name, by address."""

    __slots__ = ("_by_uid", "_complete", "_pattern", "item_keys", "keys", "memo", "names")

    def __init__(self, objects: list[JsonObject], external: dict[str, list[JsonObject]]) -> None:
        self._by_uid = {obj["metadata"]["uid"]: obj for obj in objects}
        self.keys: dict[str, tuple[str, bool]] = {}
        """uid -> (key, whether it is shared by a lot)"""
        self.item_keys: dict[tuple[str, str], tuple[str, bool]] = {}
        self.names: dict[str, str] = {}
        """what is replaced wherever it occurs -> by what"""
        self.memo: dict[str, str] = {}
        self._pattern: re.Pattern[str] | None = None
        self._complete = False
        for uid in self._by_uid:
            self._key(uid)
        for uid, obj in self._by_uid.items():
            self._note(uid, obj)
        for system, items in external.items():
            if not system.startswith("containers/"):
                for item in items:
                    self._note_item(system, item)
        self._complete = True

    def text(self, value: str) -> str:
        """The string with everything that differs between runs replaced by its role."""
        known = self.memo.get(value)
        if known is None:
            known = self.memo[value] = self._replace(value)
        return known

    def _replace(self, value: str) -> str:
        whole = self.names.get(value)
        if whole is not None:
            return whole
        if len(value) < 5:
            return value
        if len(value) >= 16 and ("T" in value or "t" in value or ":" in value):
            value = _TIME.sub("<time>", value)
        if len(value) >= 36:
            value = _UUID.sub(lambda match: self.names.get(match.group(), "<uid>"), value)
        # Few strings hold a name within them, and a look is far cheaper than the pattern that finds where.
        if self._complete and any(name in value for name in self.names):
            value = self._names_within().sub(lambda match: self.names[match.group()], value)
        return value

    def _names_within(self) -> re.Pattern[str]:
        if self._pattern is None:
            longest_first = sorted(self.names, key=lambda name: (-len(name), name))
            self._pattern = re.compile(r"(?<![\w.-])(?:" + "|".join(map(re.escape, longest_first)) + r")(?![\w-])")
        return self._pattern

    def _key(self, uid: str) -> tuple[str, bool]:
        known = self.keys.get(uid)
        if known is not None:
            return known
        obj = self._by_uid[uid]
        metadata = obj["metadata"]
        kind = _kind_key(obj["apiVersion"], obj["kind"])
        namespace, name = metadata.get("namespace"), metadata["name"]
        place = f"{kind}/{namespace}/" if namespace else f"{kind}/"
        # Ends cycles of owners, which the API allows.
        self.keys[uid] = (place + "*", True)
        owners = metadata.get("ownerReferences") or ()
        owner = next((ref for ref in owners if ref.get("controller")), owners[0] if owners else None)
        parent = self._key(owner["uid"])[0] if owner is not None and owner["uid"] in self._by_uid else None
        found = (place + name, False)
        if _is_generated(metadata, owner):
            if parent is None:
                parent = f"gone {owner['kind']}" if owner is not None else None
            found = (f"{place}* of {parent}" if parent else place + "*", True)
        else:
            stable = self._with_uids_replaced(name)
            if stable is not None:
                found = (place + stable, "<uid>" in stable)
        self.keys[uid] = found
        return found

    def _with_uids_replaced(self, name: str) -> str | None:
        """A name with uids in it: stable if they are uids of known objects, which have roles."""
        if len(name) < 36 or not _UUID.search(name):
            return None

        def role(match: re.Match[str]) -> str:
            uid = match.group()
            return f"<uid of {self._key(uid)[0]}>" if uid in self._by_uid else "<uid>"

        return _UUID.sub(role, name)

    def _note(self, uid: str, obj: JsonObject) -> None:
        key, is_lot = self.keys[uid]
        names = self.names
        names[uid] = f"<uid of {key}>"
        name = obj["metadata"]["name"]
        if is_lot or (len(name) >= 36 and not key.endswith("/" + name)):
            names[name] = f"<{key}>"
        kind = obj["kind"]
        if kind == "Pod":
            address = (obj.get("status") or {}).get("podIP")
            if address:
                names[address] = "<pod IP>"
        elif kind == "Node":
            names[name] = "<node>"
        elif kind == "Service":
            address = obj["spec"].get("clusterIP")
            if address and address != "None":
                names[address] = f"<IP of {key}>"

    def _note_item(self, system: str, item: JsonObject) -> None:
        item_id = str(item["id"])
        owner = item.get("owner")
        if item_id in self.keys:
            found = (f"{system}/<uid of {self.keys[item_id][0]}>", False)
        elif _ASSIGNED_ID.fullmatch(item_id) or _UUID.fullmatch(item_id):
            role = self.keys[owner][0] if isinstance(owner, str) and owner in self.keys else None
            found = (f"{system}/* of {role}" if role else f"{system}/*", True)
            self.names.setdefault(item_id, f"<{found[0]}>")
        else:
            found = (f"{system}/{self.text(item_id)}", False)
        self.item_keys[system, item_id] = found


def _is_generated(metadata: JsonObject, owner: JsonObject | None) -> bool:
    """Was this name made up by a machine? generateName says so; else a random-looking end after the owner's name."""
    if metadata.get("generateName"):
        return True
    if owner is None:
        return False
    name, prefix = metadata["name"], owner["name"] + "-"
    return name.startswith(prefix) and _RANDOM_SUFFIX.fullmatch(name, len(prefix)) is not None

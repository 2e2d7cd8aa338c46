"""Stories of appliers and updaters over one object, told without a server: what structured-merge-diff's tests tell."""

from typing import Any

import yaml

from reference_impl.apiserver import ownership, structured_merge
from reference_impl.apiserver.field_sets import FieldSet, path_text
from reference_impl.apiserver.field_types import ANY, FieldType, type_of
from reference_impl.apiserver.managed_fields import APPLY, UPDATE, Claims, Manager
from reference_impl.apiserver.ownership import Conflicts, Lens, View
from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject


def type_from(properties: str) -> FieldType:
    """The type of objects with these properties (YAML of an OpenAPI schema)."""
    schema = {"type": "object", "properties": yaml.safe_load(properties)}
    return type_of(
        KindInfo(group="e.com", version="v1", kind="T", plural="ts", namespaced=True, crd="ts.e.com", schema=schema)
    )


class Story:
    """One object's life. Versions have one type, and may call fields differently (`shown_as`)."""

    def __init__(self, type: FieldType = ANY, shown_as: Any = None) -> None:
        self.type = type
        self.shown_as = shown_as or (lambda obj, version: obj)
        self.obj: JsonObject = {}
        self.claims: Claims = {}

    def lens(self, version: str) -> Lens:
        def view(of: str) -> View | None:
            if of == "gone":
                return None
            return View(type=self.type, show=lambda obj: self.shown_as(obj, of), reset=lambda fields: fields)

        mine = view(version)
        assert mine is not None
        return Lens(version=version, view=mine, other=view)

    def apply(self, manager: str, config: str, version: str = "v1", *, force: bool = False) -> list[str]:
        """The conflicts, as "owner: .path"; nothing has happened if there are any."""
        parsed = yaml.safe_load(config) or {}
        assert structured_merge.faults_of(parsed, self.type) == []
        who = Manager.of(manager, APPLY, version, None)
        live = self.shown_as(self.obj, version)
        try:
            applied = ownership.apply(self.lens(version), live, parsed, self.claims, who, force=force, now="now")
        except Conflicts as conflicts:
            return [f"{owner.name}: {path_text(path)}" for owner, path in conflicts.fields]
        self.obj, self.claims = applied.obj, applied.claims
        return []

    def update(self, manager: str, obj: str, version: str = "v1") -> None:
        new = yaml.safe_load(obj) or {}
        who = Manager.of(manager, UPDATE, version, None)
        old = self.shown_as(self.obj, version)
        self.claims = ownership.after_update(self.lens(version), old, new, self.claims, who, "now")
        self.obj = new

    def owned(self) -> dict[str, list[str]]:
        """Manager -> the paths it owns, in order."""
        return {manager.name: paths_of(claim.fields) for manager, claim in self.claims.items()}


def paths_of(fields: FieldSet) -> list[str]:
    return sorted(path_text(path) for path in fields.paths())

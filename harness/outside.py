"""All outside systems of one world, with what the weather needs: the past (for stale lists) and drift.

Systems come into being on first use; `Trial(external={name: {"items": [...]}})` fills one beforehand.
"""

from collections.abc import Mapping
from typing import Any

from harness.errors import UsageError
from reference_impl.external import ExternalSystem
from reference_impl.objects import copy_json
from reference_impl.protocol import ExternalCall, JsonObject

PAST_KEPT = 8
"""Snapshots kept for stale lists; older ones make no new behaviour (arbitrary)."""
RUNTIME_PREFIX = "containers/"
"""Outside systems of kubelets: the container runtime of a node. Not drifted: kubelets own it alone."""


class Outside:
    """The outside systems by name."""

    def __init__(self, configuration: Mapping[str, Any]) -> None:
        self.systems: dict[str, ExternalSystem] = {}
        self._past: dict[str, list[JsonObject]] = {}
        for name, settings in configuration.items():
            items = (settings or {}).get("items", ()) if isinstance(settings, Mapping) else ()
            unknown = [key for key in settings or {} if key != "items"]
            if unknown:
                raise UsageError(f"external[{name!r}] has no setting {unknown[0]!r}: it takes items")
            system = self._system(name)
            for item in items:
                system.handle(ExternalCall(system=name, verb="create", key=item.get("id"), body=item))

    def _system(self, name: str) -> ExternalSystem:
        system = self.systems.get(name)
        if system is None:
            system = self.systems[name] = ExternalSystem(name)
        return system

    def version(self, name: str) -> int:
        return self._system(name).version

    def handle(self, call: ExternalCall, *, stale: bool = False) -> JsonObject | None:
        """One call. A stale list answers with an earlier state, if there was one."""
        system = self._system(call.system)
        past = self._past.setdefault(call.system, [])
        if stale and call.verb == "list" and past:
            answer: JsonObject = copy_json(past[-1])
            return answer
        before, version = None, system.version
        if call.verb in ("create", "update", "delete"):
            before = system.snapshot()
        result = system.handle(call)
        if before is not None and system.version != version:
            past.append(before)
            del past[:-PAST_KEPT]
        return result

    def has_past(self, name: str) -> bool:
        return bool(self._past.get(name))

    def is_quiet(self, name: str) -> bool:
        return name.startswith(RUNTIME_PREFIX)

    def items_of(self, name: str) -> list[JsonObject]:
        system = self.systems.get(name)
        return list(system.snapshot()["items"]) if system is not None else []

    def items(self) -> list[tuple[str, str]]:
        """(system, id) of all items, container runtimes left out."""
        return [
            (name, item["id"])
            for name in sorted(self.systems)
            if not self.is_quiet(name)
            for item in self.systems[name].snapshot()["items"]
        ]

    def state(self) -> dict[str, list[JsonObject]]:
        """Everything, for the end-state comparison; container runtimes left out."""
        return {name: self.items_of(name) for name in sorted(self.systems) if not self.is_quiet(name)}

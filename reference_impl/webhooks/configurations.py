"""The webhooks that are configured now, in the order in which they are asked: by configuration's name, then as listed.

A configuration is in force from the commit that stores it; real servers learn of it by a watch, a moment later.

Source: apiserver `pkg/admission/configuration/{mutating,validating}_webhook_manager.go`.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from reference_impl.apiserver.reviewing import MUTATE, VALIDATE
from reference_impl.apiserver.selectors import match_expressions
from reference_impl.apiserver.webhook_configurations import CONDITION_VARIABLES, MUTATING, REVIEW_VERSIONS, VALIDATING
from reference_impl.protocol import JsonObject
from reference_impl.store.port import Store, StoreEvent

if TYPE_CHECKING:
    import cel

_PHASES: Final = {MUTATING: MUTATE, VALIDATING: VALIDATE}


class Webhook:
    """One entry of a configuration, as it is stored: defaults filled in, and valid."""

    __slots__ = ("_entry", "conditions", "everywhere", "in_namespaces", "of_objects")

    def __init__(self, entry: JsonObject) -> None:
        self._entry = entry
        self.everywhere = not entry.get("namespaceSelector")
        """The empty selector: no namespace need be looked at."""
        self.in_namespaces = match_expressions(entry.get("namespaceSelector") or {})
        self.of_objects = match_expressions(entry.get("objectSelector") or {})
        self.conditions: list[tuple[str, cel.Program]] = []
        """Name and expression of each of its matchConditions."""
        for condition in entry.get("matchConditions") or ():
            from reference_impl.apiserver.cel_rules import compile_expression

            program = compile_expression(condition["expression"], CONDITION_VARIABLES, "", [])
            assert program is not None, condition
            self.conditions.append((condition["name"], program))

    @property
    def name(self) -> str:
        return str(self._entry["name"])

    @property
    def rules(self) -> list[JsonObject]:
        return list(self._entry.get("rules") or ())

    @property
    def client(self) -> JsonObject:
        return dict(self._entry["clientConfig"])

    @property
    def exact(self) -> bool:
        return self._entry.get("matchPolicy") == "Exact"

    @property
    def fails_open(self) -> bool:
        return self._entry.get("failurePolicy") == "Ignore"

    @property
    def reinvoked(self) -> bool:
        return self._entry.get("reinvocationPolicy") == "IfNeeded"

    @property
    def dry(self) -> bool:
        """May it be called for a dry run?"""
        return self._entry.get("sideEffects") in ("None", "NoneOnDryRun")

    @property
    def timeout_s(self) -> int:
        return int(self._entry.get("timeoutSeconds") or 10)

    @property
    def review_version(self) -> str:
        """The first version of AdmissionReview on its list that is spoken here."""
        return next(str(each) for each in self._entry["admissionReviewVersions"] if each in REVIEW_VERSIONS)


class Configurations:
    """Follows the store. `of(phase)` are the webhooks of a phase, in order."""

    __slots__ = ("_by_name", "_hooks", "_store")

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_name: dict[str, dict[str, list[Webhook]]] = {MUTATE: {}, VALIDATE: {}}
        self._hooks: dict[str, list[Webhook]] = {MUTATE: [], VALIDATE: []}
        self.reload()
        store.subscribe(self._committed)

    def reload(self) -> None:
        """Have what is stored now and nothing else: events may have been missed. Raises StoreUnavailable."""
        for resource, phase in _PHASES.items():
            stored = self._store.list(resource).items
            self._by_name[phase].clear()
            self._order(phase)
            for obj in stored:
                self._take(phase, obj)

    def of(self, phase: str) -> list[Webhook]:
        return self._hooks[phase]

    def __bool__(self) -> bool:
        return any(self._hooks.values())

    def _committed(self, event: StoreEvent) -> None:
        phase = _PHASES.get(event.key[0])
        if phase is None:
            return
        if event.type == "DELETED":
            self._by_name[phase].pop(event.key[2], None)
            self._order(phase)
        else:
            self._take(phase, event.object)

    def _take(self, phase: str, obj: JsonObject) -> None:
        self._by_name[phase][obj["metadata"]["name"]] = [Webhook(each) for each in obj.get("webhooks") or ()]
        self._order(phase)

    def _order(self, phase: str) -> None:
        self._hooks[phase] = list(_flat(self._by_name[phase]))


def _flat(by_name: dict[str, list[Webhook]]) -> Iterator[Webhook]:
    for name in sorted(by_name):
        yield from by_name[name]

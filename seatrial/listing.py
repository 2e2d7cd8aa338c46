"""What there is, one line each: faults, properties, patterns, kinds, and the entries of the zoo.

Generated from the registries, never from a list of its own: what a stranger's distribution adds shows up here.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from seatrial.printing import print_json, print_table, print_text

if TYPE_CHECKING:
    from harness.contract import Fault, Property
    from harness.pattern import Pattern
    from reference_impl.kinds import KindInfo


def faults(*, as_json: bool) -> None:
    from harness import registry

    found = registry.faults()
    if as_json:
        print_json({"faults": [_fault_entry(fault) for fault in found]})
        return
    print_table([(fault.name, _label(fault), fault.source) for fault in found])


def properties(*, as_json: bool) -> None:
    from harness import registry

    found = registry.properties()
    if as_json:
        print_json({"properties": [_property_entry(claim) for claim in found]})
        return
    print_table([(p.name, p.when + (", opt-in" if getattr(p, "opt_in", False) else ""), p.source) for p in found])


def patterns(*, as_json: bool) -> None:
    from harness import registry

    found = registry.patterns()
    if as_json:
        print_json({"patterns": [_pattern_entry(pattern) for pattern in found]})
        return
    print_table([(p.name, f"{len(p.promises)} promises", p.target, p.says) for p in found])


def kinds(*, as_json: bool) -> None:
    from reference_impl.builtin_kinds import BUILTIN_KINDS, CONTROLLER_OF, EVERY_KIND_CONTROLLERS

    found = [
        (info, CONTROLLER_OF.get((info.group, info.kind), ()))
        for info in sorted(BUILTIN_KINDS, key=lambda info: (info.group, info.kind, info.version))
    ]
    if as_json:
        print_json({"kinds": [_kind_entry(*entry) for entry in found], "every_kind": list(EVERY_KIND_CONTROLLERS)})
        return
    print_table([(info.kind, info.api_version, ", ".join(names) or "stored only") for info, names in found])
    print_text(f"every kind: {', '.join(EVERY_KIND_CONTROLLERS)}")


def zoo(*, as_json: bool) -> None:
    from reference_impl.zoo import ZOO

    if as_json:
        print_json({"entries": [_zoo_entry(entry) for entry in ZOO]})
        return
    print_table([(entry.id, entry.property, ", ".join(entry.faults), entry.bug) for entry in ZOO])


LISTINGS: dict[str, tuple[Callable[..., None], str]] = {
    "faults": (faults, "Kinds of bad weather, with their labels and sources."),
    "properties": (properties, "Claims that are judged, when, and who promises them."),
    "patterns": (patterns, "Patterns that an implementation can be held to, and what TARGET is."),
    "kinds": (kinds, "Built-in kinds, and the controller behind each."),
}
"""Commands of their own: name, what prints it, help."""


def _label(fault: "Fault") -> str:
    words = ["legal", "obliged" if fault.obliged else "not obliged"] if fault.legal else ["hostile"]
    return ", ".join([*words, *(["opt-in"] if getattr(fault, "opt_in", False) else [])])


def _fault_entry(fault: "Fault") -> dict[str, Any]:
    return {
        "name": fault.name,
        "legal": fault.legal,
        "obliged": fault.obliged,
        "opt_in": bool(getattr(fault, "opt_in", False)),
        "source": fault.source,
    }


def _property_entry(claim: "Property") -> dict[str, Any]:
    return {
        "name": claim.name,
        "when": claim.when,
        "opt_in": bool(getattr(claim, "opt_in", False)),
        "voided_by": list(claim.voided_by),
        "source": claim.source,
    }


def _pattern_entry(pattern: "Pattern") -> dict[str, Any]:
    return {
        "name": pattern.name,
        "says": pattern.says,
        "target": pattern.target,
        "tried_by": "trial" if hasattr(pattern, "weather") else "operations",
        "weather": list(getattr(pattern, "weather", ())),
        "promises": [
            {
                "name": promise.name,
                "says": promise.says,
                "source": promise.source,
                "voided_by": list(promise.voided_by),
            }
            for promise in pattern.promises
        ],
    }


def _kind_entry(info: "KindInfo", controllers: tuple[str, ...]) -> dict[str, Any]:
    return {
        "kind": info.kind,
        "api_version": info.api_version,
        "plural": info.plural,
        "namespaced": info.namespaced,
        "controllers": list(controllers),
    }


def _zoo_entry(entry: Any) -> dict[str, Any]:
    return {
        "id": entry.id,
        "property": entry.property,
        "faults": list(entry.faults),
        "bug": entry.bug,
        "tags": list(entry.tags),
    }

"""What a fair-weather run taught about a trial: who runs, what they write, which kinds there are.

Set by `check` after the first fair-weather run and read by properties (`applies`) and by the workload generator. Before
that run everything is empty.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentFacts:
    """One process. Kinds are (api_version, kind), sorted."""

    name: str
    under_test: bool = False
    elects: bool = False
    overlap: bool = False
    external_systems: tuple[str, ...] = ()
    controllers: tuple[str, ...] = ()
    kinds_written: tuple[tuple[str, str], ...] = ()
    kinds_deleted: tuple[tuple[str, str], ...] = ()
    """What it deleted by commands of its own."""
    kinds_adopted: tuple[tuple[str, str], ...] = ()
    """What it gave a controller reference after its creation."""
    kinds_finalized: tuple[tuple[str, str], ...] = ()
    """What it put a finalizer on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """`kinds`: (api_version, kind) that existed at any time. `elects`: names of processes that elect a leader."""

    kinds: tuple[tuple[str, str], ...] = ()
    components: tuple[ComponentFacts, ...] = ()
    built_ins: tuple[str, ...] = ()
    external_systems: tuple[str, ...] = ()
    elects: tuple[str, ...] = ()
    profile: str = "kubernetes"
    instances: int = 1

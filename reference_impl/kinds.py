"""Kinds: what an API server knows about a resource type. The table of built-in kinds is `builtin_kinds.py`."""

from dataclasses import dataclass, field

from reference_impl.protocol import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class KindInfo:
    """One served version of a kind. `schema` is a structural schema (custom resources) or None (stored as given)."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    subresources: frozenset[str] = frozenset()
    """Of status, scale, binding, eviction, log."""
    schema: JsonObject | None = field(default=None, hash=False, compare=False)
    crd: str | None = None
    """Name of the CustomResourceDefinition this comes from."""
    short_names: tuple[str, ...] = ()
    extra: JsonObject = field(default_factory=dict, hash=False, compare=False)
    """scale paths (specReplicasPath, ...), printer columns: whatever else its CRD says."""

    api_version: str = field(init=False, repr=False, compare=False)
    resource: str = field(init=False, repr=False, compare=False)
    """Kubernetes' GroupResource string, the first part of every store key: "pods", "deployments.apps"."""

    def __post_init__(self) -> None:
        # Stored, not computed: both are asked for with every message.
        put = object.__setattr__
        put(self, "api_version", f"{self.group}/{self.version}" if self.group else self.version)
        put(self, "resource", f"{self.plural}.{self.group}" if self.group else self.plural)

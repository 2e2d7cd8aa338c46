"""Targets for a Kubernetes API server that runs already, a real cluster's or a fake one's: patterns 4 to 6 over HTTP.

    KUBECONFIG=… seatrial check --pattern versioned-value seatrial.cluster:versioned_values
    KUBECONFIG=… seatrial check --pattern state-watch     seatrial.cluster:state_watch
    KUBECONFIG=… seatrial check --pattern consistent-core seatrial.cluster:consistent_core

From Python, with a URL: `check_pattern("state-watch", lambda: ApiServerWatch(at_url("http://127.0.0.1:8001")))`.

Each tryout makes two namespaces (`seatrial-a-…`, `seatrial-b-…`), writes ConfigMaps in them, and deletes both; it reads
ConfigMaps in those and, for lists of everything, in all namespaces. Take a cluster that is for tests.
"""

from reference_impl.patterns.over_http.access import Access, NoAccess, at_url, from_kubeconfig
from reference_impl.patterns.over_http.values import ApiServerCore, ApiServerValues
from reference_impl.patterns.over_http.watched import ApiServerWatch

__all__ = [
    "Access",
    "ApiServerCore",
    "ApiServerValues",
    "ApiServerWatch",
    "NoAccess",
    "at_url",
    "consistent_core",
    "from_kubeconfig",
    "state_watch",
    "versioned_values",
]


def versioned_values() -> ApiServerValues:
    """`VersionedValues` of the cluster that KUBECONFIG names. Raises NoAccess."""
    return ApiServerValues(from_kubeconfig())


def state_watch() -> ApiServerWatch:
    """`StateWatch` of the cluster that KUBECONFIG names. Raises NoAccess."""
    return ApiServerWatch(from_kubeconfig())


def consistent_core() -> ApiServerCore:
    """`ConsistentCore` of the cluster that KUBECONFIG names. Raises NoAccess."""
    return ApiServerCore(from_kubeconfig())

"""Patterns 4 to 6 over HTTP: any API server of Kubernetes behind their ports, and the reference's own as targets.

    seatrial check --pattern state-watch reference_impl.patterns.over_http:state_watch
    seatrial check --pattern versioned-value reference_impl.patterns.over_http:versioned_values
    seatrial check --pattern consistent-core reference_impl.patterns.over_http:consistent_core

Each starts the reference's API server on a free loopback port (`served.py`), and is nothing but its client but for
what no client can do: compact its store, and ask for bookmarks. `seatrial.cluster` has the same for a server that runs
already.
"""

from reference_impl.patterns.over_http.served import ServedInProcess
from reference_impl.patterns.over_http.values import ApiServerCore, ApiServerValues
from reference_impl.patterns.over_http.watched import ApiServerWatch


class ServedValues(ApiServerValues):
    """`VersionedValues` of a server that ends with it."""

    def __init__(self, served: ServedInProcess) -> None:
        self.served = served
        super().__init__(served.access, compacted_by=served.compact)

    def close(self) -> None:
        self.client.close()
        self.served.close()


class ServedWatch(ApiServerWatch):
    """`StateWatch` of a server that ends with it."""

    def __init__(self, served: ServedInProcess) -> None:
        self.served = served
        super().__init__(served.access, compacted_by=served.compact, bookmarks_by=served.bookmarks)

    def close(self) -> None:
        self.space.client.close()
        self.served.close()


class ServedCore(ApiServerCore):
    """`ConsistentCore` of a server that ends with it."""

    def __init__(self, served: ServedInProcess) -> None:
        self.served = served
        super().__init__(served.access)

    def close(self) -> None:
        super().close()
        self.served.close()


def versioned_values() -> ServedValues:
    return ServedValues(ServedInProcess())


def state_watch() -> ServedWatch:
    return ServedWatch(ServedInProcess())


def consistent_core() -> ServedCore:
    return ServedCore(ServedInProcess())

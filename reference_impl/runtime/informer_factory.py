"""The informers of one process: one for each collection, shared by all who watch it.

Source: controller-runtime `pkg/cache` (one informer for each kind, started on first use), client-go
`SharedInformerFactory`.
"""

import trio

from reference_impl.environment import Environment
from reference_impl.runtime.informer import Informer

_Selection = tuple[str | None, str | None, str | None]
"""(namespace, labels, fields)"""


class InformerFactory:
    """Makes informers and, once the process runs, starts them."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._by_kind: dict[tuple[str, str], dict[_Selection, Informer]] = {}
        self._all: list[Informer] = []
        self._nursery: trio.Nursery | None = None

    @property
    def running(self) -> bool:
        return self._nursery is not None

    def informer_for(
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        labels: str | None = None,
        fields: str | None = None,
    ) -> Informer:
        """The informer of this collection: made, and started if the process runs, when it is first asked for."""
        selections = self._by_kind.setdefault((api_version, kind), {})
        informer = selections.get((namespace, labels, fields))
        if informer is None:
            informer = Informer(self._environment, api_version, kind, namespace, labels, fields)
            selections[namespace, labels, fields] = informer
            self._all.append(informer)
            self._start(informer)
        return informer

    def all(self) -> list[Informer]:
        """In the order in which they were made."""
        return list(self._all)

    def covering(
        self,
        api_version: str,
        kind: str,
        namespace: str | None,
        *,
        labels: str | None = None,
        fields: str | None = None,
    ) -> Informer | None:
        """A started informer whose cache can answer for this collection: nothing of it is left out there. Else None."""
        if self._nursery is None:
            return None
        for informer in self._by_kind.get((api_version, kind), {}).values():
            if (
                informer.namespace in (None, namespace)
                and informer.labels in (None, labels)
                and informer.fields in (None, fields)
            ):
                return informer
        return None

    def start(self, nursery: trio.Nursery) -> None:
        """Run all informers, those still to be made included, as tasks of this nursery."""
        self._nursery = nursery
        for informer in self._all:
            self._start(informer)

    def _start(self, informer: Informer) -> None:
        if self._nursery is not None:
            self._nursery.start_soon(informer.run, name=f"informer {informer.api_version}/{informer.kind}")

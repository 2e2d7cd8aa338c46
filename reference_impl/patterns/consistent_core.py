"""Consistent core: sessions at one store. All calls are atomic steps of one object, which is what makes it
consistent."""

from reference_impl.store.memory import MemoryStore
from reference_impl.store.port import Store


class OneStore:
    """A store of this project as a `ConsistentCore`: every session is at the same one."""

    def __init__(self, store: Store | None = None) -> None:
        self.store: Store = MemoryStore() if store is None else store

    def session(self, number: int) -> Store:
        return self.store

    def close(self) -> None:
        """Closes the store, if it can be closed."""
        close = getattr(self.store, "close", None)
        if close is not None:
            close()

"""Versioned values of any Kubernetes API server, and a consistent core: what its clients can know of its store.

A contract's value travels as JSON text inside a ConfigMap, and comes back as what was sent, with its revision. Reads of
the past are lists of one object at exactly one revision (`resourceVersionMatch=Exact`), which is the only way that
Kubernetes has; pages are its continue tokens.

The contract of versioned values counts revisions, and a server in use gives some to others. So this client counts its
own writes, in the order of their resourceVersions, and whatever the server did in between has no number.
What is not looked at therefore: revisions that a server takes for writes which it refused.
"""

import json
from bisect import bisect_right
from collections.abc import Callable
from typing import Any, Final

from reference_impl.patterns.over_http.access import Access
from reference_impl.patterns.over_http.client import ApiClient
from reference_impl.patterns.over_http.space import Lost, Space, revision
from reference_impl.protocol import JsonObject
from reference_impl.store.port import Compacted, FutureRevision, Key, Page, RevisionMismatch, StoreEvent

_FAR_AHEAD: Final = 1_000_000
"""A resourceVersion that no server gets to while it is asked for; arbitrary."""
_CONTENT: Final = "content"
_PAGE: Final = 500
"""client-go's pager has pages of as many."""


class Count:
    """This client's own writes, numbered without gaps in the order of their resourceVersions."""

    def __init__(self, base: int) -> None:
        self._revisions = [base]

    def note(self, told: int) -> int:
        """The number of a write that was answered with this resourceVersion. One that is not new has an old number."""
        if told > self._revisions[-1]:
            self._revisions.append(told)
        return self.of(told)

    def of(self, told: int) -> int:
        """The number of the newest write at or before a resourceVersion."""
        return bisect_right(self._revisions, told)

    def shown(self, told: int) -> str:
        """As an object's resourceVersion: the number, or what the server said if no write was answered with it."""
        return str(self.of(told)) if told in self._revisions else f"{told} of the server"

    def told(self, number: int) -> int:
        """The resourceVersion of a number; far ahead for one that has not been given."""
        newest = len(self._revisions)
        return self._revisions[max(number, 1) - 1] if number <= newest else self._revisions[-1] + _FAR_AHEAD


class ApiServerValues:
    """`VersionedValues`. Nobody compacts a store through the API: without `compacted_by` that promise is not tried.

    Args:
        compacted_by: compacts the server's store at a resourceVersion, by another way than its API.
    """

    def __init__(self, access: Access, *, compacted_by: Callable[[int], None] | None = None) -> None:
        self.space = Space(access)
        self.client = self.space.client
        self.count = Count(self.space.revision())
        self.compacted_revision = 0
        self.compact: Callable[[int], None] | None = None
        if compacted_by is not None:
            self._compacted_by = compacted_by
            self.compact = self._compact
        self._tokens: dict[tuple[int, Key], str] = {}
        """Of pages: (revision, the last key of the page before)."""

    @property
    def revision(self) -> int:
        return self.count.of(self.space.revision())

    def get(self, key: Key, *, revision: int | None = None) -> JsonObject | None:
        if revision is None:
            found = self.space.get(self.client, key)
        else:
            named = {"fieldSelector": f"metadata.name={key[2]}"}
            items = self._asked(self.space.path(key[1]), revision, **named)["items"]
            found = items[0] if items else None
        return self._value(found)

    def list(
        self,
        resource: str,
        namespace: str | None = None,
        *,
        revision: int | None = None,
        limit: int | None = None,
        after: Key | None = None,
    ) -> Page:
        query: dict[str, Any] = {"labelSelector": self.space.selector, "limit": limit}
        if after is not None and revision is not None:
            query["continue"] = self._tokens[revision, after]
            revision = None
        answer = self._asked(self.space.path(namespace), revision, **query)
        at, items = self.count.of(_revision(answer)), [self.space.key(item) for item in answer["items"]]
        last = items[-1] if items else None
        token = answer["metadata"].get("continue")
        if token and last is not None:
            self._tokens[at, last] = token
        values = [self._value(item) for item in answer["items"]]
        return Page([value for value in values if value is not None], at, self._remaining(namespace, answer), last)

    def put(self, key: Key, obj: JsonObject, *, expected: int | None = None) -> StoreEvent:
        carried = {"metadata": {"name": key[2]}, "data": {_CONTENT: json.dumps(_without_metadata(obj))}}
        written = self.space.put(self.client, key, carried, self._expected(expected))
        if isinstance(written, Lost):
            raise RevisionMismatch(key, expected or 0, self._value(written.current))
        number = self.count.note(_revision(written))
        return StoreEvent(number, "WRITTEN", key, self._value(written) or {}, None)

    def delete(self, key: Key, *, expected: int | None = None) -> StoreEvent:
        deleted = self.space.delete(self.client, key, self._expected(expected))
        if isinstance(deleted, Lost):
            raise RevisionMismatch(key, expected or 0, self._value(deleted.current))
        number = self.count.note(_revision(deleted))
        return StoreEvent(number, "DELETED", key, self._value(deleted) or {}, None)

    def close(self) -> None:
        self.space.close()

    def _compact(self, number: int) -> None:
        if number > self.revision:
            raise FutureRevision(number, self.revision)
        self._compacted_by(self.count.told(number))
        self.compacted_revision = number

    def _asked(self, path: str, number: int | None, **query: Any) -> JsonObject:
        """A list, now or at a revision. Raises Compacted, FutureRevision."""
        at = None if number is None else self.count.told(number)
        try:
            return self.space.listed(self.client, path, at, **query)
        except Compacted:
            raise Compacted(number or 0, self.compacted_revision) from None
        except FutureRevision as error:
            raise FutureRevision(number or 0, self.count.of(error.current)) from None

    def _remaining(self, namespace: str | None, answer: JsonObject) -> int:
        """With a selector a server need not say how many remain: then the rest is read."""
        told, count = answer["metadata"].get("remainingItemCount"), 0
        query: dict[str, Any] = {"labelSelector": self.space.selector, "limit": _PAGE}
        while told is None and (token := answer["metadata"].get("continue")):
            query["continue"] = token
            answer = self._asked(self.space.path(namespace), None, **query)
            count += len(answer["items"])
        return count if told is None else int(told)

    def _expected(self, number: int | None) -> int | None:
        return self.count.told(number) if number else number

    def _value(self, found: JsonObject | None) -> JsonObject | None:
        if found is None:
            return None
        key = self.space.key(found)
        metadata = {"namespace": key[1], "name": key[2], "resourceVersion": self.count.shown(_revision(found))}
        return {**json.loads(found["data"][_CONTENT]), "metadata": metadata}


class ApiServerCore:
    """`ConsistentCore`: sessions are clients of one API server, or of several that share a store."""

    concurrent = True

    def __init__(self, *accesses: Access) -> None:
        self.space = Space(accesses[0])
        self._accesses = accesses
        self._sessions: list[ApiServerSession] = []

    def session(self, number: int) -> "ApiServerSession":
        session = ApiServerSession(self.space, self._accesses[number % len(self._accesses)])
        self._sessions.append(session)
        return session

    def close(self) -> None:
        for session in self._sessions:
            session.client.close()
        self.space.close()


class ApiServerSession:
    """`CoreSession`: one client. Revisions are the server's own: nobody counts them."""

    def __init__(self, space: Space, access: Access) -> None:
        self.space = space
        self.client = ApiClient(access)

    def get(self, key: Key, *, revision: int | None = None) -> JsonObject | None:
        if revision is None:
            return self.space.get(self.client, key)
        named = {"fieldSelector": f"metadata.name={key[2]}"}
        items = self.space.listed(self.client, self.space.path(key[1]), revision, **named)["items"]
        return items[0] if items else None

    def put(self, key: Key, obj: JsonObject, *, expected: int | None = None) -> StoreEvent:
        written = self.space.put(self.client, key, obj, expected)
        if isinstance(written, Lost):
            raise RevisionMismatch(key, expected or 0, written.current)
        return StoreEvent(_revision(written), "WRITTEN", key, written, None)

    def delete(self, key: Key, *, expected: int | None = None) -> StoreEvent:
        deleted = self.space.delete(self.client, key, expected)
        if isinstance(deleted, Lost):
            raise RevisionMismatch(key, expected or 0, deleted.current)
        return StoreEvent(_revision(deleted), "DELETED", key, deleted, None)


_revision = revision
"""Under a name that no argument takes."""


def _without_metadata(obj: JsonObject) -> JsonObject:
    return {name: value for name, value in obj.items() if name != "metadata"}

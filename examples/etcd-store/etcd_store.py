"""A real etcd behind seatrial's ports, in one file, written against the public names only.

    seatrial check --pattern versioned-value etcd_store:values
    seatrial check --pattern state-watch etcd_store:values
    seatrial check --pattern consistent-core etcd_store:core

etcd's JSON gateway (https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/) through Python's own HTTP client. Each
instance has keys of its own below a fresh prefix, so that an etcd can be used for many. `ETCD_URL` says where it is.
"""

import base64
import contextlib
import itertools
import json
import os
import socket
import threading
from collections import deque
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlsplit

from seatrial.patterns import Compacted, FutureRevision, Key, Page, RevisionMismatch, StoreEvent

Json = dict[str, Any]
URL = os.environ.get("ETCD_URL", "http://127.0.0.1:2379")
_PREFIXES = itertools.count(1)


class EtcdValues:
    """`VersionedValues` and `StateWatch`."""

    def __init__(self, url: str = URL, prefix: str | None = None) -> None:
        self.address = urlsplit(url).netloc
        self.prefix = prefix or f"/{os.getpid()}-{next(_PREFIXES)}/"
        self.compacted_revision = 0
        self.connection = HTTPConnection(self.address, timeout=30)

    @property
    def revision(self) -> int:
        return _revision(self.call("kv/range", {"key": _b64(self.prefix), "count_only": True}))

    def get(self, key: Key, *, revision: int | None = None) -> Json | None:
        found = self.read({"key": self.key(key)}, revision).get("kvs", ())
        return _value(found[0]) if found else None

    def list(
        self,
        resource: str,
        namespace: str | None = None,
        *,
        revision: int | None = None,
        limit: int | None = None,
        after: Key | None = None,
    ) -> Page:
        bounds = self.below(resource, namespace)
        if after is not None:
            bounds["key"] = _b64(self.text(after) + "\0")
        answer = self.read({**bounds, "limit": limit or 0}, revision)
        found = answer.get("kvs", [])
        remaining = int(answer.get("count", 0)) - len(found)
        last = self.named(found[-1]) if found else None
        return Page([_value(each) for each in found], revision or _revision(answer), remaining, last)

    def put(self, key: Key, obj: Json, *, expected: int | None = None) -> StoreEvent:
        value = _b64(json.dumps(obj))
        revision, before = self.write(
            key, {"request_put": {"key": self.key(key), "value": value, "prev_kv": True}}, expected
        )
        previous = _value(before) if before else None
        return StoreEvent(revision, "MODIFIED" if before else "ADDED", key, _stamped(obj, revision), previous)

    def delete(self, key: Key, *, expected: int | None = None) -> StoreEvent:
        # Deleting nothing is no error for etcd, so the present version is expected where the caller names none, and one
        # that nothing has where there is nothing to delete.
        if expected is None:
            found = self.get(key)
            expected = int(found["metadata"]["resourceVersion"]) if found is not None else 0
        request = {"request_delete_range": {"key": self.key(key), "prev_kv": True}}
        revision, before = self.write(key, request, expected or -1)
        assert before is not None, "deleted what did not exist"
        return StoreEvent(revision, "DELETED", key, _stamped(_value(before), revision), _value(before))

    def compact(self, revision: int) -> None:
        self.checked("kv/compaction", {"revision": revision}, revision)
        self.compacted_revision = revision

    def watch(self, resource: str, namespace: str | None = None, *, since: int, bookmarks: bool = False) -> "EtcdWatch":
        self.read({"key": _b64(self.prefix), "count_only": True}, since)  # raises Compacted
        return EtcdWatch(self, {**self.below(resource, namespace), "start_revision": since + 1, "prev_kv": True})

    def close(self) -> None:
        self.connection.close()

    # ----------------------------------------------------------------------------------------------------- etcd's terms

    def text(self, key: Key) -> str:
        return self.prefix + "/".join(key)

    def key(self, key: Key) -> str:
        return _b64(self.text(key))

    def named(self, pair: Json) -> Key:
        resource, namespace, name = base64.b64decode(pair["key"]).decode().removeprefix(self.prefix).split("/")
        return resource, namespace, name

    def below(self, resource: str, namespace: str | None) -> Json:
        start = self.text((resource, namespace, "")) if namespace is not None else f"{self.prefix}{resource}/"
        return {"key": _b64(start), "range_end": _b64(start[:-1] + chr(ord(start[-1]) + 1))}

    def read(self, request: Json, revision: int | None) -> Json:
        return self.checked("kv/range", {**request, "revision": revision or 0}, revision or 0)

    def write(self, key: Key, request: Json, expected: int | None) -> tuple[int, Json | None]:
        """(revision, what was there) of a transaction that compares and swaps. Raises RevisionMismatch."""
        wanted = {"key": self.key(key), "target": "MOD", "result": "EQUAL", "mod_revision": expected}
        compare = [wanted] if expected is not None else []
        answer = self.call(
            "kv/txn", {"compare": compare, "success": [request], "failure": [{"request_range": {"key": self.key(key)}}]}
        )
        (response,) = (next(iter(each.values())) for each in answer["responses"])
        if not answer.get("succeeded"):
            found = response.get("kvs", ())
            raise RevisionMismatch(key, expected or 0, _value(found[0]) if found else None)
        before = response.get("prev_kv") or next(iter(response.get("prev_kvs", ())), None)
        return _revision(answer), before

    def checked(self, path: str, request: Json, revision: int) -> Json:
        """Raises Compacted and FutureRevision."""
        try:
            return self.call(path, request)
        except Refused as error:
            if "compacted" in str(error):
                raise Compacted(revision, self.compacted_revision) from error
            if "future revision" in str(error):
                raise FutureRevision(revision, self.revision) from error
            raise

    def call(self, path: str, request: Json) -> Json:
        self.connection.request("POST", f"/v3/{path}", json.dumps(request))
        response = self.connection.getresponse()
        answer: Json = json.loads(response.read())
        if response.status != 200:
            raise Refused(answer.get("message") or answer.get("error") or str(answer))
        return answer


class EtcdWatch:
    """`OpenWatch`: a thread reads the one connection that this watch has."""

    def __init__(self, store: EtcdValues, request: Json) -> None:
        self.is_cut = False
        self.store = store
        self.came = threading.Condition()
        self.waiting: deque[StoreEvent] = deque()
        self.connection = HTTPConnection(store.address)
        self.connection.connect()
        self.socket = self.connection.sock
        self.connection.request("POST", "/v3/watch", json.dumps({"create_request": request}))
        self.response = self.connection.getresponse()
        self.response.readline()  # it is created
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self) -> None:
        try:
            while line := self.response.readline():
                result = json.loads(line).get("result", {})
                with self.came:
                    self.waiting.extend(self.event(each) for each in result.get("events", ()))
                    self.is_cut = self.is_cut or bool(result.get("canceled"))
                    self.came.notify()
        except (OSError, ValueError, HTTPException):
            pass  # it was closed, by either side
        with self.came:
            self.is_cut = True
            self.came.notify()

    def event(self, told: Json) -> StoreEvent:
        pair, before = told["kv"], told.get("prev_kv")
        revision, previous = int(pair["mod_revision"]), _value(before) if before else None
        if told.get("type") == "DELETE":
            return StoreEvent(revision, "DELETED", self.store.named(pair), _stamped(previous or {}, revision), previous)
        is_new = pair["create_revision"] == pair["mod_revision"]
        return StoreEvent(revision, "ADDED" if is_new else "MODIFIED", self.store.named(pair), _value(pair), previous)

    def read(self, wait_s: float = 0.0) -> Sequence[StoreEvent]:
        with self.came:
            self.came.wait_for(lambda: self.waiting or self.is_cut, wait_s)
            events = list(self.waiting)
            self.waiting.clear()
        return events

    def close(self) -> None:
        with contextlib.suppress(OSError):  # the other side was faster
            self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(30)
        self.response.close()
        self.connection.close()


class EtcdCore:
    """`ConsistentCore`: each session has a connection of its own, and may be used in a thread of its own."""

    concurrent = True

    def __init__(self, urls: Sequence[str] = (URL,)) -> None:
        prefix = f"/core-{os.getpid()}-{next(_PREFIXES)}/"
        self.sessions = [EtcdValues(urls[number % len(urls)], prefix) for number in range(3)]

    def session(self, number: int) -> EtcdValues:
        return self.sessions[number % len(self.sessions)]

    def close(self) -> None:
        for session in self.sessions:
            session.close()


class Refused(Exception):
    """etcd answered with an error. `definite`: it had no effect."""

    definite = True


def values() -> EtcdValues:
    return EtcdValues()


def core() -> EtcdCore:
    return EtcdCore(os.environ.get("ETCD_URLS", URL).split(","))


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _revision(answer: Json) -> int:
    return int(answer["header"]["revision"])


def _value(pair: Json) -> Json:
    return _stamped(json.loads(base64.b64decode(pair["value"])), int(pair["mod_revision"]))


def _stamped(obj: Json, revision: int) -> Json:
    return {**obj, "metadata": {**obj["metadata"], "resourceVersion": str(revision)}}

"""The state watch of an API server over HTTP, as a client of Kubernetes sees it: ConfigMaps of two fresh namespaces.

Compaction, bookmarks and the size of a reader's buffer are the server's business and not the client's, so what is
promised of these is not tried here; `tests/reference_impl/apiserver/http/` does that.
"""

import contextlib
import json
import socket
import threading
from collections import deque
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from itertools import count
from typing import Any
from urllib.parse import urlencode, urlsplit

from reference_impl.store.port import Key, Page, StoreEvent

Json = dict[str, Any]
_NUMBERS = count(1)


class WatchedOverHttp:
    """A `StateWatch`. Namespace "a" of the contract is a namespace of its own on the server."""

    def __init__(self, url: str) -> None:
        self.address = urlsplit(url).netloc
        self.requests = 0
        self._connection = HTTPConnection(self.address, timeout=60)
        number = next(_NUMBERS)
        self._spaces = {name: f"contract-{number}-{name}" for name in ("a", "b")}
        for space in self._spaces.values():
            self._ask("POST", "/api/v1/namespaces", {"metadata": {"name": space}})
        self._live: set[Key] = set()

    @property
    def revision(self) -> int:
        return int(self._ask("GET", "/api/v1/configmaps?limit=1")["metadata"]["resourceVersion"])

    def list(self, resource: str, namespace: str | None = None) -> Page:
        answer = self._ask("GET", self._path(namespace))
        items = [{"apiVersion": "v1", "kind": "ConfigMap", **item} for item in answer["items"]]
        return Page([self._ours(each) for each in items if self._is_ours(each)], _revision(answer), 0, None)

    def put(self, key: Key, obj: Json) -> StoreEvent:
        body = {**obj, "metadata": {**obj["metadata"], "namespace": self._spaces[key[1]]}}
        verb, name = ("PUT", f"/{key[2]}") if key in self._live else ("POST", "")
        written = self._ask(verb, self._path(key[1]) + name, body)
        self._live.add(key)
        return StoreEvent(_revision(written), verb, key, self._ours(written), None)

    def delete(self, key: Key) -> StoreEvent:
        """The answer is a Status: what was deleted at which revision is told by the watch alone."""
        before = self._ask("GET", f"{self._path(key[1])}/{key[2]}")
        watch = self.watch(key[0], key[1], since=_revision(before))
        self._ask("DELETE", f"{self._path(key[1])}/{key[2]}")
        self._live.discard(key)
        while True:
            for event in watch.read(60):
                if (event.type, event.key) == ("DELETED", key):
                    watch.close()
                    return event

    def watch(self, resource: str, namespace: str | None = None, *, since: int, bookmarks: bool = False) -> "HttpWatch":
        self.requests += 1
        return HttpWatch(self, f"{self._path(namespace)}?{urlencode({'watch': '1', 'resourceVersion': since})}")

    def close(self) -> None:
        self._connection.close()

    def event(self, line: bytes) -> StoreEvent | None:
        told = json.loads(line)
        obj = told["object"]
        if not self._is_ours(obj):
            return None
        ours = self._ours(obj)
        key = ("configmaps", ours["metadata"]["namespace"], ours["metadata"]["name"])
        return StoreEvent(_revision(obj), told["type"], key, ours, None)

    def _path(self, namespace: str | None) -> str:
        return f"/api/v1/namespaces/{self._spaces[namespace]}/configmaps" if namespace else "/api/v1/configmaps"

    def _is_ours(self, obj: Json) -> bool:
        return obj["metadata"].get("namespace") in self._spaces.values()

    def _ours(self, obj: Json) -> Json:
        namespace = next(name for name, space in self._spaces.items() if space == obj["metadata"]["namespace"])
        return {**obj, "metadata": {**obj["metadata"], "namespace": namespace}}

    def _ask(self, method: str, path: str, body: Json | None = None) -> Json:
        self.requests += 1
        data = None if body is None else json.dumps(body)
        self._connection.request(method, path, data, {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        answer: Json = json.loads(response.read())
        assert response.status < 300, answer
        return answer


class HttpWatch:
    """An `OpenWatch`: a thread reads the one connection that it has."""

    def __init__(self, server: WatchedOverHttp, path: str) -> None:
        self.is_cut = False
        self._server = server
        self._came = threading.Condition()
        self._waiting: deque[StoreEvent] = deque()
        self._connection = HTTPConnection(server.address)
        self._connection.connect()
        self._socket = self._connection.sock
        self._connection.request("GET", path)
        self._response = self._connection.getresponse()
        assert self._response.status == 200, self._response.read()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError, ValueError, HTTPException):  # it was closed, by either side
            while line := self._response.readline():
                event = self._server.event(line)
                if event is not None:
                    with self._came:
                        self._waiting.append(event)
                        self._came.notify()
        with self._came:
            self.is_cut = True
            self._came.notify()

    def read(self, wait_s: float = 0.0) -> Sequence[StoreEvent]:
        with self._came:
            self._came.wait_for(lambda: self._waiting or self.is_cut, wait_s)
            events = list(self._waiting)
            self._waiting.clear()
        return events

    def close(self) -> None:
        with contextlib.suppress(OSError):  # the other side was faster
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(60)
        self._response.close()
        self._connection.close()


def _revision(obj: Json) -> int:
    return int(obj["metadata"]["resourceVersion"])

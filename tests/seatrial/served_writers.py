"""Clients that write to a served cluster over HTTP, and know afterwards what was acknowledged to them and what not.

Each writer has names of its own, so that what is stored under one can only be what was acknowledged last, or the
effect of the one request that got no answer.
"""

import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from threading import Thread
from typing import Any, Final

CONFIG_MAPS: Final = "/api/v1/namespaces/default/configmaps"
NAMES: Final = 5
TIMEOUT_S: Final = 120.0

State = tuple[str, int] | None
"""Token and revision of a stored object; None: there is none."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One event, as a watch told it, or as an answer implies it."""

    revision: int
    type: str
    name: str
    token: str


@dataclass(slots=True)
class Writer:
    """Writes until its connection fails; then may go on in another life of the server."""

    number: int
    random: Random
    stored: dict[str, State] = field(default_factory=dict)
    """By name: what must be there."""
    pending: tuple[str, str | None] | None = None
    """Name and token (None: deletion) of the request that got no answer."""
    acknowledged: list[Seen] = field(default_factory=list)
    """In this life. Deletions are answered without a revision, and are not here."""
    refused: list[str] = field(default_factory=list)
    count: int = 0

    def write(
        self,
        address: str,
        on_sent: Callable[[int], None] = lambda count: None,
        on_answered: Callable[[int], None] = lambda count: None,
    ) -> None:
        """Each callback gets the number of the request that has just been sent, or answered."""
        connection = http.client.HTTPConnection(address, timeout=TIMEOUT_S)
        try:
            while not self.refused:
                method, path, body, token = self._next()
                self.count += 1
                connection.request(method, path, body, {"Content-Type": "application/json"})
                on_sent(self.count)
                answer = connection.getresponse()
                content = json.loads(answer.read())
                on_answered(self.count)
                self._take_in(answer.status, content, token)
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            return
        finally:
            connection.close()

    def _next(self) -> tuple[str, str, bytes | None, str | None]:
        name = f"w{self.number}-{self.random.randrange(NAMES)}"
        state = self.stored.get(name)
        if state is not None and self.random.random() < 0.2:
            self.pending = (name, None)
            return "DELETE", f"{CONFIG_MAPS}/{name}", None, None
        token = f"{self.number}.{self.count}"
        self.pending = (name, token)
        metadata = {"name": name, **({"resourceVersion": str(state[1])} if state is not None else {})}
        filler = "x" * int(10 ** self.random.uniform(0, 4.5))
        body = json.dumps({"metadata": metadata, "data": {"token": token, "filler": filler}}).encode()
        if state is None:
            return "POST", CONFIG_MAPS, body, token
        return "PUT", f"{CONFIG_MAPS}/{name}", body, token

    def _take_in(self, status: int, content: dict[str, Any], token: str | None) -> None:
        assert self.pending is not None
        name = self.pending[0]
        if status >= 300:
            self.refused.append(f"{status} {content.get('message')}")
            return
        self.pending = None
        if token is None:
            self.stored[name] = None
            return
        revision = int(content["metadata"]["resourceVersion"])
        event_type = "ADDED" if self.stored.get(name) is None else "MODIFIED"
        self.stored[name] = (token, revision)
        self.acknowledged.append(Seen(revision, event_type, name, token))

    def settle(self, found: dict[str, tuple[str, int]]) -> list[str]:
        """Compare what is stored with what must be; answers what is wrong. What was open is open no more."""
        wrong = []
        for number in range(NAMES):
            name = f"w{self.number}-{number}"
            now, expected = found.get(name), self.stored.get(name)
            token = now[0] if now is not None else None
            may_have_changed = self.pending is not None and self.pending == (name, token)
            if now != expected and not may_have_changed:
                wrong.append(f"{name}: {now} is stored, {expected} was acknowledged, {self.pending} was open")
            self.stored[name] = now
        self.pending = None
        return wrong


def request(address: str, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT_S)
    try:
        raw = None if body is None else json.dumps(body).encode()
        connection.request(method, path, raw, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content: dict[str, Any] = json.loads(answer.read())
        assert answer.status < 300, content
        return content
    finally:
        connection.close()


def read_watch(address: str, since: int, until: str | None, events: list[Seen]) -> None:
    """Append what happens to ConfigMaps after `since`, until one of this name is seen or the connection fails."""
    connection = http.client.HTTPConnection(address, timeout=TIMEOUT_S)
    try:
        connection.request("GET", f"{CONFIG_MAPS}?watch=1&resourceVersion={since}")
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        while line := answer.readline():
            event = json.loads(line)
            assert event["type"] != "ERROR", event
            obj = event["object"]
            revision, name = int(obj["metadata"]["resourceVersion"]), obj["metadata"]["name"]
            events.append(Seen(revision, event["type"], name, obj.get("data", {}).get("token", "")))
            if name == until:
                return
    except (OSError, http.client.HTTPException, json.JSONDecodeError):
        if until is not None:
            raise
    finally:
        connection.close()


def in_threads(calls: list[Callable[[], None]]) -> list[Thread]:
    threads = [Thread(target=call, daemon=True) for call in calls]
    for thread in threads:
        thread.start()
    return threads

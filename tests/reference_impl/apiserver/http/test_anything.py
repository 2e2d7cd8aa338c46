"""Whatever a client asks, the answer is a Status or an object, and never an internal error.

Requests are valid ones with one or two values replaced by what does not belong there: what is wrong from the first byte
on gets no further than the decoder.
"""

import json
from collections.abc import Iterator
from typing import Any

import trio
import trio.testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reference_impl.apiserver.http.front import Front
from reference_impl.apiserver.http.messages import Answer, HttpRequest
from reference_impl.plane import LocalPlane, RealClock
from tests.reference_impl.apiserver.http.templates import TEMPLATES

JUNK = (
    None, 0, 1, -1, True, False, "", "a", "x" * 300, [], {}, [None], [[]], [{}], {"a": None}, {"": {}}, [1, "a"], 1.5,
    2**63, 2**64, "1Gi", "50%", "-5", "2024-01-01T00:00:00Z", {"a": {"a": [{"a": 1}]}}, "\u2028", "\x00", ["a", "a"],
    {"name": 1}, [{"name": "a"}, {"name": "a"}], "é", "=", "a/b/c", {"$patch": "delete"}, {"$patch": 1},
)  # fmt: skip
SUBRESOURCES = ("status", "scale", "eviction", "binding", "finalize", "log", "ephemeralcontainers", "approval", "token")
PATCHES = ("application/merge-patch+json", "application/strategic-merge-patch+json", "application/apply-patch+yaml")
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
OPTIONS = {
    "kind": "DeleteOptions",
    "apiVersion": "v1",
    "gracePeriodSeconds": 0,
    "preconditions": {"uid": "x"},
    "dryRun": [],
}
QUERIES = (
    "", "fieldValidation=Strict", "dryRun=All", "limit=1&labelSelector=a", "labelSelector=a%20in%20(", "watch=1",
    "fieldSelector=metadata.name%3Da",
    "fieldManager=me", "fieldManager=you&force=true",
    "resourceVersion=0", "continue=e30", "resourceVersion=99999999&timeoutSeconds=1",
)  # fmt: skip


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(item, (*path, key))


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    if isinstance(value, dict):
        return {**value, path[0]: put(value[path[0]], path[1:], new)}
    return [put(item, path[1:], new) if index == path[0] else item for index, item in enumerate(value)]


@st.composite
def mutants(draw: st.DrawFn, value: Any) -> Any:
    for _ in range(draw(st.integers(0, 2))):
        value = put(value, draw(st.sampled_from(list(paths(value)))), draw(st.sampled_from(JUNK)))
    return value


@st.composite
def requests(draw: st.DrawFn) -> HttpRequest:
    path, template = draw(st.sampled_from(TEMPLATES))
    method = draw(st.sampled_from(("POST", "POST", "PUT", "PATCH", "PATCH", "DELETE", "GET")))
    headers = {"content-type": "application/json", "accept": draw(st.sampled_from(("", TABLE))), "user-agent": "x/1"}
    body: Any = draw(mutants(template))
    if method != "POST" and not (method == "GET" and draw(st.booleans())):
        path += f"/{template['metadata']['name']}"
        if draw(st.integers(0, 3)) == 0:
            path += f"/{draw(st.sampled_from(SUBRESOURCES))}"
            method = draw(st.sampled_from(("GET", "POST", "PUT", "PATCH")))
    if method == "PATCH":
        headers["content-type"] = draw(st.sampled_from(PATCHES))
        if draw(st.booleans()):
            headers["content-type"] = "application/json-patch+json"
            pointer = "".join(f"/{step}" for step in draw(st.sampled_from(list(paths(template)))))
            operation = draw(st.sampled_from(("add", "replace", "remove", "test", "copy", "move")))
            body = [{"op": operation, "path": pointer, "from": "/metadata", "value": draw(st.sampled_from(JUNK))}]
    elif method == "DELETE":
        body = draw(mutants(OPTIONS))
    query = draw(st.sampled_from(QUERIES))
    content = b"" if method == "GET" else json.dumps(body).encode()
    return HttpRequest(method, path, query, headers, content)


async def internal_error(hostile: list[HttpRequest]) -> object:
    """The first of these requests, with its answer, that ends in an internal error; None if none does."""
    async with trio.open_nursery() as nursery:
        plane = LocalPlane(RealClock(nursery))
        front = Front(plane.transport(), plane.kinds, now=plane.clock.now)
        for path, template in TEMPLATES:
            await front.answer(HttpRequest("POST", path, "", {}, json.dumps(template).encode()))
        found = None
        for request in hostile:
            answer = await front.answer(request)
            if isinstance(answer, Answer) and b"Internal error occurred" in answer.body:
                found = (request, answer.body)
                break
        nursery.cancel_scope.cancel()
    return found


@settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(requests(), min_size=5, max_size=25))
def test_no_request_is_an_internal_error(hostile: list[HttpRequest]) -> None:
    assert trio.run(internal_error, hostile, clock=trio.testing.MockClock(autojump_threshold=0)) is None

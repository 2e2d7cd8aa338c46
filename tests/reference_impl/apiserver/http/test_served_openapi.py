"""Requests made from the documents that are served, by somebody else's generator: none is an internal error.

Schemathesis makes requests that fit the document and requests that do not. They go to the front without a socket, so
that the same ones are made every time. `test_anything.py` beside it knows Kubernetes, and mutates valid objects.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests
import schemathesis
import trio
import trio.testing
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

from reference_impl.apiserver.http.front import Front
from reference_impl.apiserver.http.messages import Answer, HttpRequest
from reference_impl.apiserver.http.watching import WatchAnswer
from reference_impl.plane import LocalPlane, RealClock
from tests.reference_impl.apiserver.http.templates import TEMPLATES

SMALL = (
    "apis/example.com/v1", "apis/policy/v1", "apis/coordination.k8s.io/v1", "apis/events.k8s.io/v1",
    "apis/authorization.k8s.io/v1", "apis/admissionregistration.k8s.io/v1",
)  # fmt: skip
"""Documents without pods in them: a schema of that size takes minutes to be contradicted."""
LARGE = ("api/v1", "apis/apps/v1", "apis/batch/v1", "apis/apiextensions.k8s.io/v1", "apis/autoscaling/v2")
OPERATIONS_MAX = 5
"""Of each document, spread evenly: generating is what takes the time."""
EXAMPLES = 2


def with_plane(act: Any) -> Any:
    async def main() -> Any:
        async with trio.open_nursery() as nursery:
            plane = LocalPlane(RealClock(nursery), track_on_create=True)
            front = Front(plane.transport(), plane.kinds, now=plane.clock.now)
            for path, template in TEMPLATES:
                await front.answer(HttpRequest("POST", path, "", {}, json.dumps(template).encode()))
            found = await act(front)
            nursery.cancel_scope.cancel()
            return found

    return trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


def operations(name: str) -> Iterator[Any]:
    async def document(front: Front) -> Any:
        answer = await front.answer(HttpRequest("GET", f"/openapi/v3/{name}", "", {}))
        assert isinstance(answer, Answer)
        assert answer.status == 200, answer
        return json.loads(answer.body)

    found = [each.ok() for each in schemathesis.openapi.from_dict(with_plane(document)).get_all_operations()]
    assert found
    yield from found[:: -(-len(found) // OPERATIONS_MAX)]


def as_request(case: Any) -> HttpRequest | None:
    """What would go over the wire; None if no HTTP client could send it."""
    sent = case.as_transport_kwargs(base_url="http://localhost")
    try:
        prepared = requests.Request(**{key: value for key, value in sent.items() if key != "cookies"}).prepare()
    except (ValueError, requests.exceptions.RequestException):
        return None
    path, _, query = prepared.path_url.partition("?")
    body = prepared.body or b""
    headers = {str(name).lower(): str(value) for name, value in prepared.headers.items()}
    return HttpRequest(
        str(prepared.method), path, query, headers, body if isinstance(body, bytes) else str(body).encode()
    )


async def answered(front: Front, request: HttpRequest) -> int:
    answer = await front.answer(request)
    if isinstance(answer, WatchAnswer):
        answer.close()
        return 200
    assert b"Internal error occurred" not in answer.body, (request, answer.body)
    # Some of Kubernetes' own refusals are 500s without a reason, 501 is a limit, and 504 a revision yet to come.
    if answer.status >= 500 and answer.status not in (501, 504):
        assert json.loads(answer.body)["reason"] == "", (request, answer.body)
    return answer.status


def requests_of(operation: Any, mode: Any) -> list[HttpRequest]:
    made: list[HttpRequest] = []
    if mode is schemathesis.GenerationMode.NEGATIVE and not (operation.body or operation.query):
        return made

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=mode))
    def generate(case: Any) -> None:
        request = as_request(case)
        if request is not None:
            made.append(request)

    with suppress(Unsatisfiable):
        generate()
    return made


@pytest.mark.slow
@pytest.mark.parametrize("name", [*SMALL, *LARGE])
def test_no_request_that_the_served_document_suggests_is_an_internal_error(name: str) -> None:
    async def send(front: Front) -> set[int]:
        return {await answered(front, each) for each in made}

    modes = [schemathesis.GenerationMode.POSITIVE, *([schemathesis.GenerationMode.NEGATIVE] if name in SMALL else [])]
    made = [each for operation in operations(name) for mode in modes for each in requests_of(operation, mode)]
    assert with_plane(send)

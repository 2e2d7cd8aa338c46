from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from reference_impl.runtime import Controller, Request, Result, Retry, Terminal, Watch


async def _nothing(request: Request) -> None:
    pass


def test_requests_are_values() -> None:
    assert Request("default", "a") == Request("default", "a")
    assert {Request(None, "n"): 1}[Request(None, "n")] == 1
    assert (str(Request("default", "a")), str(Request(None, "n"))) == ("default/a", "n")
    with pytest.raises(FrozenInstanceError):
        Request("default", "a").name = "b"  # type: ignore[misc]


def test_a_watch_enqueues_in_one_way_only() -> None:
    with pytest.raises(ValueError, match="Add a second Watch"):
        Watch("v1", "Pod", owner="ReplicaSet", map=lambda obj: [])


@pytest.mark.parametrize(("options", "complaint"), [({"watches": []}, "no watches"), ({"workers": 0}, "at least 1")])
def test_a_controller_that_could_never_do_anything_is_refused(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Controller(**({"name": "c", "reconcile": _nothing, "watches": [Watch("v1", "Pod")]} | options))


def test_a_result_in_the_past_is_refused() -> None:
    with pytest.raises(ValueError, match="positive number"):
        Result(requeue_after_s=-1)


def test_retry_and_terminal_say_why() -> None:
    assert (str(Retry()), str(Retry(3)), str(Retry(reason="not yet"))) == ("retry", "retry in 3 s", "not yet")
    assert (Retry(3).after_s, Terminal("bad spec").reason) == (3, "bad spec")

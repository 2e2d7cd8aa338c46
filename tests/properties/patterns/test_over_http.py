"""Patterns 4 to 6 over HTTP: the reference's API server as its clients see it, in this process and out of it, and
servers that break them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.pattern_search import run, search
from properties.patterns import PATTERNS
from reference_impl.patterns import over_http
from reference_impl.patterns.over_http import ServedCore, ServedInProcess, ServedValues, ServedWatch
from reference_impl.store.sqlite import SqliteStore
from seatrial import cluster
from tests.properties.patterns.http_violators import VIOLATORS
from tests.wire.served import Served

pytestmark = pytest.mark.slow
BY_NAME = {pattern.name: pattern for pattern in PATTERNS}
REFERENCES = (
    ("versioned-value", over_http.versioned_values, set()),
    ("state-watch", over_http.state_watch, {"slow_readers_are_cut"}),
    ("consistent-core", over_http.consistent_core, set()),
)
"""(pattern, target, what a client cannot see)"""
NEEDLESS_MAX = 4
"""Operations that the smallest schedule of any violator here takes, at most."""


@pytest.mark.parametrize(("pattern", "made", "unseen"), REFERENCES, ids=[name for name, _, _ in REFERENCES])
def test_the_reference_keeps_each_promise_over_http(pattern: str, made: Callable[[], Any], unseen: set[str]) -> None:
    found = search(BY_NAME[pattern], made, target="", examples=8)
    assert found.breaches == []
    assert set(found.not_applicable) == unseen
    assert {promise.name for promise in BY_NAME[pattern].promises} - set(found.judged) == unseen


@pytest.mark.parametrize(
    ("pattern", "made"),
    [("versioned-value", ServedValues), ("state-watch", ServedWatch), ("consistent-core", ServedCore)],
    ids=["versioned-value", "state-watch", "consistent-core"],
)
def test_a_server_on_sqlite_keeps_the_pattern_over_http(
    pattern: str, made: Callable[[ServedInProcess], Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    def fresh() -> Any:
        return made(ServedInProcess(lambda: SqliteStore(tmp_path_factory.mktemp("store"))))

    assert search(BY_NAME[pattern], fresh, target="", examples=3).breaches == []


def test_a_server_that_runs_already_is_held_to_all_three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Served(tmp_path) as served:
        monkeypatch.setenv("KUBECONFIG", str(served.kubeconfig))
        for pattern, made in (
            ("versioned-value", cluster.versioned_values),
            ("state-watch", cluster.state_watch),
            ("consistent-core", cluster.consistent_core),
        ):
            found = search(BY_NAME[pattern], made, target="", examples=3, steps_max=10)
            assert (pattern, found.breaches) == (pattern, [])
        left = served.ask("GET", "/api/v1/namespaces")["items"]
    tryouts = [each for each in left if each["metadata"]["name"].startswith("seatrial-")]
    assert [each["metadata"]["name"] for each in tryouts if "deletionTimestamp" not in each["metadata"]] == []


@pytest.mark.parametrize(("pattern", "made", "promises"), VIOLATORS, ids=range(len(VIOLATORS)))
def test_a_violator_is_caught_over_http_with_a_schedule_that_needs_each_of_its_operations(
    pattern: str, made: Callable[[], Any], promises: tuple[str, ...]
) -> None:
    contract = BY_NAME[pattern]
    breach = next(each for each in search(contract, made, target="").breaches if each.promise in promises)
    assert breach.again == 3
    assert len(breach.operations) <= NEEDLESS_MAX
    for index in range(len(breach.operations)):
        fewer = breach.operations[:index] + breach.operations[index + 1 :]
        broken = run(contract, made, fewer, target="").broken
        assert broken is None or broken.promise != breach.promise

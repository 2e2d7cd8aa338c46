"""Patterns with a port: the reference passes, violators are caught, and every operation of what is shown is needed."""

import pytest

from harness.pattern import ANSWERS
from harness.pattern_search import run, search
from properties.patterns import PATTERNS
from reference_impl.patterns.commands import ServerCommands
from reference_impl.patterns.consistent_core import OneStore
from reference_impl.patterns.election import StoreElection
from reference_impl.patterns.state_watch import WatchedServer, WatchedStore
from reference_impl.store.memory import MemoryStore
from tests.properties.patterns.violators import VIOLATORS

BY_NAME = {pattern.name: pattern for pattern in PATTERNS}

REFERENCES = (
    ("command-and-event", ServerCommands),
    ("versioned-value", MemoryStore),
    ("state-watch", WatchedStore),
    ("state-watch", WatchedServer),
    ("consistent-core", OneStore),
    ("lease", StoreElection),
)
NEEDLESS_MAX = 8
"""Operations that the smallest schedule of any violator here takes, at most."""


@pytest.mark.slow
@pytest.mark.parametrize(("pattern", "made"), REFERENCES, ids=lambda value: getattr(value, "__name__", value))
def test_the_reference_keeps_every_promise_and_each_is_put_to_the_test(pattern: str, made: type) -> None:
    found = search(BY_NAME[pattern], made, target=made.__name__, examples=60)
    assert found.breaches == []
    promised = {promise.name for promise in BY_NAME[pattern].promises} - set(found.not_applicable)
    assert promised - set(found.judged) == set()


@pytest.mark.slow
@pytest.mark.parametrize(("pattern", "made", "promises"), VIOLATORS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_violator_is_caught_with_a_schedule_that_needs_each_of_its_operations(
    pattern: str, made: type, promises: tuple[str, ...]
) -> None:
    contract = BY_NAME[pattern]
    breach = next(each for each in search(contract, made, target=made.__name__).breaches if each.promise in promises)
    assert breach.again == 3
    assert len(breach.operations) <= NEEDLESS_MAX
    for index in range(len(breach.operations)):
        fewer = breach.operations[:index] + breach.operations[index + 1 :]
        broken = run(contract, made, fewer, target=made.__name__).broken
        assert broken is None or broken.promise != breach.promise


def test_every_pattern_with_a_port_has_two_violators() -> None:
    counts = {pattern.name: 0 for pattern in PATTERNS if hasattr(pattern, "port")}
    for pattern, _, _ in VIOLATORS:
        counts[pattern] += 1
    assert min(counts.values()) >= 2


@pytest.mark.slow
def test_the_same_seed_finds_the_same() -> None:
    pattern, made, _ = VIOLATORS[0]
    first, second = (search(BY_NAME[pattern], made, target="", examples=30, seed=7) for _ in range(2))
    assert (first.examples, first.breaches) == (second.examples, second.breaches)


def test_an_exception_that_the_port_does_not_name_breaks_a_promise() -> None:
    class Clumsy(MemoryStore):
        def delete(self, *_: object, **__: object) -> None:
            raise KeyError("metadata")

    put = {"do": "put", "namespace": 0, "name": 0, "expected": "any"}
    delete = {"do": "delete", "namespace": 0, "name": 0, "expected": "any"}
    broken = run(BY_NAME["versioned-value"], Clumsy, [put, delete], target="").broken
    assert broken is not None
    assert (broken.promise, broken.reason) == (ANSWERS, "KeyError: 'metadata'")

import os
from collections.abc import Sequence
from math import inf
from random import Random
from time import thread_time

import pytest

from properties.linearizability import Judgement, Operation, Register, Verdict, judge
from tests.properties.foreign_store import FLAWS, ForeignStore, recorded

HISTORIES = int(os.environ.get("SEATRIAL_HISTORIES", "1000"))
"""Small ones that are compared with brute force; docs/serve.md says how to compare more."""
OK, BROKEN = Verdict.LINEARIZABLE, Verdict.NOT_LINEARIZABLE


def op(name: str, argument: object, result: object, called: float, returned: float = inf, key: str = "k") -> Operation:
    return Operation(client="c", key=key, name=name, argument=argument, result=result, called=called, returned=returned)


def verdict(*history: Operation) -> Verdict:
    return judge(history, Register()).verdict


# ------------------------------------------------------------------------------------------------------- by hand, few


def test_an_empty_history_is_linearizable():
    assert verdict() is OK


def test_a_read_of_what_was_written_before_is_linearizable():
    assert verdict(op("write", 1, None, 0, 1), op("read", None, 1, 2, 3)) is OK


def test_a_stale_read_is_not():
    history = (op("write", 1, None, 0, 1), op("write", 2, None, 2, 3), op("read", None, 1, 4, 5))
    assert judge(history, Register()) == Judgement(BROKEN, "k", (history[2],))


def test_a_read_during_a_write_may_see_either():
    for seen in (None, 1):
        assert verdict(op("write", 1, None, 0, 10), op("read", None, seen, 2, 3)) is OK


def test_reads_during_a_write_do_not_go_back():
    write = op("write", 1, None, 0, 10)
    assert verdict(write, op("read", None, None, 2, 3), op("read", None, 1, 4, 5)) is OK
    assert verdict(write, op("read", None, 1, 2, 3), op("read", None, None, 4, 5)) is BROKEN


def test_a_lost_write_is_not_linearizable():
    assert verdict(op("write", 1, None, 0, 1), op("read", None, None, 2, 3)) is BROKEN


def test_a_write_without_an_answer_may_have_happened_late_or_never():
    lost = op("write", 1, None, 0)
    for seen in (None, 1):
        assert verdict(lost, op("read", None, seen, 5, 6)) is OK
    assert verdict(lost, op("read", None, None, 5, 6), op("read", None, 1, 7, 8)) is OK
    assert verdict(lost, op("read", None, 1, 5, 6), op("read", None, None, 7, 8)) is BROKEN


def test_a_write_without_an_answer_happens_at_most_once():
    other = op("write", 2, None, 7, 8)
    seen = [op("read", None, 1, 5, 6), other, op("read", None, 1, 9, 10)]
    assert verdict(op("write", 1, None, 0), *seen) is BROKEN


def test_a_write_without_an_answer_does_not_happen_before_it_was_called():
    assert verdict(op("read", None, 1, 0, 1), op("write", 1, None, 2)) is BROKEN


def test_two_swaps_from_one_value_do_not_both_win():
    first, second = op("swap", (None, 1), True, 0, 10), op("swap", (None, 2), True, 0, 10)
    assert verdict(first, second) is BROKEN
    assert verdict(first, op("swap", (None, 2), (False, 1), 0, 10)) is OK


def test_a_swap_that_lost_must_have_seen_another_value():
    assert verdict(op("swap", (None, 1), (False, None), 0, 1)) is BROKEN
    assert verdict(op("write", 3, None, 0, 1), op("swap", (None, 1), (False, 3), 2, 3)) is OK


def test_a_split_brain_is_not_linearizable():
    left = [op("write", "l", None, 0, 1), op("read", None, "l", 4, 5)]
    right = [op("write", "r", None, 2, 3), op("read", None, "r", 6, 7)]
    assert verdict(*left, *right) is BROKEN


def test_keys_are_judged_apart_and_the_broken_one_is_named():
    fine = op("write", 1, None, 0, 1, key="fine")
    broken = op("read", None, 1, 2, 3, key="broken")
    assert judge((fine, broken), Register()).key == "broken"


def test_a_search_without_time_is_unknown_and_not_a_verdict():
    random = Random(1)
    history = [op("write", random.random(), None, 0, 1000) for _ in range(400)]
    history.append(op("read", None, "never written", 2000, 2001))
    assert judge(history, Register(), within_s=0.05).verdict is Verdict.UNKNOWN


def test_a_broken_key_counts_though_another_was_not_decided():
    hard = [op("write", number, None, 0, 1000, key="hard") for number in range(400)]
    hard.append(op("read", None, "never written", 2000, 2001, key="hard"))
    broken = op("read", None, 1, 0, 1, key="broken")
    assert judge([*hard, broken], Register(), within_s=0.05).verdict is BROKEN


# ------------------------------------------------------------------------------------------------ against brute force


def brute_force(history: Sequence[Operation]) -> bool:
    """Every order that real time allows, without memory."""

    def search(left: tuple[Operation, ...], state: object) -> bool:
        if all(each.returned == inf for each in left):
            return True
        for index, each in enumerate(left):
            others = left[:index] + left[index + 1 :]
            if all(each.called <= other.returned for other in others):
                is_right, after = Register().step(state, each)
                if is_right and search(others, after):
                    return True
        return False

    return search(tuple(history), None)


def small(random: Random) -> list[Operation]:
    """Random calls and random answers: most are not linearizable, many are."""
    history = []
    for _ in range(random.randint(1, 6)):
        called = random.randint(0, 8)
        returned = inf if random.random() < 0.2 else called + random.randint(1, 6)
        value = random.choice([None, 1, 2])
        name = random.choice(["read", "write", "swap"])
        if name == "swap":
            result = random.choice([True, (False, random.choice([None, 1, 2]))]) if returned != inf else None
            history.append(op(name, (random.choice([None, 1, 2]), value), result, called, returned))
        elif name == "write":
            history.append(op(name, value, None, called, returned))
        else:
            history.append(op(name, None, value if returned != inf else None, called, returned))
    return history


@pytest.mark.slow
def test_the_search_agrees_with_brute_force_on_small_histories():
    random = Random(20)
    found = {True: 0, False: 0}
    for number in range(HISTORIES):
        history = small(random)
        expected = brute_force(history)
        assert (verdict(*history) is OK) == expected, (number, history)
        found[expected] += 1
    assert min(found.values()) > HISTORIES // 5, found


# ------------------------------------------------------------------------------------------------------ long histories


@pytest.mark.slow
@pytest.mark.parametrize(("clients", "keys"), [(10, 1), (10, 10), (50, 5)])
def test_ten_thousand_operations_are_decided_in_under_ten_seconds(clients: int, keys: int):
    random = Random(clients)
    history = recorded(ForeignStore(random), random, count=10_000, clients=clients, keys=keys)
    # Of this thread's processor time: on a busy machine a second takes longer.
    began_s = thread_time()
    assert judge(history, Register(), clock=thread_time).verdict is OK
    assert thread_time() - began_s < 10


def of_foreign(seed: int, flaw: str | None) -> Judgement:
    random = Random(seed)
    return judge(recorded(ForeignStore(random, flaw), random, count=600, clients=6, keys=4), Register())


@pytest.mark.slow
@pytest.mark.parametrize("flaw", FLAWS)
def test_a_flaw_of_a_foreign_store_is_found_whatever_the_seed(flaw: str):
    judged = [of_foreign(seed, flaw) for seed in range(10)]
    assert [each.verdict for each in judged] == [BROKEN] * 10
    assert all(each.stuck for each in judged)


def test_a_foreign_store_without_a_flaw_is_not_accused():
    assert [of_foreign(seed, None).verdict for seed in range(10)] == [OK] * 10


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_one_stale_read_among_ten_thousand_operations_is_found(seed: int):
    random = Random(seed)
    history = recorded(ForeignStore(random), random, count=10_000, clients=10, keys=10)
    writes = [each for each in history if each.name == "write" and each.returned != inf and each.key == "k3"]
    old, newer = writes[10], writes[150]
    at = newer.returned
    stale = Operation(client="x", key="k3", name="read", result=old.argument, called=at + 50, returned=at + 51)
    began_s = thread_time()
    found = judge([*history, stale], Register(), clock=thread_time)
    assert (found.verdict, found.key) == (BROKEN, "k3")
    assert stale in found.stuck
    assert thread_time() - began_s < 10

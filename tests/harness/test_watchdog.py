"""Signals that end a run end it between two deliveries, and are as they were afterwards."""

import signal

import pytest

from harness.watchdog import interruptible

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.mark.parametrize("number", ENDING)
def test_whoever_ends_a_run_interrupts_it_at_a_moment_when_nothing_runs(number: signal.Signals) -> None:
    before = [signal.getsignal(each) for each in ENDING]
    reached = []

    def run() -> None:
        with interruptible():
            signal.raise_signal(number)
            reached.append(number)

    with pytest.raises(KeyboardInterrupt):
        run()
    assert reached == [number]
    assert [signal.getsignal(each) for each in ENDING] == before


@pytest.mark.parametrize("number", ENDING)
def test_a_second_one_does_not_wait(number: signal.Signals) -> None:
    reached = []

    def run() -> None:
        with interruptible():
            signal.raise_signal(number)
            signal.raise_signal(number)
            reached.append(number)

    with pytest.raises(KeyboardInterrupt):
        run()
    assert reached == []


def test_who_has_their_own_way_with_a_signal_keeps_it() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with interruptible():
            signal.raise_signal(signal.SIGTERM)
            assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)

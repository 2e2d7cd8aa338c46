"""The measurement of the wire runs, small, so that it cannot rot. Figures: `python -m tests.benchmarks.wire`."""

import pytest

from tests.benchmarks.wire import measure


@pytest.mark.slow
def test_every_get_is_answered_and_every_event_delivered() -> None:
    found = measure(gets=320, writes=20)
    assert min(found.gets, found.echoes, found.events) > 0

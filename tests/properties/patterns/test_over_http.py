"""Pattern 4 over HTTP: the reference's API server as its clients see it."""

from pathlib import Path

import pytest

from harness.pattern_search import search
from properties.patterns import PATTERNS
from tests.properties.patterns.over_http import WatchedOverHttp
from tests.wire.served import Served


@pytest.mark.slow
def test_the_server_keeps_state_watch_over_http(tmp_path: Path) -> None:
    (pattern,) = (pattern for pattern in PATTERNS if pattern.name == "state-watch")
    with Served(tmp_path) as served:
        found = search(pattern, lambda: WatchedOverHttp(served.url), target="", examples=10)
    assert found.breaches == []
    assert set(found.not_applicable) == {
        "what_is_compacted_is_refused", "bookmarks_promise_what_was_sent", "slow_readers_are_cut",
    }  # fmt: skip
    assert found.judged["watching_is_not_polling"]

"""Python clients live their normal life against a served cluster, unmodified."""

import importlib.util
import sys
from pathlib import Path

import pytest

from tests.wire.behaviours import PROGRAMS
from tests.wire.binaries import missing
from tests.wire.served import Served


@pytest.mark.slow
@pytest.mark.parametrize("client", PROGRAMS)
def test_a_client_shows_what_the_table_says(served: Served, client: str) -> None:
    module, program, behaviours = PROGRAMS[client]
    if importlib.util.find_spec(module) is None:
        missing(client, "install seatrial[wire]")
    printed = served.run(sys.executable, str(Path(__file__).parent / "programs" / program)).splitlines()
    assert printed[-1] == "done"
    assert [line.removeprefix("shown: ") for line in printed if line.startswith("shown: ")] == list(behaviours)

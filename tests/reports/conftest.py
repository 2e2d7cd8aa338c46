"""Ten bugs of the zoo, of ten kinds, found once for all tests of reports."""

import os

import pytest

from tests.reports.found import TEN, FoundBug, find_once


@pytest.fixture(scope="session")
def ten_bugs(tmp_path_factory: pytest.TempPathFactory) -> list[FoundBug]:
    """One shrunk finding for each of `TEN`, in that order: a minute, once for all processes of pytest-xdist."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    return [find_once(entry_id, shared / "ten-bugs") for entry_id in TEN]

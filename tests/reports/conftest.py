"""Ten bugs of the zoo, of ten kinds, found once for all tests of reports."""

import pytest

from tests.reports.found import TEN, FoundBug, find


@pytest.fixture(scope="session")
def ten_bugs(tmp_path_factory: pytest.TempPathFactory) -> list[FoundBug]:
    """One shrunk finding for each of `TEN`, in that order; takes about a minute."""
    return [find(entry_id, tmp_path_factory.mktemp(entry_id)) for entry_id in TEN]

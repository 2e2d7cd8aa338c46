"""One served cluster for all tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.wire.served import Served


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with Served(tmp_path_factory.mktemp("served")) as found:
        found.apply_definition()
        yield found

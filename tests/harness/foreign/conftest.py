"""These programs work at once."""

from collections.abc import Iterator

import pytest

from tests.harness.foreign.silences import short_silences


@pytest.fixture(autouse=True, scope="package")
def _short_silences() -> Iterator[None]:
    with short_silences():
        yield

"""These programs work at once, so that silence need not last as long as with strangers."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="package")
def _short_silences() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("harness.patience.FAIR_QUIET_S", 1.0)
        patched.setattr("harness.patience.QUIET_S", 0.5)
        patched.setattr("harness.settle.FAIR_QUIET_S", 1.0)
        yield

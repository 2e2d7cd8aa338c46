"""Programs that work at once need not be waited for as long as strangers: real seconds of a test are mostly waiting."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def short_silences() -> Iterator[None]:
    """Silence counts as rest after half a second, in fair weather after one; what is reported is looked at twice."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("harness.patience.FAIR_QUIET_S", 1.0)
        patched.setattr("harness.patience.QUIET_S", 0.5)
        patched.setattr("harness.settle.FAIR_QUIET_S", 1.0)
        patched.setattr("harness.flaky.CONFIRMATIONS", 2)
        yield

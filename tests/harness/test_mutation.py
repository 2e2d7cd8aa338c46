"""A controller that changes a shared object in place is told so."""

from pathlib import Path
from typing import Any

import pytest

from harness.check import check
from harness.errors import AdapterError
from reference_impl.runtime import Client, Controller, Request, Watch
from tests.harness import trials


def meddling(client: Client) -> Controller:
    """Wrong: its predicate writes into the object that it is shown."""

    async def reconcile(request: Request) -> None:
        return None

    def predicate(event_type: str, old: Any, new: Any) -> bool:
        if new is not None:
            new["spec"]["size"] = 99
        return True

    return Controller(
        name="meddling", reconcile=reconcile, watches=[Watch("example.com/v1", "Website", predicate=predicate)]
    )


@pytest.mark.slow
def test_a_predicate_that_changes_what_it_is_shown_is_an_error_with_the_object_named(tmp_path: Path) -> None:
    with pytest.raises(AdapterError, match="Website default/front was changed in place"):
        check(trials.trial(meddling, faults=("crash",)), examples=3, report_dir=tmp_path)

"""A bug is told apart by the line of the controller's code that sent the write."""

from pathlib import Path
from typing import Any

import pytest

from harness.call_sites import CallSiteRecorder
from harness.example import Example
from harness.session import Session
from tests.harness import trials


@pytest.mark.slow
def test_each_request_of_a_controller_is_traced_to_its_line() -> None:
    session = Session(trials.trial(trials.steady, workload=[]))
    noted: list[Any] = []

    def note(example: Example) -> None:
        example.world.recorder = CallSiteRecorder(example.world)
        noted.append(example.world.recorder)

    example = session.run(session.workloads[0], [], prepare=note)
    (recorder,) = noted
    creates = [
        event.step
        for event in example.world.trace.events
        if event.kind == "request" and event.data["method"] == "create"
    ]
    sites = dict.fromkeys(recorder.sites[step] for step in creates if recorder.sites[step])
    (site,) = sites
    file, _, where = site.partition(":")
    assert file == "trials.py"
    lines = Path(str(trials.__file__)).read_text(encoding="utf-8").splitlines()
    assert "await client.create(wanted)" in lines[int(where.split()[0]) - 1]
    assert where.endswith(" in reconcile")


@pytest.mark.slow
def test_noting_them_changes_nothing_that_is_written_down() -> None:
    session = Session(trials.trial(trials.steady, workload=[]))

    def note(example: Example) -> None:
        example.world.recorder = CallSiteRecorder(example.world)

    plain, noted = (session.run(session.workloads[0], [], prepare=prepare) for prepare in (None, note))
    assert plain.world.trace.sha256() == noted.world.trace.sha256()

"""A run that somebody will read tells more: which line sent each request, what reads returned, and how it ended."""

from pathlib import Path
from typing import Any

import pytest

from harness.detection import entry_trial
from harness.example import Example
from harness.session import Session
from reference_impl.zoo import ZOO
from tests.harness import trials

SECOND_SECRET = next(entry for entry in ZOO if entry.id == "second-secret")
CRASH = {
    "do": "crash", "at": "after_commit", "component": "cluster", "restart_after_s": 0.0,
    "request": {"verb": "create", "kind": "Secret", "name": "mongo-ca", "namespace": "default", "nth": 1},
}  # fmt: skip


def kept(trial: Any, weather: list[dict[str, Any]] | None = None) -> Example:
    session = Session(trial)
    return session.run(session.workloads[0], weather or [], kept=True)


@pytest.mark.slow
def test_each_request_of_a_controller_is_traced_to_its_line() -> None:
    example = kept(trials.trial(trials.steady, workload=[]))
    creates = [e for e in example.world.trace.events if e.kind == "request" and e.data["method"] == "create"]
    (site,) = dict.fromkeys(e.data["site"] for e in creates if "site" in e.data)
    file, _, where = site.partition(":")
    assert file == "tests/harness/trials.py"
    lines = Path(str(trials.__file__)).read_text(encoding="utf-8").splitlines()
    assert "await client.create(wanted)" in lines[int(where.split()[0]) - 1]
    assert where.endswith(" in reconcile")


@pytest.mark.slow
def test_keeping_a_run_changes_nothing_of_what_happens() -> None:
    session = Session(trials.trial(trials.steady, workload=[]))
    plain, told = (session.run(session.workloads[0], [], kept=kept) for kept in (False, True))

    def happened(example: Example) -> list[tuple[Any, ...]]:
        return [(e.step, e.time_s, e.kind, e.component, e.object, e.caused_by) for e in example.world.trace.events]

    assert happened(plain) == happened(told)


@pytest.mark.slow
def test_a_list_reply_says_which_revisions_it_returned() -> None:
    example = kept(entry_trial(SECOND_SECRET, "wrong"), [CRASH])
    events = example.world.trace.events
    stored = {e.resource_version: e.object for e in events if e.kind == "commit"}
    lists = [e for e in events if e.kind == "reply" and e.data["verb"] == "list" and e.data.get("seen")]
    assert any(e.object == "Cluster" and e.component == "cluster" for e in lists)  # its second life lists again
    for reply in lists:
        for name, revision in reply.data["seen"]:
            assert stored[revision] == name
            assert revision <= reply.resource_version


@pytest.mark.slow
def test_a_run_that_ends_wrongly_is_written_down_beside_fair_weather() -> None:
    example = kept(entry_trial(SECOND_SECRET, "wrong"), [CRASH])
    note = example.world.trace.events[-1]
    assert [found.name for found in example.violations] == ["converges"]
    assert note.kind == "note"
    assert "Secret/default/mongo-tls" in note.data["fair_weather"]
    assert "Secret/default/mongo-tls" not in note.data["end_state"]
    assert note.data["members"]["Secret/default/mongo-ca"] == ["Secret/default/mongo-ca"]
    assert "Secret/default/mongo-ca" in note.data["alike"]
    assert any("mongo-tls is missing" in line for line in note.data["differences"])


@pytest.mark.slow
def test_a_violation_names_its_source_and_its_objects() -> None:
    example = kept(entry_trial(SECOND_SECRET, "wrong"), [CRASH])
    (violation,) = (e for e in example.world.trace.events if e.kind == "violation")
    assert violation.data["when"] == "at_rest"
    assert "Anvil" in violation.data["source"]
    assert violation.data["objects"] == []

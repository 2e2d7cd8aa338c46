"""How outcomes of tests become cells, what is told as a problem, and what an entry may hold."""

from pathlib import Path
from typing import Any

import pytest

from tests.conformance import fidelity, planes, rules
from tests.conformance.fidelity import cells_of, problems, targets_of
from tests.conformance.rules import BadRule, Rule

TEST = "reference_impl/x/test_y.py::test_z"


def _rule(**options: Any) -> Rule:
    return Rule(**{"subject": "s", "rule": "R", "source": "S", "test": TEST, **options})


def _ran(plane: str, *used: str, outcome: str = "passed") -> dict[str, Any]:
    return {"test": TEST, "plane": plane, "outcome": outcome, "used": list(used)}


@pytest.mark.parametrize(
    ("done", "cells"),
    [
        ([_ran("memory", "memory")], {"in process": "passes"}),
        ([_ran("memory")], {"in process": "passes"}),
        ([_ran("memory", "memory", "HTTP")], {"HTTP": "passes"}),
        ([_ran("memory", "SQLite")], {"SQLite": "passes"}),
        ([_ran("memory", "memory"), _ran("http", "memory", "HTTP")], {"in process": "passes", "HTTP": "passes"}),
        ([_ran("memory", "memory"), _ran("http", "memory")], {"in process": "passes"}),
        ([_ran("memory", "memory"), _ran("etcd", "etcd")], {"in process": "passes", "etcd": "passes"}),
        ([_ran("memory"), _ran("memory", outcome="failed"), _ran("memory")], {"in process": "fails"}),
        ([_ran("memory", outcome="skipped")], {}),
    ],
)
def test_a_cell_says_what_ran_beneath_the_test(done: list[dict[str, Any]], cells: dict[str, str]):
    assert cells_of(_rule(), done) == cells


def test_a_test_of_processes_says_itself_what_they_run():
    assert cells_of(_rule(runs=("HTTP", "SQLite")), [_ran("memory")]) == {"HTTP": "passes", "SQLite": "passes"}


@pytest.mark.parametrize(
    ("limit", "cells", "words"),
    [
        ({}, {"in process": "passes"}, None),
        ({}, {"in process": "passes", "etcd": "fails"}, "fails (etcd): mend it, or write the reason"),
        ({"etcd": "why"}, {"in process": "passes", "etcd": "fails"}, None),
        ({"etcd": "why"}, {"in process": "passes", "etcd": "passes"}, "so the limit 'why' holds no more: take it out"),
        ({}, {}, "passes nowhere"),
    ],
)
def test_a_failure_needs_a_reason_and_a_reason_a_failure(
    limit: dict[str, str], cells: dict[str, str], words: str | None
):
    found = problems([_rule(limit=limit)], {TEST: cells})
    assert len(found) == (words is not None)
    assert words is None or words in found[0]


def test_a_contract_is_run_by_the_tests_of_each_store():
    contract = _rule(test="reference_impl/store/contract.py::C::test_a")
    assert targets_of([contract, _rule()]) == [
        "tests/reference_impl/store/test_memory.py",
        "tests/reference_impl/store/test_sqlite.py",
        "tests/reference_impl/store/test_etcd.py",
        f"tests/{TEST}",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rule =", "is no TOML"),
        ('[[rule]]\nrule = "R"\nsource = "S"\n', "rule 1: test = None says nothing"),
        ('[[rule]]\nrule = ""\nsource = "S"\ntest = "T"\n', "rule 1: rule = '' says nothing"),
        ('[[rule]]\nrule = "R"\nsource = "S"\ntest = "T"\nwhere = "x"\n', "'where' is no key of a rule"),
        ('[[rule]]\nrule = "R"\nsource = "S"\ntest = "T"\nlimit = {tape = "x"}\n', "'tape' is no plane"),
    ],
)
def test_an_entry_that_cannot_be_used_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str
):
    (tmp_path / "made-up.toml").write_text(text)
    monkeypatch.setattr(rules, "FOLDER", tmp_path)
    with pytest.raises(BadRule, match=r"made-up\.toml") as refused:
        rules.rules.__wrapped__("made-up")
    assert words in str(refused.value)


def test_bad_usage_is_told_in_one_line(capsys: pytest.CaptureFixture[str]):
    assert fidelity.main(["--plane", "tape"]) == 4
    assert fidelity.main(["no/such/test.py"]) == 4
    assert fidelity.main(["--nonsense"]) == 4
    err = capsys.readouterr().err
    assert "--plane tape is none of memory, http, sqlite, etcd" in err
    assert "no rule has its test in no/such/test.py" in err


@pytest.mark.parametrize("text", ["tape", "http=x", ""])
def test_a_plane_that_is_none_is_refused(text: str):
    with pytest.raises(ValueError, match=f"--plane {text} is none of"):
        planes.choose(text, "")

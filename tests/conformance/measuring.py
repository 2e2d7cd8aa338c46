"""A pytest plugin that writes down, for each test, how it ended and which parts of the plane it used.

    pytest -p tests.conformance.measuring --measure FILE ...

A test's name says nothing about what runs beneath it: a rule of the scheduler has no HTTP form, a pure function no
store. So what counts is counted: requests that an HTTP front answered, and stores of each sort that were opened while
the test ran. One JSON line a test; a test of a contract is named by where the contract stands.
"""

import inspect
import json
from collections import Counter
from collections.abc import Iterator
from functools import wraps
from pathlib import Path
from typing import Any, Final

import pytest

from reference_impl.apiserver.http.front import Front
from reference_impl.store.etcd import EtcdStore
from reference_impl.store.memory import MemoryStore
from reference_impl.store.sqlite import SqliteStore

TESTS: Final = Path(__file__).resolve().parents[1]
COUNTED: Final = (
    ("HTTP", Front, "answer"),
    ("memory", MemoryStore, "__init__"),
    ("SQLite", SqliteStore, "__init__"),
    ("etcd", EtcdStore, "__init__"),
)


class Measuring:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._used: Counter[str] = Counter()
        for name, owner, method in COUNTED:
            setattr(owner, method, self._counting(name, getattr(owner, method)))

    def _counting(self, name: str, function: Any) -> Any:
        @wraps(function)
        def counted(*args: Any, **options: Any) -> Any:
            self._used[name] += 1
            return function(*args, **options)

        return counted

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._used.clear()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: Any) -> Any:
        report = yield
        if report.when == "call" or report.outcome != "passed":
            line = {"test": name_of(item), "outcome": report.outcome, "used": sorted(self._used)}
            if report.outcome != "passed":
                line["why"] = str(call.excinfo.value)[:500] if call.excinfo else ""
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        return report


def name_of(item: pytest.Item) -> str:
    """Where the function stands, below `tests/`: "reference_impl/store/contract.py::StoreContract::test_x"."""
    function = getattr(item, "function", None)
    if function is None:
        return item.nodeid
    function = inspect.unwrap((getattr(function, "hypothesis", None) and function.hypothesis.inner_test) or function)
    path = Path(inspect.getfile(function)).resolve().relative_to(TESTS)
    return f"{path.as_posix()}::{function.__qualname__.replace('.', '::')}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--measure", default=None, help="a file for what each test did (tests/conformance/measuring.py)")


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--measure")
    if path is not None:
        config.pluginmanager.register(Measuring(Path(path)))

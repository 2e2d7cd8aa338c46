from collections.abc import Iterator
from importlib.metadata import EntryPoint
from types import SimpleNamespace
from typing import Any

import pytest

from harness import registry
from harness.errors import UsageError

OURS = (SimpleNamespace(name="crash"), SimpleNamespace(name="latency"))
THEIRS = SimpleNamespace(name="flood")
TWIN = [SimpleNamespace(name="crash", theirs=True)]
NAMELESS = SimpleNamespace()
HERE = __name__


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    registry.faults.cache_clear()
    registry.controllers.cache_clear()
    yield
    registry.faults.cache_clear()
    registry.controllers.cache_clear()


def install(monkeypatch: pytest.MonkeyPatch, *points: tuple[str, str]) -> None:
    def entry_points(*, group: str) -> list[EntryPoint]:
        return [EntryPoint(name, value, group) for name, value in points]

    monkeypatch.setattr(registry, "entry_points", entry_points)
    monkeypatch.setitem(registry.BUILT_IN, "seatrial.faults", f"{HERE}:OURS")


def names(plug_ins: tuple[Any, ...]) -> list[str]:
    return [plug_in.name for plug_in in plug_ins]


def test_ours_come_first_whatever_the_others_are_called(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, ("a-stranger", f"{HERE}:THEIRS"), ("builtin", f"{HERE}:OURS"))
    assert names(registry.faults()) == ["crash", "latency", "flood"]


def test_without_an_installed_distribution_ours_are_imported_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)
    assert names(registry.faults()) == ["crash", "latency"]


def test_the_first_of_two_with_one_name_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, ("zz", f"{HERE}:TWIN"))
    assert names(registry.faults()) == ["crash", "latency"]
    assert not hasattr(registry.faults()[0], "theirs")


def test_controllers_are_found_by_the_name_of_their_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, ("operator", f"{HERE}:names"))
    assert registry.controllers() == {"operator": names}


@pytest.mark.parametrize(
    ("value", "message"),
    [("no.such.module:X", "plug-in 'odd' .* cannot be loaded: ModuleNotFoundError"), (f"{HERE}:NAMELESS", "`name`")],
)
def test_a_broken_plug_in_is_named(monkeypatch: pytest.MonkeyPatch, value: str, message: str) -> None:
    install(monkeypatch, ("odd", value))
    with pytest.raises(UsageError, match=message):
        registry.faults()

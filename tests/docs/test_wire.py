"""`docs/wire.md`: its table is what the tests of `tests/wire/` show."""

from tests.docs.tables import WIRE, WIRE_TABLES, with_tables
from tests.wire import behaviours


def test_the_table_of_clients_is_up_to_date() -> None:
    text = WIRE.read_text(encoding="utf-8")
    assert with_tables(text, WIRE_TABLES) == text, "run `python -m tests.docs.regenerate`"


def test_every_behaviour_is_shown_by_some_client() -> None:
    clients = behaviours.shown()
    assert all(clients.values())
    assert len(clients) >= 8

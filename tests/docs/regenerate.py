"""`python -m tests.docs.regenerate` makes generated tables anew, after a fault, a property or a client came."""

from tests.docs.tables import PATTERN_TABLES, PATTERNS, README, TABLES, WIRE, WIRE_TABLES, with_tables

if __name__ == "__main__":
    for file, tables in ((README, TABLES), (WIRE, WIRE_TABLES), (PATTERNS, PATTERN_TABLES)):
        file.write_text(with_tables(file.read_text(encoding="utf-8"), tables), encoding="utf-8")

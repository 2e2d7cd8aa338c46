"""`python -m tests.docs.regenerate` makes generated tables anew, after a fault, a property, a rule or a client came."""

from tests.docs.tables import GENERATED, with_tables

if __name__ == "__main__":
    for file, tables in GENERATED:
        file.write_text(with_tables(file.read_text(encoding="utf-8"), tables), encoding="utf-8")

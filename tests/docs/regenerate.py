"""`python -m tests.docs.regenerate` writes the README's tables anew, after a fault or a property came or changed."""

from tests.docs.tables import README, with_tables

if __name__ == "__main__":
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")

"""`docs/architecture.md`: its tour of the harness leaves no file out and invents none."""

import re

from tests.docs.tables import TOP

TEXT = (TOP / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_the_tour_of_the_harness_has_every_file_once() -> None:
    tour = TEXT.split("## A tour of `harness/`")[1].split("\n## ")[0]
    named = re.findall(r"^\| `([\w/]+(?:\.py)?/?)` \|", tour, re.M)
    files = [path.name for path in (TOP / "harness").glob("*.py") if path.name != "__init__.py"]
    folders = [f"{path.name}/" for path in (TOP / "harness").iterdir() if (path / "__init__.py").exists()]
    assert sorted(named) == sorted([*files, *folders])


def test_every_folder_of_the_control_plane_has_its_paragraph() -> None:
    for path in (TOP / "reference_impl").iterdir():
        if (path / "__init__.py").exists():
            assert f"`reference_impl/{path.name}/`" in TEXT, path.name

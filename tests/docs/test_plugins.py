"""`docs/plugins.md`: its snippets run as they stand, and the plug-ins in them are plug-ins."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.tables import TOP

SNIPPET = re.compile(r"<!-- file: ([\w.]+) -->\n```python\n(.*?)```", re.S)


@pytest.mark.slow
def test_the_snippets_of_the_page_pass_as_the_tests_they_are(tmp_path: Path) -> None:
    snippets = SNIPPET.findall((TOP / "docs" / "plugins.md").read_text(encoding="utf-8"))
    assert [name for name, _ in snippets if name.startswith("test_")], "the page has no test"
    for name, code in snippets:
        (tmp_path / name).write_text(code, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=prepend"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

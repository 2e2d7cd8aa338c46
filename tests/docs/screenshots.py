"""`python -m tests.docs.screenshots` draws docs/screenshots/*.png anew, after the look of report.html has changed.

Each is the top of the report of one zoo entry: as found under seed 0 and shrunk, which takes about ten seconds each.
"""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

from reports.html import Html
from tests.reports.browser import chromium, opened
from tests.reports.conftest import find

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"

ENTRIES = ("proxy-from-the-past", "two-buckets", "second-secret")
"""A stale read that destroys, a lost answer that doubles, a crash that leaves undone."""

LAST_SECTION = "#diagram"
"""The picture ends below it; what follows is in the report."""

SIZE = {"width": 1060, "height": 1400}

SIZE_MAX_BYTES = 200_000


def draw(entry_ids: tuple[str, ...] = ENTRIES) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        for entry_id in entry_ids:
            report = Path(folder) / f"{entry_id}.html"
            report.write_bytes(Html().render(find(entry_id, Path(folder) / entry_id).trace))
            with opened(browser, report, size=SIZE) as seen:
                box = seen.page.locator(LAST_SECTION).bounding_box()
                assert box is not None
                clip = {"x": 0, "y": 0, "width": SIZE["width"], "height": box["y"] + box["height"] + 12}
                picture = seen.page.screenshot(full_page=True, clip=clip)  # type: ignore[arg-type]
                seen.assert_harmless()
            picture = _fewer_colours(picture)
            assert len(picture) < SIZE_MAX_BYTES, f"{entry_id}: {len(picture)} bytes"
            (FOLDER / f"{entry_id}.png").write_bytes(picture)
            print(f"{entry_id}.png: {len(picture):,} bytes", file=sys.stderr)


def _fewer_colours(picture: bytes) -> bytes:
    """A page of text and lines needs few; the file is a third as large."""
    smaller = io.BytesIO()
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(
        96, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
    ).save(smaller, "PNG", optimize=True)
    return smaller.getvalue()


if __name__ == "__main__":
    draw()

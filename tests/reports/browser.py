"""Headless Chromium, as the tests of `report.html` need it: offline, and noting everything that should not happen."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""What the browser is called on various systems; the first that is there is used."""

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@dataclass
class Opened:
    """A page, and what it did that a report must not do."""

    page: Page
    errors: list[str] = field(default_factory=list)
    """Console errors, uncaught exceptions, dialogs, violations of the page's own policy."""
    requests: list[str] = field(default_factory=list)
    """Addresses other than the file's own that the page asked for."""

    def assert_harmless(self) -> None:
        assert self.errors == []
        assert self.requests == []


def executable() -> str:
    """Where Chromium is. Its absence is a failure: a skipped test would say that the page works."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    assert found, (
        f"none of {', '.join(NAMES)} is on the PATH, and the tests of report.html need a browser: "
        "install one, for example with `apt-get install -y chromium`"
    )
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), headless=True, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Browser, file: Path, *, size: dict[str, int] = WIDE, dark: bool = False) -> Iterator[Opened]:
    """The file in a window of its own, without network."""
    context = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        offline=True,
        color_scheme="dark" if dark else "light",
        permissions=["clipboard-read", "clipboard-write"],
    )
    try:
        page = context.new_page()
        seen = Opened(page)
        address = file.resolve().as_uri()
        page.on("console", lambda said: seen.errors.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        page.on("dialog", lambda dialog: (seen.errors.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        context.on(
            "request",
            lambda sent: (
                seen.requests.append(sent.url)
                if sent.url.partition("#")[0] != address and not sent.url.startswith("data:")
                else None
            ),
        )
        page.goto(address)
        yield seen
    finally:
        context.close()

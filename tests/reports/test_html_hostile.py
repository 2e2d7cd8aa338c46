"""Whatever a trace says, it is text: nothing in it runs, loads, or breaks the page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from harness.trace import Trace
from reports.html import Html
from tests.reports.browser import chromium, opened

pytestmark = pytest.mark.slow

MEGABYTE = "x" * 1_000_000

HOSTILE = {
    "script": "<script>window.hacked = 1</script>",
    "end of script": "</script><script>window.hacked = 1</script>",
    "comment": "<!--<script>",
    "image": "<img src=x onerror='window.hacked = 1'>",
    "svg": "<svg/onload=window.hacked=1>",
    "attribute": '" onmouseover="window.hacked = 1" x=\'',
    "template": "{{ 7 * 7 }}{% for x in y %}${window.hacked = 1}`",
    "address": "javascript:window.hacked=1",
    "control characters": "a\x00b\x01\x08\x1b[31m\x7f\r\n\tc",
    "right to left": "abc\u202egnp.exe\u2066\u200f",
    "line separators": "a\u2028b\u2029c",
    "half a surrogate pair": "a\ud800b\udfffc",
    "invalid UTF-8": b"a\xff\xfe\xc3(b".decode("utf-8", "surrogateescape"),
    "megabyte": MEGABYTE,
    "prototype": "__proto__",
    "constructor": "constructor",
    "slashes": "a/b/c//d",
    "empty": "",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def hostile_trace(text: str) -> Trace:
    """A run in which everything that somebody can name is named `text`."""
    trace = Trace({"target": text, "replay": f"seatrial replay {text}", "versions": {"x": text, text: "1"}})
    name = f"Secret/default/{text}"
    deep: Any = text
    for _ in range(200):
        deep = {text: deep}
    value = {
        "kind": "Secret",
        "metadata": {"uid": text, "name": text},
        "data": {text: text, "deep": deep},
        text: [text],
    }
    trace.add(0.0, "note", data={"format": 2, "seed": 0, "under_test": [text or "website"]})
    trace.add(1.0, "workload", "user", data={"sentence": text})
    trace.add(1.0, "request", text, peer="apiserver-0", object=name, data={"verb": text, "method": "get", "site": text})
    change = f"data.{text}: {text} -> {text}"
    commit = {"fact": "UPDATED", "type": "MODIFIED", "effective": True, "changed": [change], "value": value}
    trace.add(1.0, "commit", "apiserver-0", peer=text, object=name, resource_version=5, caused_by=(2,), data=commit)
    seen = {"verb": "list", "code": 200, "whole": True, "seen": [[name, 4], [text, 3]], "error": text}
    trace.add(1.0, "reply", text, peer="apiserver-0", object="Secret", caused_by=(2, 3), data=seen)
    trace.add(1.0, "external", text, peer="cloud", object=text, data={"phase": "call", "verb": text})
    effect = {"phase": "effect", "verb": "create", "body": {"owner": text}}
    trace.add(1.0, "external", "cloud", peer=text, object=text, caused_by=(5,), data=effect)
    fault = {"name": text, "legal": True, "obliged": True, "sentence": text, "action": {"do": text, text: text}}
    trace.add(2.0, "fault", text, object=name, caused_by=(3,), data=fault)
    trace.add(2.0, "reconciled", text, object=text, data={"outcome": "error", "error": text})
    broken = {"property": "no_orphan_or_leak", "reason": text, "source": text, "objects": [name]}
    trace.add(9.0, "violation", text, object=name, caused_by=(3, 6, 7), data=broken)
    end = {"end_state": {text: {text: text}}, "fair_weather": {text: {text: [text]}, "b": {text: text}}}
    trace.add(9.0, "note", data={**end, "differences": [text], "members": {text: [text]}})
    return trace


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_only_text(text: str, tmp_path: Path, browser: Browser) -> None:
    file = tmp_path / "report.html"
    file.write_bytes(Html().render(hostile_trace(text)))
    assert len(file.read_bytes()) < 1_000_000
    with opened(browser, file) as seen:
        seen.page.click("#unfold-all")
        assert seen.page.locator(".row").count() == 11
        seen.page.locator(".row").nth(3).hover()
        seen.page.locator(".row").nth(3).click()
        for button in seen.page.locator("#selected .tools >> nth=0 >> button").all():
            button.click()
        seen.page.check("#show-equal")
        seen.page.click("#moment-end")
        assert seen.page.evaluate("window.hacked") is None
        assert seen.page.locator("script").count() == 2
        assert seen.page.locator("img, iframe, object, embed, form").count() == 0
        assert seen.page.title() != ""
        seen.assert_harmless()


def test_what_is_long_says_how_long_it_is(tmp_path: Path, browser: Browser) -> None:
    file = tmp_path / "report.html"
    file.write_bytes(Html().render(hostile_trace(MEGABYTE)))
    with opened(browser, file) as seen:
        assert "[1,000,0" in seen.page.inner_text("#verdict")
        seen.assert_harmless()


def test_the_page_forbids_itself_to_load_or_send_anything(tmp_path: Path, browser: Browser) -> None:
    file = tmp_path / "report.html"
    file.write_bytes(Html().render(hostile_trace("a")))
    with opened(browser, file) as seen:
        refused = seen.page.evaluate("fetch('https://example.com/').then(() => 'sent', error => 'refused')")
        assert refused == "refused"
        inserted = (
            "document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.hacked = 1'}))"
        )
        seen.page.evaluate(inserted)
        assert seen.page.evaluate("window.hacked") is None
        assert seen.requests == []

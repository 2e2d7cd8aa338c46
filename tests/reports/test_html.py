"""`report.html` of ten bugs, in a browser: what a reader sees, and that everything a reader can press works."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from harness.trace import TraceEvent
from reports.beliefs import belief_at, store_at, updates_of
from reports.html import Html
from reports.run import Run, run_of
from tests.reports.browser import PHONE, Opened, chromium, opened
from tests.reports.conftest import TEN, FoundBug
from tests.reports.traces import website_trace

pytestmark = pytest.mark.slow

LANELESS = ("violation", "settle", "note")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module", params=range(len(TEN)), ids=TEN)
def run(request: pytest.FixtureRequest, ten_bugs: list[FoundBug]) -> Run:
    return run_of(ten_bugs[request.param].trace)


@pytest.fixture(scope="module")
def file(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_bytes(Html().render(run.trace))
    return path


@pytest.fixture(scope="module")
def window(file: Path, browser: Browser) -> Iterator[Opened]:
    with opened(browser, file) as page:
        yield page


@pytest.fixture
def seen(window: Opened) -> Iterator[Opened]:
    """The report, fresh; whatever a test did with it, nothing failed in it and nothing left it."""
    window.page.reload()
    yield window
    window.assert_harmless()


# ------------------------------------------------------------------------------------------------------ what it shows


def test_the_verdict_and_how_to_see_it_again_stand_on_top(run: Run, seen: Opened) -> None:
    assert run.facts.claim is not None
    assert run.facts.claim in seen.page.inner_text("#verdict")
    assert run.facts.source is None or run.facts.source[:40] in seen.page.inner_text("#source")
    assert "Weather:" in seen.page.inner_text("#label") or "Fair weather" in seen.page.inner_text("#label")
    assert seen.page.inner_text("#replay").startswith("seatrial replay ")
    made_by = seen.page.inner_text("#made-by")
    assert made_by.startswith(f"Seed {run.facts.settings['seed']}, ")
    assert all(f"{name} {version}" in made_by for name, version in run.facts.versions.items())
    bottom = seen.page.locator(".replay").bounding_box()
    assert bottom is not None
    assert bottom["y"] + bottom["height"] < 900  # on the first screen


def test_the_facts_of_the_run_are_told(run: Run, seen: Opened) -> None:
    told = seen.page.inner_text("#facts")
    for value in (run.facts.settings["seed"], run.facts.versions["seatrial"], run.trace.sha256()):
        assert str(value) in told


def test_the_narrative_is_numbered_and_marks_what_was_wrong(run: Run, seen: Opened) -> None:
    items = seen.page.locator(".story li")
    assert items.count() == len(run.story)
    for place, told in enumerate(run.story):
        item = items.nth(place)
        assert item.get_attribute("data-step") == str(told.step)
        assert item.inner_text().startswith(f"{told.number}.")
        assert f"{told.time_s:,.3f} s" in item.inner_text()
        assert (item.get_attribute("class") or "").strip() == told.mark


def test_there_is_a_lane_for_everybody_in_the_slice_and_for_nobody_else(run: Run, seen: Opened) -> None:
    concerned = {end for event in _shown(run) if event.kind not in LANELESS for end in (event.component, event.peer)}
    assert set(_lanes(seen.page)) == concerned - {""}
    seen.page.click("#all-lanes")
    acting = {end for event in run.trace.events if event.kind not in LANELESS for end in (event.component, event.peer)}
    assert set(_lanes(seen.page)) == acting - {""}


def test_who_is_on_trial_stands_beside_the_user(run: Run, seen: Opened) -> None:
    lanes = _lanes(seen.page)
    places = [lanes.index(name) for name in run.facts.under_test if name in lanes]
    assert places
    assert max(places) <= len(places)


def test_every_event_of_the_slice_has_its_mark(run: Run, seen: Opened) -> None:
    expected = Counter(event.kind for event in _shown(run) if event.component)
    for kind, number in expected.items():
        assert seen.page.locator(f".marks .kind-{kind}").count() == number, kind
    crashes = sum(event.kind == "crash" for event in _shown(run))
    assert seen.page.locator(".marks .kind-crash .cross").count() == crashes


def test_exactly_the_slice_has_rows_and_the_rest_is_folded(run: Run, seen: Opened) -> None:
    assert _rows(seen.page) == [event.step for event in _shown(run)]
    folded = seen.page.locator("[data-fold] text").all_text_contents()
    numbers = [int(text.split()[1].replace(",", "")) for text in folded]
    assert sum(numbers) == len(run.trace.events) - len(_shown(run))


def test_the_wrong_write_is_ringed(run: Run, seen: Opened) -> None:
    assert run.blame.step is not None
    ring = seen.page.locator(".event-mark:has(.ring)")
    assert ring.get_attribute("data-index") == str(run.blame.step)


def _drawn_at_once(run: Run) -> bool:
    """Of a long run only the rows in sight are in the document."""
    return len(run.trace.events) <= 400


def test_watch_events_commands_and_replies_have_arrows(run: Run, seen: Opened) -> None:
    seen.page.click("#unfold-all")
    heard = sum(event.kind == "event" for event in run.trace.events)
    commits = sum(event.kind == "commit" and bool(event.peer) for event in run.trace.events)
    if _drawn_at_once(run):
        assert seen.page.locator(".arrows .arrow.watch").count() == heard
        assert seen.page.locator(".arrows .arrow.command").count() >= commits
    assert seen.page.locator(".arrows .arrow.command").count() > 0
    assert seen.page.locator(".arrows .arrow.reply").count() > 0


def test_pauses_and_outages_are_bands(run: Run, seen: Opened) -> None:
    if not _drawn_at_once(run):
        return
    seen.page.click("#unfold-all")
    kinds = Counter(event.kind for event in run.trace.events)
    assert seen.page.locator(".band.pause").count() == kinds["pause"]
    assert seen.page.locator(".band.down").count() == kinds["crash"]


def test_the_belief_differs_from_the_store_where_it_did(run: Run, seen: Opened) -> None:
    component = seen.page.input_value("#believer")
    moment = int(seen.page.input_value("#moment"))
    held = belief_at(updates_of(run.trace)[component], moment)
    stored = store_at(run.trace, moment)
    stale = {name for name in held if held[name] != stored.get(name)}
    shown = set(seen.page.locator("#belief-list details:not(.equal):not(.unknown) summary").all_inner_texts())
    assert len(shown) == len(stale)
    for name in stale:
        assert any(name.replace("/", " ", 1) in text for text in shown), name
    assert component in seen.page.inner_text("#belief-summary")


def test_the_end_is_compared_with_fair_weather_where_the_claim_is_about_the_end(run: Run, seen: Opened) -> None:
    note = run.trace.events[-1]
    told = note.kind == "note" and "differences" in note.data
    assert seen.page.locator("#fair").count() == told
    if told:
        assert seen.page.locator(".differences li").count() == len(note.data["differences"])


# --------------------------------------------------------------------------------------------------- what can be done


def test_a_sentence_leads_to_its_place_in_the_diagram(run: Run, seen: Opened) -> None:
    for told in (run.story[0], run.story[-1]):
        seen.page.click(f".story li[data-step='{told.step}'] a >> nth=0")
        row = seen.page.locator(f".row.selected[data-index='{told.step}']")
        assert row.count() == 1
        box, window = row.bounding_box(), seen.page.locator("#scroller").bounding_box()
        assert box is not None
        assert window is not None
        assert window["y"] <= box["y"] <= window["y"] + window["height"]
        assert seen.page.inner_text("#selected .hint").startswith(f"step {told.step} ")


def test_everything_can_be_revealed_and_folded_again(run: Run, seen: Opened) -> None:
    slice_only = _rows(seen.page)
    seen.page.click("#unfold-all")
    assert seen.page.evaluate("diagram.rows") == list(range(len(run.trace.events)))
    drawn = _rows(seen.page)
    assert drawn == list(range(drawn[0], drawn[-1] + 1))
    seen.page.click("#unfold-all")
    assert _rows(seen.page) == slice_only


def test_a_fold_opens_where_it_is_clicked(run: Run, seen: Opened) -> None:
    before = _rows(seen.page)
    fold = seen.page.locator("[data-fold]").first
    folded = int((fold.locator("text").text_content() or "").split()[1].replace(",", ""))
    fold.locator("text").click()
    after = _rows(seen.page)
    assert len(after) == len(before) + min(folded, 200)  # a long stretch is opened piece by piece
    assert set(before) < set(after)


def test_causes_and_objects_can_be_followed(run: Run, seen: Opened) -> None:
    assert run.facts.violation is not None
    step = run.facts.violation.step
    seen.page.locator(f".row[data-index='{step}']").click()
    seen.page.get_by_role("button", name="What led here").click()
    assert {step, *run.trace.events[step].caused_by} <= set(seen.page.evaluate("[...diagram.lit]"))
    seen.page.click("#clear")
    assert seen.page.locator(".event-mark.dim").count() == 0

    written = next((event for event in _shown(run) if event.kind == "commit"), None)
    if written is None:
        return
    seen.page.evaluate(f"focusOn({written.step})")  # a click cannot reach a row out of sight
    seen.page.get_by_role("button", name="Follow ").click()
    about = {event.step for event in run.trace.events if event.object == written.object}
    told = seen.page.evaluate("diagram.rows")
    assert {*sorted(about)[-200:]} <= {step for step in told if isinstance(step, int)}
    writes = sum(event.kind == "commit" and event.object == written.object for event in run.trace.events)
    assert seen.page.locator("#history tr").count() == 1 + min(writes, 300)


def test_a_click_counts_though_the_diagram_is_redrawn_under_it(run: Run, seen: Opened) -> None:
    assert run.facts.violation is not None
    row = seen.page.locator(f".row[data-index='{run.facts.violation.step}']")
    row.hover()
    seen.page.mouse.down()
    seen.page.evaluate("redraw(true)")
    seen.page.mouse.up()
    told = seen.page.locator("#selected .hint").inner_text()  # waits for it
    assert told.startswith(f"step {run.facts.violation.step} ")


def test_beliefs_move_with_the_moment(run: Run, seen: Opened) -> None:
    seen.page.fill("#moment", "1")
    seen.page.press("#moment", "Enter")
    assert "held nothing" in seen.page.inner_text("#belief-summary")
    seen.page.click("#moment-end")
    assert seen.page.input_value("#moment") == str(len(run.trace.events))
    assert f"step {len(run.trace.events)}" in seen.page.inner_text("#belief-summary")


def test_the_command_is_copied(seen: Opened) -> None:
    command = seen.page.inner_text("#replay")
    seen.page.click("#copy")
    seen.page.wait_for_function("document.getElementById('copy').textContent === 'Copied'")
    assert seen.page.evaluate("navigator.clipboard.readText()") == command


def test_zoom_changes_the_rows(seen: Opened) -> None:
    def height() -> str | None:
        return seen.page.locator(".row").first.get_attribute("height")

    before = height()
    seen.page.click("#zoom-in")
    larger = height()
    assert float(larger or 0) > float(before or 0)
    seen.page.click("#zoom-out")
    assert height() == before


def test_hovering_names_the_object(run: Run, seen: Opened) -> None:
    about = next(event for event in _shown(run) if "/" in event.object)
    seen.page.locator(f".row[data-index='{about.step}']").hover()
    assert about.object.replace("/", " ", 1) in seen.page.inner_text("#tooltip")


def test_a_phone_is_wide_enough(file: Path, browser: Browser) -> None:
    with opened(browser, file, size=PHONE) as seen:
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert seen.page.locator("#scroller .row").count() > 0
        seen.assert_harmless()


def test_dark_and_light_differ(file: Path, browser: Browser) -> None:
    grounds = []
    for dark in (False, True):
        with opened(browser, file, dark=dark) as seen:
            grounds.append(seen.page.evaluate("getComputedStyle(document.body).backgroundColor"))
            seen.assert_harmless()
    assert grounds[0] != grounds[1]


# ------------------------------------------------------------------------------------------------------ without a bug


def test_same_trace_same_bytes() -> None:
    assert Html().render(website_trace(replay="x")) == Html().render(website_trace(replay="x"))


def test_a_trace_without_violation_is_shown_whole(tmp_path: Path, browser: Browser) -> None:
    trace = website_trace()
    trace.events.pop()
    path = tmp_path / "report.html"
    path.write_bytes(Html().render(trace))
    with opened(browser, path) as seen:
        assert "Nothing was violated" in seen.page.inner_text("#verdict")
        assert len(_rows(seen.page)) == len(trace.events)
        seen.assert_harmless()


def test_without_javascript_the_slice_is_a_table(tmp_path: Path, browser: Browser) -> None:
    path = tmp_path / "report.html"
    path.write_bytes(Html().render(website_trace()))
    context = browser.new_context(java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(path.as_uri())
    assert "crash" in page.inner_text("noscript")
    assert not page.locator("#copy").is_visible()
    context.close()


def test_an_empty_trace_has_a_page(tmp_path: Path, browser: Browser) -> None:
    trace = website_trace()
    trace.events.clear()
    path = tmp_path / "report.html"
    path.write_bytes(Html().render(trace))
    with opened(browser, path) as seen:
        assert "Nothing was violated" in seen.page.inner_text("#verdict")
        seen.assert_harmless()


def _shown(run: Run) -> list[TraceEvent]:
    """What the diagram shows before anything is unfolded: what explains the violation, and what the story tells."""
    return [run.trace.events[step] for step in sorted({*run.slice, *(told.step for told in run.story)})]


def _rows(page: Page) -> list[int]:
    """Steps of the rows in the document; of an untrimmed run a step is its event's index."""
    found = page.locator(".row").evaluate_all("rows => rows.map(row => Number(row.dataset.index))")
    return [int(index) for index in found]


def _lanes(page: Page) -> list[str]:
    """Names of the lanes, whole, from left to right."""
    return [str(title).rpartition(" (")[0] for title in page.locator("#lane-names title").all_text_contents()]


def test_what_a_process_printed_is_text_whatever_it_is() -> None:
    trace = website_trace()
    trace.add(1.5, "note", "website", data={"output": ["</pre><script>alert(1)</script>"]})
    trace.add(1.5, "note", data={"reproduced": "2 of 3", "real_time": True})

    page = Html().render(trace).decode()

    assert "What it printed" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "(reproduced 2 of 3)." in page
    assert "Times are real seconds" in page

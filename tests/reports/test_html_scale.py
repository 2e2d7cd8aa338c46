"""A run of 100,000 events: the report stays small enough to be mailed, and opens at what matters."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from harness.trace import Trace
from reports.html import Html
from tests.reports.browser import chromium, opened

EVENTS = 100_000

SIZE_MAX_BYTES = 15_000_000

PODS = 300


def big_trace(events: int) -> Trace:
    """A controller that scales many pods, passes over them again and again, and at last deletes what it must keep."""
    trace = Trace()
    trace.add(0.0, "note", data={"format": 2, "target": "big:controller", "seed": 0, "under_test": ["website"]})
    revision = 1
    made = trace.add(5.0, "workload", "user", data={"sentence": "user creates Website default/front"})
    while len(trace.events) < events - 10:
        revision += 1
        number = revision % PODS
        made = _round(trace, 5.0 + revision * 0.25, number, revision, made)
    return _end(trace, made, revision)


def _round(trace: Trace, time_s: float, number: int, revision: int, cause: int) -> int:
    """One pass: seven events about one pod. Every hundredth hangs on the one before, the others on the beginning."""
    name = f"Pod/default/front-{number}"
    before = cause if revision % 100 == 0 else 1
    passed = trace.add(time_s, "reconcile", "website", object="default/front", caused_by=(before,))
    asked = trace.add(
        time_s, "request", "website", peer="apiserver-0", object=name, caused_by=(passed,),
        data={"verb": "UPDATE", "method": "update", "reconcile": passed, "incarnation": 0},
    )  # fmt: skip
    done = trace.add(
        time_s, "commit", "apiserver-0", peer="website", object=name, resource_version=revision, caused_by=(asked,),
        data={
            "fact": "UPDATED", "type": "MODIFIED", "effective": True,
            "changed": [f"metadata.annotations.turn: {revision - 1} -> {revision}"],
            "value": _pod(number, revision),
        },
    )  # fmt: skip
    trace.add(
        time_s, "reply", "website", peer="apiserver-0", object=name, caused_by=(asked, done),
        data={"verb": "update", "code": 200, "error": None},
    )  # fmt: skip
    for component in ("website", "scheduler"):
        trace.add(
            time_s, "event", component, peer="apiserver-1", object=name, resource_version=revision, caused_by=(done,),
            data={"type": "MODIFIED"},
        )  # fmt: skip
    trace.add(time_s, "reconciled", "website", object="default/front", caused_by=(passed,), data={"outcome": "done"})
    return done if revision % 100 == 0 else cause


def _pod(number: int, revision: int) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"front-{number}", "namespace": "default", "annotations": {"turn": str(revision)}},
        "spec": {"containers": [{"name": "web", "image": "web:1", "env": [{"name": "A", "value": "b" * 200}]}]},
    }


def _end(trace: Trace, cause: int, revision: int) -> Trace:
    time_s = trace.events[-1].time_s
    struck = trace.add(
        time_s, "fault", "website", caused_by=(cause,),
        data={"name": "crash", "legal": True, "obliged": True, "action": {"do": "crash", "component": "website"}},
    )  # fmt: skip
    dead = trace.add(time_s, "crash", "website", caused_by=(struck,))
    back = trace.add(time_s + 3, "restart", "website", peer="apiserver-1", caused_by=(dead,))
    passed = trace.add(time_s + 3, "reconcile", "website", object="default/front", caused_by=(back,))
    asked = trace.add(
        time_s + 3, "request", "website", peer="apiserver-1", object="Pod/default/front-7", caused_by=(passed,),
        data={"verb": "DELETE", "method": "delete", "reconcile": passed, "incarnation": 1},
    )  # fmt: skip
    gone = trace.add(
        time_s + 3, "commit", "apiserver-1", peer="website", object="Pod/default/front-7",
        resource_version=revision + 1, caused_by=(asked,),
        data={"fact": "DELETED", "type": "DELETED", "effective": True, "changed": [], "value": None},
    )  # fmt: skip
    trace.add(
        time_s + 3, "violation", "website", object="Pod/default/front-7", caused_by=(gone,),
        data={
            "property": "required_objects_are_not_deleted", "reason": "website deleted Pod default/front-7",
            "when": "always", "objects": ["Pod/default/front-7"],
        },
    )  # fmt: skip
    return trace


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def big_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("big") / "report.html"
    file.write_bytes(Html().render(big_trace(EVENTS)))
    return file


@pytest.mark.slow
def test_a_report_of_100_000_events_stays_small(big_report: Path) -> None:
    assert big_report.stat().st_size < SIZE_MAX_BYTES


@pytest.mark.slow
def test_a_report_of_100_000_events_opens_folded(big_report: Path, browser: Browser) -> None:
    with opened(browser, big_report) as seen:
        assert seen.page.locator(".kind-violation").count() == 1
        assert seen.page.locator("[data-fold]").count() > 0
        assert seen.page.locator("svg .row").count() < EVENTS / 10
        seen.assert_harmless()


@pytest.mark.slow
def test_all_of_100_000_events_are_revealed_without_all_of_them_being_drawn(big_report: Path, browser: Browser) -> None:
    with opened(browser, big_report) as seen:
        seen.page.click("#unfold-all")
        assert seen.page.locator("[data-fold]").count() == 0
        first = seen.page.locator("svg .row").first.get_attribute("data-index")
        assert 0 < seen.page.locator("svg .row").count() < 1000
        seen.page.evaluate("document.getElementById('scroller').scrollTop = 0")
        seen.page.wait_for_function("document.querySelector('svg .row').dataset.index === '0'")
        assert first != "0"
        seen.assert_harmless()

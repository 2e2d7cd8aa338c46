"""A history of five commits, and streams that tell it, truthfully or not."""

from collections.abc import Sequence

from harness.contract import StreamRecord
from tests.properties.fake_view import FakeView, make

Event = tuple[str, str, str, int]

TRUTH: tuple[Event, ...] = (
    ("ADDED", "default", "a", 2),
    ("ADDED", "default", "b", 3),
    ("MODIFIED", "default", "a", 4),
    ("DELETED", "default", "b", 5),
    ("ADDED", "other", "c", 6),
)


def bookmark(revision: int) -> Event:
    return ("BOOKMARK", "", "", revision)


def a_history(
    *events: Event,
    start: int = 1,
    initial: Sequence[tuple[str, str, int]] = (),
    namespace: str | None = None,
    labels: str | None = None,
    tampered: bool = False,
) -> FakeView:
    """At rest after `TRUTH`; one stream showed `events`."""
    view = FakeView()
    a = view.create(make("Secret", "a"))
    b = view.create(make("Secret", "b"))
    view.update(a)
    view.delete(b)
    view.create(make("Secret", "c", namespace="other"))
    stream = StreamRecord(
        component="website",
        incarnation=0,
        server="apiserver-0",
        api_version="v1",
        kind="Secret",
        namespace=namespace,
        labels=labels,
        fields=None,
        start_revision=start,
        initial=tuple(initial),
        events=events,
        open=True,
        tampered=tampered,
    )
    view.streams_seen = [stream]
    return view.rests()

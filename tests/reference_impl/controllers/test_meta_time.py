"""Kubernetes timestamps."""

from datetime import UTC, datetime, timedelta, timezone

from reference_impl.controllers.meta_time import parse_timestamp, seconds_since, timestamp

MOMENT = datetime(2026, 1, 1, 12, 0, 0, 900_000, tzinfo=UTC)


def test_timestamps_are_utc_in_whole_seconds_cut_off() -> None:
    assert timestamp(MOMENT) == "2026-01-01T12:00:00Z"
    assert timestamp(MOMENT.astimezone(timezone(timedelta(hours=5)))) == "2026-01-01T12:00:00Z"


def test_both_kinds_of_timestamp_can_be_read() -> None:
    assert parse_timestamp("2026-01-01T12:00:00Z") == MOMENT.replace(microsecond=0)
    assert parse_timestamp("2026-01-01T12:00:00.900000Z") == MOMENT


def test_a_timestamp_of_a_clock_that_is_ahead_lies_in_the_future() -> None:
    assert seconds_since("2026-01-01T12:01:00Z", MOMENT.replace(microsecond=0)) == -60.0
    assert seconds_since(None, MOMENT) is None

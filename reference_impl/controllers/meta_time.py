"""Kubernetes timestamps: RFC 3339, UTC, whole seconds (`metav1.Time`)."""

from datetime import UTC, datetime


def timestamp(moment: datetime) -> str:
    """How `metav1.Time` writes it. Fractions of a second are cut off, not rounded."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_timestamp(text: str) -> datetime:
    """The moment that a `metav1.Time` or `metav1.MicroTime` names. Raises ValueError for anything else."""
    return datetime.fromisoformat(text)


def seconds_since(text: str | None, now: datetime) -> float | None:
    """Virtual seconds from that timestamp until `now`; negative if another clock is ahead; None without one."""
    return None if not text else (now - parse_timestamp(text)).total_seconds()

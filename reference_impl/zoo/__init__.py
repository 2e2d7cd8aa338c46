"""Controllers that are wrong on purpose, each after a real bug and beside its fixed twin.

What a chaos checker finds, and what it leaves alone, is measured on these: `python -m tests.quality.measure`. One file
an entry; `entry.py` says what an entry promises. Try one with `seatrial check zoo:ID`, its twin with `zoo:ID.fixed`.
"""

from reference_impl.zoo import (
    compared_with_the_past,
    counted_from_the_living,
    counted_passes,
    counted_twice,
    deaf_leader,
    deleted_its_successor,
    dropped_finalizer,
    expired_expectations,
    finished_too_early,
    gone_already,
    last_of_the_list,
    leaked_bucket,
    listed_at_zero,
    not_found_is_fatal,
    one_requeue,
    proxy_from_the_past,
    reaped_by_name,
    renamed_retry,
    replicas_from_cache,
    second_secret,
    stuck_guard,
    sweep_before_sync,
    two_buckets,
    two_certificates,
    unequal_size,
    unseen_deletion,
    unwatched_child,
)
from reference_impl.zoo.entry import Entry

ZOO: tuple[Entry, ...] = (
    two_buckets.ENTRY,
    replicas_from_cache.ENTRY,
    listed_at_zero.ENTRY,
    proxy_from_the_past.ENTRY,
    unseen_deletion.ENTRY,
    second_secret.ENTRY,
    renamed_retry.ENTRY,
    counted_twice.ENTRY,
    reaped_by_name.ENTRY,
    sweep_before_sync.ENTRY,
    deaf_leader.ENTRY,
    counted_passes.ENTRY,
    unwatched_child.ENTRY,
    leaked_bucket.ENTRY,
    gone_already.ENTRY,
    compared_with_the_past.ENTRY,
    counted_from_the_living.ENTRY,
    deleted_its_successor.ENTRY,
    dropped_finalizer.ENTRY,
    expired_expectations.ENTRY,
    finished_too_early.ENTRY,
    last_of_the_list.ENTRY,
    not_found_is_fatal.ENTRY,
    one_requeue.ENTRY,
    stuck_guard.ENTRY,
    two_certificates.ENTRY,
    unequal_size.ENTRY,
)
"""Adding an entry: its module here, its import, and its line in this tuple."""

DEMO = "two-buckets"
"""The entry for demonstrations."""

__all__ = ["DEMO", "ZOO", "Entry"]

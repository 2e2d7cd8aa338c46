"""Tests of what properties are shown, on a real world."""

from harness.fair_weather import dry_run
from harness.trial import Trial
from reference_impl.zoo.compares_remote_clocks import ENTRY, LEASES


def test_a_commit_that_is_no_change_still_tells_who_sent_it_and_when() -> None:
    world = dry_run(Trial([ENTRY.fixed], ENTRY.manifests, **ENTRY.trial_options)).example.world
    view = world.judge.view
    renewals = view.committed(LEASES, "Lease")
    assert all(change.ref.kind != "Lease" for change in view.changes())
    senders = [view.sender(event.revision) for event in renewals]
    assert {sender[0] for sender in senders if sender is not None} == {"publisher"}
    times_s = [sender[1] for sender in senders if sender is not None]
    assert len(times_s) == len(renewals) > 2
    assert times_s == sorted(times_s)
    assert times_s[-1] > times_s[0]


def test_what_was_set_up_has_no_sender() -> None:
    world = dry_run(Trial([ENTRY.fixed], ENTRY.manifests, **ENTRY.trial_options)).example.world
    definition = world.judge.view.committed("apiextensions.k8s.io/v1", "CustomResourceDefinition")[0]
    assert world.judge.view.sender(definition.revision) is None
    assert world.judge.view.sender(10**9) is None

"""Tests of what fair weather teaches about a trial."""

from harness.fair_weather import dry_run
from harness.trial import Trial
from reference_impl.zoo.effect_before_finalizer import ENTRY
from reference_impl.zoo.manifests import API


def test_it_tells_who_puts_finalizers_on_what_and_that_a_foreground_deletion_is_none() -> None:
    workload = [
        {"do": "delete", "api_version": API, "kind": "Bucket", "name": "logs", "propagation": "Foreground"},
    ]
    trial = Trial([ENTRY.fixed], ENTRY.manifests, workload=workload)
    facts = dry_run(trial).plan.trial.facts
    finalized = {component.name: component.kinds_finalized for component in facts.components}
    assert finalized.pop("buckets") == ((API, "Bucket"),)
    assert not any(finalized.values())

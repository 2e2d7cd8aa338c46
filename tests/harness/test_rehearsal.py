from harness.rehearsal import Cast, Rehearsal, target_of
from harness.trial import Trial
from tests.harness.samples import CRD, SETTINGS, SITE, website


def rehearsal() -> Rehearsal:
    return Rehearsal(Cast(Trial([website], [SETTINGS, SITE, CRD])))


def test_custom_objects_come_before_supporting_ones() -> None:
    cast = Cast(Trial([website], [SETTINGS, SITE, CRD]))
    assert cast.objects == [SITE, SETTINGS]
    assert cast.weights == [8, 1]


def test_what_a_server_refuses_is_refused() -> None:
    assert not rehearsal().accepts({"do": "patch", **target_of(SITE), "body": {"spec": {"size": 99}}})
    assert not rehearsal().accepts({"do": "create", "object": SITE})


def test_a_write_that_changes_nothing_is_refused() -> None:
    assert not rehearsal().accepts({"do": "patch", **target_of(SITE), "body": {"spec": {"size": 2}}})
    assert rehearsal().accepts({"do": "patch", **target_of(SITE), "body": {"spec": {"size": 3}}})


def test_rehearsals_do_not_see_each_other() -> None:
    cast = Cast(Trial([website], [SETTINGS, SITE, CRD]))
    first = Rehearsal(cast)
    assert first.accepts({"do": "delete", **target_of(SITE)})
    assert not first.alive(SITE)
    assert Rehearsal(cast).alive(SITE)


def test_a_deletion_is_not_held_up_by_finalizers() -> None:
    held = {**SITE, "metadata": {**SITE["metadata"], "finalizers": ["example.com/held"]}}
    acted = Rehearsal(Cast(Trial([website], [held, CRD])))
    assert acted.accepts({"do": "delete", **target_of(held)})
    assert acted.accepts({"do": "create", "object": held})


def test_scaling_goes_up_by_two_and_down_by_one_within_reason() -> None:
    cast = Cast(Trial([website], [SITE, CRD]))
    acted = Rehearsal(cast)
    assert cast.scale(acted, SITE, up=True) == [{"do": "scale", **target_of(SITE), "replicas": 3}]
    assert cast.scale(acted, SITE, up=False) == [{"do": "scale", **target_of(SITE), "replicas": 0}]
    assert acted.accepts({"do": "scale", **target_of(SITE), "replicas": 0})
    assert cast.scale(acted, SITE, up=False) == []

"""Tests of the claim that nobody creates a child too many, as far as he could know."""

from typing import Any

from properties.creates_stay_within_what_the_writer_could_know import CreatesStayWithinWhatTheWriterCouldKnow
from reference_impl.protocol import ApiRequest, JsonObject
from tests.properties.fake_view import FactsFake, FakeView, TrialFake, make

PROPERTY = CreatesStayWithinWhatTheWriterCouldKnow()


class RuledFacts(FactsFake):
    child_rules = (("example.com/v1", "Website", "v1", "Secret", "size"),)


def a_world(replicas: int = 1) -> tuple[FakeView, JsonObject]:
    view = FakeView()
    view.starts("replicaset", under_test=False)
    owner = view.create(make("ReplicaSet", "web", api_version="apps/v1", spec={"replicas": replicas}))
    view.sees("replicaset", owner)
    return view, owner


def send_create(view: FakeView, owner: JsonObject, kind: str = "Pod", **more: Any) -> None:
    body = make(kind, "next", owner=owner)
    request = ApiRequest(verb="create", api_version="v1", kind=kind, namespace="default", body=body)
    view.sends("replicaset", request, **more)


def test_a_users_commit_proves_nothing() -> None:
    view, _ = a_world()
    assert PROPERTY.judge(view).verdict == "unknown"


def test_other_children_and_owners_nobody_saw_hold() -> None:
    view, owner = a_world()
    send_create(view, owner, kind="Secret")
    assert PROPERTY.judge(view).verdict == "holds"
    view.create(make("Pod", "web-1", owner=owner))
    view.restarts("replicaset")
    send_create(view, owner)
    assert PROPERTY.judge(view).verdict == "holds"


def test_a_create_for_which_there_is_room_holds() -> None:
    view, owner = a_world()
    view.create(make("Pod", "done", owner=owner, status={"phase": "Failed"}))
    view.mark_deleting(view.create(make("Pod", "leaving", owner=owner)))
    send_create(view, owner)
    assert PROPERTY.judge(view).verdict == "holds"


def test_one_too_many_beside_a_child_it_knew_is_a_violation() -> None:
    view, owner = a_world()
    view.sees("replicaset", view.create(make("Pod", "web-1", owner=owner), by="user"))
    send_create(view, owner)
    judgement = PROPERTY.judge(view)
    assert judgement.verdict == "violated"
    assert judgement.key == "Pod replicaset"


def test_a_child_that_has_ended_does_not_count_even_if_a_late_status_revives_it() -> None:
    view, owner = a_world()
    pod = view.create(make("Pod", "web-1", owner=owner, status={"phase": "Running"}), by="user")
    view.sees("replicaset", pod)
    view.sees("replicaset", view.update(pod, status={"phase": "Succeeded"}))
    view.update(pod, status={"phase": "Running"})
    send_create(view, owner)
    assert PROPERTY.judge(view).verdict == "holds"


def test_what_this_life_created_counts_unseen_and_what_others_created_does_not() -> None:
    view, owner = a_world()
    view.create(make("Pod", "web-1", owner=owner), by="replicaset")
    send_create(view, owner)
    assert PROPERTY.judge(view).verdict == "violated"
    view.restarts("replicaset")
    view.sees("replicaset", owner)
    send_create(view, owner)
    assert PROPERTY.judge(view).verdict == "holds"


def test_a_create_that_commits_after_it_was_given_up_counts_once_it_is_seen() -> None:
    view, owner = a_world()
    request = ApiRequest(verb="create", api_version="v1", kind="Pod", namespace="default")
    given_up = view.sends("replicaset", request, reconcile=view.step)
    next_pass = view.step
    pod = view.create(make("Pod", "web-1", owner=owner), by="replicaset", sent=given_up, late=True)
    send_create(view, owner, reconcile=next_pass)
    assert PROPERTY.judge(view).verdict == "holds"
    view.sees("replicaset", pod)
    send_create(view, owner, reconcile=view.step)
    assert PROPERTY.judge(view).verdict == "violated", "it had seen it"


def test_a_create_under_a_fixed_name_that_lives_is_refused_and_makes_none_too_many() -> None:
    view, owner = a_world()
    pod = view.create(make("Pod", "web-1", owner=owner), by="replicaset")
    view.sees("replicaset", pod)
    for name, verdict in (("web-1", "holds"), ("web-2", "violated")):
        body = make("Pod", name, owner=owner)
        request = ApiRequest(verb="create", api_version="v1", kind="Pod", namespace="default", name=name, body=body)
        view.sends("replicaset", request, reconcile=view.step)
        assert PROPERTY.judge(view).verdict == verdict


def test_a_create_whose_answer_was_lost_counts_at_once() -> None:
    view, owner = a_world()
    request = ApiRequest(verb="create", api_version="v1", kind="Pod", namespace="default")
    answer_lost = view.sends("replicaset", request, reconcile=view.step)
    view.create(make("Pod", "web-1", owner=owner), by="replicaset", sent=answer_lost)
    send_create(view, owner, reconcile=view.step)
    assert PROPERTY.judge(view).verdict == "violated"


def test_a_larger_number_asked_for_since_the_first_look_excuses() -> None:
    view, owner = a_world(replicas=3)
    view.sees("replicaset", view.create(make("Pod", "web-1", owner=owner), by="replicaset"))
    owner = view.update(owner, spec={"replicas": 1})
    send_create(view, owner)
    assert PROPERTY.judge(view).verdict == "holds"


def test_custom_kinds_are_judged_by_what_fair_weather_taught() -> None:
    view = FakeView(trial=TrialFake(RuledFacts()))
    view.starts("replicaset")
    owner = view.create(make("Website", "front", api_version="example.com/v1", spec={"size": 1}))
    view.sees("replicaset", owner)
    view.create(make("Secret", "one", owner=owner), by="replicaset")
    send_create(view, owner, kind="Secret")
    assert PROPERTY.judge(view).verdict == "violated"


def test_a_late_create_of_a_dead_life_is_only_told() -> None:
    view, owner = a_world()
    send_create(view, owner)
    late = view.request
    view.restarts("replicaset")
    view.create(make("Pod", "web-1", owner=owner), by="replicaset")
    assert PROPERTY.judge(view).verdict == "unknown"
    view.create(make("Pod", "web-2", owner=owner), by="replicaset", sent=late)
    assert PROPERTY.judge(view).verdict == "warned"

from typing import Any

import pytest
import trio

from harness.user import perform
from reference_impl.errors import ConnectionLost, Invalid, NotFound, ServiceUnavailable, Timeout
from reference_impl.objects import owner_reference
from reference_impl.protocol import ApiRequest
from tests.harness.samples import CRD, SETTINGS, SITE, Desk

TARGET = {"api_version": "example.com/v1", "kind": "Website", "name": "front", "namespace": "default"}


def do(desk: Desk, action: dict[str, Any]) -> bool:
    return trio.run(perform, action, desk.client)


def test_each_verb_has_its_effect() -> None:
    desk = Desk(CRD)
    assert do(desk, {"do": "create", "object": SITE})
    assert do(desk, {"do": "patch", **TARGET, "body": {"spec": {"size": 3}}})
    assert do(desk, {"do": "scale", **TARGET, "replicas": 4})
    assert do(desk, {"do": "label", **TARGET, "labels": {"a": "b"}})
    site = desk.get(SITE)
    assert (site["spec"]["size"], site["spec"]["replicas"], site["metadata"]["labels"]) == (3, 4, {"a": "b"})
    assert do(desk, {"do": "apply", "object": {**SITE, "spec": {"size": 1}}})
    assert desk.get(SITE)["spec"]["size"] == 1
    assert do(desk, {"do": "delete", **TARGET})
    with pytest.raises(NotFound):
        desk.get(SITE)
    assert do(desk, {"do": "apply", "object": SITE})


@pytest.mark.parametrize(
    "action",
    [
        {"do": "patch", **TARGET, "body": {}},
        {"do": "scale", **TARGET, "replicas": 1},
        {"do": "delete", **TARGET},
        {"do": "delete_owned", "owner": TARGET, "api_version": "v1", "kind": "ConfigMap", "namespace": "default"},
        {"do": "delete_namespace", "name": "gone"},
        {"do": "create", "object": SETTINGS},
    ],
)
def test_an_action_without_its_object_does_nothing(action: dict[str, Any]) -> None:
    assert not do(Desk(CRD, SETTINGS), action)


def test_a_create_in_a_terminating_namespace_does_nothing() -> None:
    desk = Desk({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    assert do(desk, {"do": "delete_namespace", "name": "shop"})
    homeless = {**SETTINGS, "metadata": {"name": "x", "namespace": "shop"}}
    assert not do(desk, {"do": "create", "object": homeless})


def test_what_is_refused_for_good_is_raised() -> None:
    with pytest.raises(Invalid):
        do(Desk(CRD, SITE), {"do": "patch", **TARGET, "body": {"spec": {"size": 99}}})


def test_a_busy_server_is_asked_again() -> None:
    desk = Desk(CRD, SITE)
    desk.transport.failures = [(ServiceUnavailable(), False), (Timeout(), True)]
    assert do(desk, {"do": "label", **TARGET, "labels": {"a": "b"}})
    assert (len(desk.transport.requests), desk.clock.now_s) == (3, 2.0)


def test_a_delete_whose_answer_was_lost_counts_as_done() -> None:
    desk = Desk(CRD, SITE)
    desk.transport.failures = [(ConnectionLost(), True)]
    assert do(desk, {"do": "delete", **TARGET})


def test_a_create_whose_answer_was_lost_counts_as_done() -> None:
    desk = Desk(CRD)
    desk.transport.failures = [(ConnectionLost(), True)]
    assert do(desk, {"do": "create", "object": SITE})


def test_a_new_object_waits_for_the_old_one_to_go() -> None:
    held = {**SITE, "metadata": {**SITE["metadata"], "finalizers": ["example.com/held"]}}
    desk = Desk(CRD, held)
    old = desk.get(SITE)["metadata"]["uid"]
    assert do(desk, {"do": "delete", **TARGET})

    def let_go() -> None:
        if desk.clock.now_s == 3.0:
            desk.server.handle(
                ApiRequest(
                    verb="patch",
                    api_version="example.com/v1",
                    kind="Website",
                    name="front",
                    namespace="default",
                    body={"metadata": {"finalizers": None}},
                    patch_type="merge",
                )
            )

    desk.clock.on_sleep = let_go
    assert do(desk, {"do": "create", "object": SITE})
    assert desk.get(SITE)["metadata"]["uid"] != old


def test_patience_with_a_terminating_object_ends() -> None:
    desk = Desk(CRD, {**SITE, "metadata": {**SITE["metadata"], "finalizers": ["example.com/held"]}})
    do(desk, {"do": "delete", **TARGET})
    assert not do(desk, {"do": "create", "object": SITE})


def test_owned_objects_are_chosen_by_role_oldest_first() -> None:
    desk = Desk(CRD, SITE)
    owner = owner_reference(desk.get(SITE))
    for name in ("b", "a", "stranger"):
        metadata = {"name": name, "namespace": "default"}
        if name != "stranger":
            metadata["ownerReferences"] = [owner]
        trio.run(desk.client.create, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    action = {"do": "delete_owned", "owner": TARGET, "api_version": "v1", "kind": "ConfigMap", "namespace": "default"}
    assert do(desk, {**action, "index": 1})
    assert not do(desk, {**action, "index": 1})
    left = trio.run(desk.client.list, "v1", "ConfigMap", "default")
    assert [obj["metadata"]["name"] for obj in left] == ["a", "stranger"]


@pytest.mark.parametrize(
    ("until", "reached"),
    [("exists", True), ("deleted", False), ({"path": "spec.size", "equals": 2}, True),
     ({"path": "status.phase", "equals": "Ready"}, False)],
)  # fmt: skip
def test_waiting_ends_when_it_is_so_or_the_time_is_up(until: Any, reached: bool) -> None:
    desk = Desk(CRD, SITE)
    assert do(desk, {"do": "wait", **TARGET, "until": until, "timeout_s": 5}) is reached
    assert desk.clock.now_s == (0.0 if reached else 5.0)

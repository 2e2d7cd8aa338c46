"""The outside-system model: idempotency keys, assigned ids, and answers that nobody shares."""

from typing import Any

import pytest

from reference_impl.errors import BadRequest, NotFound
from reference_impl.external import ExternalSystem
from reference_impl.protocol import ExternalCall, JsonObject


def call(
    system: ExternalSystem, verb: str, key: str | None = None, body: dict[str, Any] | None = None
) -> JsonObject | None:
    return system.handle(ExternalCall(system=system.name, verb=verb, key=key, body=body))


@pytest.fixture
def cloud() -> ExternalSystem:
    return ExternalSystem("cloud")


def test_create_without_key_assigns_a_new_id_each_time(cloud: ExternalSystem) -> None:
    assert call(cloud, "create", body={"size": 1}) == {"size": 1, "id": "ext-1"}
    assert call(cloud, "create", body={"size": 1}) == {"size": 1, "id": "ext-2"}


def test_an_assigned_id_is_not_used_again_after_a_delete(cloud: ExternalSystem) -> None:
    call(cloud, "create")
    call(cloud, "delete", "ext-1")
    assert call(cloud, "create") == {"id": "ext-2"}


def test_an_assigned_id_avoids_a_key_that_looks_the_same(cloud: ExternalSystem) -> None:
    call(cloud, "create", "ext-1", {"mine": True})
    assert call(cloud, "create") == {"id": "ext-2"}


def test_second_create_with_the_same_key_returns_the_first(cloud: ExternalSystem) -> None:
    first = call(cloud, "create", "uid-a", {"owner": "uid-a", "size": 1})
    assert first == {"owner": "uid-a", "size": 1, "id": "uid-a"}
    assert call(cloud, "create", "uid-a", {"owner": "uid-a", "size": 9}) == first
    assert cloud.version == 1


def test_create_with_a_key_after_its_delete_makes_a_new_item(cloud: ExternalSystem) -> None:
    call(cloud, "create", "k", {"size": 1})
    call(cloud, "delete", "k")
    assert call(cloud, "create", "k", {"size": 2}) == {"size": 2, "id": "k"}


def test_get_and_delete_of_what_is_not_there_return_none(cloud: ExternalSystem) -> None:
    assert call(cloud, "get", "missing") is None
    assert call(cloud, "delete", "missing") is None
    assert cloud.version == 0


def test_delete_returns_the_item_and_removes_it(cloud: ExternalSystem) -> None:
    call(cloud, "create", "k", {"size": 1})
    assert call(cloud, "delete", "k") == {"size": 1, "id": "k"}
    assert call(cloud, "get", "k") is None


def test_list_is_in_id_order(cloud: ExternalSystem) -> None:
    for key in ("c", "a", "b"):
        call(cloud, "create", key)
    assert call(cloud, "list") == {"items": [{"id": "a"}, {"id": "b"}, {"id": "c"}]}


def test_update_replaces_the_content_but_keeps_id_and_owner(cloud: ExternalSystem) -> None:
    call(cloud, "create", "k", {"owner": "uid-a", "size": 1, "old": True})
    assert call(cloud, "update", "k", {"size": 2, "id": "forged"}) == {"owner": "uid-a", "size": 2, "id": "k"}
    assert call(cloud, "get", "k") == {"owner": "uid-a", "size": 2, "id": "k"}


def test_update_of_what_is_not_there_is_refused(cloud: ExternalSystem) -> None:
    with pytest.raises(NotFound, match="no item 'k' to update"):
        call(cloud, "update", "k", {})


def test_update_that_changes_nothing_has_no_effect(cloud: ExternalSystem) -> None:
    call(cloud, "create", "k", {"owner": "u", "size": 1})
    call(cloud, "update", "k", {"size": 1})
    assert cloud.version == 1


@pytest.mark.parametrize("verb", ["get", "update", "delete"])
def test_a_verb_that_names_an_item_needs_a_key(cloud: ExternalSystem, verb: str) -> None:
    with pytest.raises(BadRequest, match="without a key"):
        call(cloud, verb)


def test_an_unknown_verb_is_refused(cloud: ExternalSystem) -> None:
    with pytest.raises(BadRequest, match="no verb 'watch'"):
        call(cloud, "watch")


def test_no_caller_shares_state_with_the_system(cloud: ExternalSystem) -> None:
    body: dict[str, Any] = {"ports": [80]}
    created = call(cloud, "create", "k", body)
    assert created is not None
    body["ports"].append(1)
    created["ports"].append(2)
    cloud.snapshot()["items"][0]["ports"].append(3)
    assert call(cloud, "get", "k") == {"ports": [80], "id": "k"}

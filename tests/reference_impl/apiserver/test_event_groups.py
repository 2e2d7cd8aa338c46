"""Events of both groups are the same objects, each under its own field names."""

import pytest

from reference_impl.errors import BadRequest, NotImplementedByServer

NEWER = "events.k8s.io/v1"


def newer(name="e"):
    return {
        "apiVersion": NEWER,
        "kind": "Event",
        "metadata": {"name": name, "namespace": "default"},
        "regarding": {"kind": "Pod", "name": "p", "namespace": "default"},
        "note": "it happened",
        "reason": "Happened",
        "type": "Normal",
        "reportingController": "me",
        "deprecatedCount": 1,
    }


def test_what_is_written_in_one_group_is_read_in_the_other(cluster):
    made = cluster.create(newer())
    assert (made["apiVersion"], made["note"]) == (NEWER, "it happened")
    core = cluster.get("Event", "e")
    assert (core["apiVersion"], core["message"], core["involvedObject"]["name"]) == ("v1", "it happened", "p")
    assert (core["reportingComponent"], core["count"]) == ("me", 1)
    assert cluster.get("Event", "e", api_version=NEWER)["regarding"]["name"] == "p"
    assert [each["note"] for each in cluster.do("list", "Event", api_version=NEWER)["items"]] == ["it happened"]
    cluster.delete("Event", "e", api_version=NEWER)
    assert not cluster.exists("Event", "e")


def test_patches_speak_of_the_fields_of_their_group(cluster):
    cluster.create(newer())
    patched = cluster.patch("Event", "e", {"note": "again", "deprecatedCount": 2}, api_version=NEWER)
    assert (patched["note"], patched["deprecatedCount"]) == ("again", 2)
    assert cluster.get("Event", "e")["message"] == "again"
    assert cluster.patch("Event", "e", {"count": 3})["count"] == 3
    with pytest.raises(NotImplementedByServer, match=r"events\.k8s\.io"):
        cluster.patch("Event", "e", {}, patch_type="apply", api_version=NEWER)


def test_selectors_and_watches_speak_them_too(cluster):
    seen = []
    request = cluster.request("watch", "Event", api_version=NEWER, fields="regarding.name=p")
    cluster.server.open_watch(request, seen.append)
    cluster.create(newer())
    other = newer("other")
    other["regarding"]["name"] = "q"
    cluster.create(other)
    assert [(event.type, event.object["apiVersion"], event.object["note"]) for event in seen] == [
        ("ADDED", NEWER, "it happened")
    ]


def test_a_body_of_the_other_group_is_refused(cluster):
    with pytest.raises(BadRequest, match="does not match"):
        cluster.do("create", "Event", body={**newer(), "apiVersion": "v1"}, api_version=NEWER)

import pytest

from reference_impl.errors import Gone, Invalid, TooLargeResourceVersion


def test_an_unset_revision_shows_the_most_recent_state_then_what_follows(cluster, make):
    cluster.create(make.config_map("a"))
    watched = cluster.watch("ConfigMap")
    cluster.create(make.config_map("b"))
    cluster.delete("ConfigMap", "a")
    assert watched.seen() == ["ADDED a", "ADDED b", "DELETED a"]


def test_the_most_recent_state_is_not_repeated_when_a_lagging_replica_catches_up(cluster, make):
    cluster.create(make.config_map("a"))
    watched = cluster.watch("ConfigMap", server=cluster.replica)
    assert watched.seen() == ["ADDED a"]
    cluster.create(make.config_map("b"))
    cluster.catch_up()
    assert watched.seen() == ["ADDED a", "ADDED b"]


def test_revision_zero_shows_the_replicas_state(cluster, make):
    cluster.create(make.config_map("a"))
    cluster.catch_up()
    cluster.create(make.config_map("b"))
    watched = cluster.watch("ConfigMap", server=cluster.replica, resource_version="0")
    assert watched.seen() == ["ADDED a"]
    cluster.catch_up()
    assert watched.seen() == ["ADDED a", "ADDED b"]


def test_a_named_revision_shows_only_what_follows_it(cluster, make):
    first = cluster.create(make.config_map("a"))["metadata"]["resourceVersion"]
    cluster.create(make.config_map("b"))
    watched = cluster.watch("ConfigMap", resource_version=first)
    cluster.patch("ConfigMap", "a", {"data": {"k": "2"}})
    assert watched.seen() == ["ADDED b", "MODIFIED a"]
    assert [event.revision for event in watched.events] == [int(first) + 1, int(first) + 2]


def test_a_replica_behind_the_named_revision_makes_the_client_wait(cluster, make):
    cluster.create(make.config_map("a"))
    revision = str(cluster.store.revision)
    watched = cluster.watch("ConfigMap", server=cluster.replica, resource_version=revision)
    cluster.create(make.config_map("b"))
    assert watched.seen() == []
    cluster.catch_up()
    assert watched.seen() == ["ADDED b"]


def test_a_watch_of_a_namespace_sees_only_it(cluster, make):
    watched = cluster.watch("ConfigMap", namespace="kube-system")
    cluster.create(make.config_map("a"))
    cluster.create(make.config_map("b", "kube-system"))
    assert watched.seen() == ["ADDED b"]


def test_a_watch_of_a_kind_sees_only_it(cluster, make):
    watched = cluster.watch("Pod")
    cluster.create(make.config_map("a"))
    assert watched.seen() == []


def test_entering_and_leaving_a_selection_is_added_and_deleted(cluster, make):
    watched = cluster.watch("ConfigMap", labels="app=x")
    cluster.create(make.config_map("a"))
    cluster.patch("ConfigMap", "a", {"metadata": {"labels": {"app": "x"}}})
    cluster.patch("ConfigMap", "a", {"data": {"k": "2"}})
    cluster.patch("ConfigMap", "a", {"metadata": {"labels": {"app": "y"}}, "data": {"k": "3"}})
    cluster.delete("ConfigMap", "a")
    assert watched.seen() == ["ADDED a", "MODIFIED a", "DELETED a"]
    left = watched.events[-1].object
    assert left["data"] == {"k": "2"}
    assert left["metadata"]["labels"] == {"app": "x"}
    assert left["metadata"]["resourceVersion"] == str(watched.events[-1].revision)


def test_a_field_selector_selects_a_watch_too(cluster, make):
    watched = cluster.watch("Pod", fields="spec.nodeName=node-1")
    cluster.create(make.pod("p"))
    cluster.bind("p", "node-1")
    assert watched.seen() == ["ADDED p"]


def test_a_deleted_event_carries_the_last_state_and_its_own_revision(cluster, make):
    watched = cluster.watch("ConfigMap")
    cluster.create(make.config_map())
    cluster.delete("ConfigMap", "a")
    last = watched.events[-1]
    assert (last.type, last.object["data"]) == ("DELETED", {"k": "v"})
    assert last.object["metadata"]["resourceVersion"] == str(cluster.store.revision)


def test_a_revision_older_than_the_window_is_gone(cluster, make):
    cluster.create(make.config_map())
    then = cluster.store.revision
    cluster.patch("ConfigMap", "a", {"data": {"k": "2"}})
    cluster.server.forget_before(cluster.store.revision)
    with pytest.raises(Gone) as refused:
        cluster.watch("ConfigMap", resource_version=str(then))
    assert refused.value.message == f"too old resource version: {then} ({then + 1})"
    assert (refused.value.status, refused.value.reason) == (410, "Expired")
    assert cluster.watch("ConfigMap", resource_version=str(then + 1)).seen() == []


def test_a_revision_older_than_the_stores_compaction_is_gone(cluster, make):
    cluster.create(make.config_map())
    then = cluster.store.revision
    cluster.patch("ConfigMap", "a", {"data": {"k": "2"}})
    cluster.store.compact(cluster.store.revision)
    with pytest.raises(Gone):
        cluster.watch("ConfigMap", resource_version=str(then))


def test_a_full_window_forgets_its_oldest_event(make, cluster):
    server = cluster.new_server("small", window=2)
    cluster.store.subscribe(server.apply)
    start = cluster.store.revision
    for name in "abc":
        cluster.create(make.config_map(name))
    with pytest.raises(Gone):
        cluster.watch("ConfigMap", server=server, resource_version=str(start))
    assert cluster.watch("ConfigMap", server=server, resource_version=str(start + 1)).seen() == ["ADDED b", "ADDED c"]


def test_bookmarks_tell_the_caches_revision_to_those_who_asked(cluster, make):
    asked = cluster.watch("ConfigMap", allow_bookmarks=True, resource_version=str(cluster.store.revision))
    silent = cluster.watch("ConfigMap", resource_version=str(cluster.store.revision))
    cluster.create(make.pod())
    cluster.server.bookmarks()
    assert silent.events == []
    bookmark = asked.events[0]
    assert (bookmark.type, bookmark.object["kind"]) == ("BOOKMARK", "ConfigMap")
    assert bookmark.object["metadata"]["resourceVersion"] == str(cluster.store.revision)


def test_a_bookmark_never_goes_below_what_the_client_knows(cluster, make):
    cluster.create(make.config_map())
    ahead = cluster.watch(
        "ConfigMap", server=cluster.replica, allow_bookmarks=True, resource_version=str(cluster.store.revision)
    )
    cluster.replica.bookmarks()
    assert ahead.events == []


def test_initial_events_end_with_an_annotated_bookmark(cluster, make):
    cluster.create(make.config_map())
    watched = cluster.watch(
        "ConfigMap", allow_bookmarks=True, send_initial_events=True, resource_version_match="NotOlderThan"
    )
    cluster.create(make.config_map("b"))
    assert watched.seen() == ["ADDED a", "BOOKMARK", "ADDED b"]
    assert watched.events[1].object["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_initial_events_are_not_older_than_the_named_revision(cluster, make):
    revision = cluster.create(make.config_map())["metadata"]["resourceVersion"]
    options = {"send_initial_events": True, "resource_version_match": "NotOlderThan", "server": cluster.replica}
    assert cluster.watch("ConfigMap", resource_version=revision, **options).seen() == ["ADDED a"]
    with pytest.raises(TooLargeResourceVersion):
        cluster.watch("ConfigMap", resource_version="999", **options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"send_initial_events": True}, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"),
        (
            {"resource_version_match": "NotOlderThan"},
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        ),
    ],
)
def test_streaming_lists_need_both_options(cluster, options, words):
    with pytest.raises(Invalid) as refused:
        cluster.watch("ConfigMap", **options)
    assert words in refused.value.message


def test_a_closed_stream_is_silent_and_does_not_hear_of_its_own_closing(cluster, make):
    watched, closed = cluster.watch("ConfigMap"), []
    watched.stream.on_closed = lambda: closed.append(1)
    watched.stream.close()
    watched.stream.close()
    cluster.create(make.config_map())
    assert (watched.events, closed) == ([], [])
    assert cluster.server.streams() == []


def test_a_restart_ends_all_streams_and_starts_cold(cluster, make):
    cluster.create(make.config_map("a"))
    then = str(cluster.store.revision)
    cluster.create(make.config_map("b"))
    watched, closed = cluster.watch("ConfigMap"), []
    watched.stream.on_closed = lambda: closed.append(1)
    cluster.server.restart()
    assert (closed, cluster.server.streams()) == ([1], [])
    with pytest.raises(Gone):
        cluster.watch("ConfigMap", resource_version=then)
    assert cluster.watch("ConfigMap", resource_version="0").seen() == ["ADDED a", "ADDED b"]


def test_a_restarted_replica_ignores_events_that_its_new_cache_already_has(cluster, make):
    cluster.create(make.config_map("a"))
    cluster.replica.restart()
    watched = cluster.watch("ConfigMap", server=cluster.replica, resource_version=str(cluster.store.revision))
    cluster.delete("ConfigMap", "a")
    cluster.catch_up()
    assert watched.seen() == ["DELETED a"]


def test_events_that_a_rebuild_has_overtaken_do_not_take_the_cache_back(cluster, make):
    cluster.create(make.config_map("a"))
    cluster.patch("ConfigMap", "a", {"data": {"k": "2"}})
    cluster.replica.restart()
    cluster.replica.apply(cluster.unfed[0])
    assert cluster.get("ConfigMap", "a", server=cluster.replica, resource_version="0")["data"] == {"k": "2"}
    assert cluster.replica.cache_revision == cluster.store.revision


def test_a_sink_may_close_its_stream_while_it_is_told(cluster, make):
    events = []
    stream = cluster.server.open_watch(
        cluster.request("watch", "ConfigMap"), lambda event: (events.append(event), stream.close())
    )
    cluster.create(make.config_map("a"))
    cluster.create(make.config_map("b"))
    assert len(events) == 1

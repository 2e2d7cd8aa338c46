import pytest

from reference_impl.errors import BadRequest, Gone, Invalid, TooLargeResourceVersion


def names(listed):
    return [each["metadata"]["name"] for each in listed["items"]]


@pytest.fixture
def five(cluster, make):
    for name in "abcde":
        cluster.create(make.config_map(name, labels={"half": "first" if name < "c" else "second"}))
    return cluster


def test_a_list_is_of_its_kind_and_at_the_stores_revision(five):
    listed = five.do("list", "ConfigMap")
    assert (listed["kind"], listed["apiVersion"], names(listed)) == ("ConfigMapList", "v1", list("abcde"))
    assert listed["metadata"] == {"resourceVersion": str(five.store.revision)}


def test_a_list_without_namespace_spans_all(five, make):
    five.create(make.config_map("z", "kube-system"))
    assert names(five.do("list", "ConfigMap", namespace=None)) == [*"abcde", "z"]
    assert names(five.do("list", "ConfigMap", namespace="kube-system")) == ["z"]


def test_selectors_narrow_a_list(five):
    assert names(five.do("list", "ConfigMap", labels="half=first")) == ["a", "b"]
    assert names(five.do("list", "ConfigMap", fields="metadata.name=d")) == ["d"]
    assert names(five.do("list", "ConfigMap", labels="half=first", fields="metadata.name!=a")) == ["b"]


def test_revision_zero_lists_the_replicas_cache_at_its_revision_in_key_order(five, make):
    five.catch_up()
    known = five.store.revision
    five.create(make.config_map("f"))
    listed = five.do("list", "ConfigMap", server=five.replica, resource_version="0")
    assert (names(listed), listed["metadata"]["resourceVersion"]) == (list("abcde"), str(known))


def test_an_unset_revision_lists_the_store_though_the_replica_lags(five):
    assert names(five.do("list", "ConfigMap", server=five.replica)) == list("abcde")


def test_a_named_revision_means_not_older_than(five):
    listed = five.do("list", "ConfigMap", resource_version="2")
    assert names(listed) == list("abcde")
    with pytest.raises(TooLargeResourceVersion):
        five.do("list", "ConfigMap", server=five.replica, resource_version=str(five.store.revision))


def test_an_exact_revision_shows_the_past(five):
    then = five.store.revision
    five.delete("ConfigMap", "a")
    listed = five.do("list", "ConfigMap", resource_version=str(then), resource_version_match="Exact")
    assert (names(listed), listed["metadata"]["resourceVersion"]) == (list("abcde"), str(then))


def test_an_exact_revision_that_is_compacted_is_gone(five):
    then = five.store.revision
    five.delete("ConfigMap", "a")
    five.store.compact(five.store.revision)
    with pytest.raises(Gone, match=r"The resourceVersion for the provided list is too old."):
        five.do("list", "ConfigMap", resource_version=str(then), resource_version_match="Exact")


def test_an_exact_revision_in_the_future_is_too_large(five):
    with pytest.raises(TooLargeResourceVersion):
        five.do("list", "ConfigMap", resource_version="999", resource_version_match="Exact")


def test_a_limit_with_a_revision_and_no_match_means_exact(five):
    then = five.store.revision
    five.delete("ConfigMap", "a")
    assert names(five.do("list", "ConfigMap", resource_version=str(then), limit=2)) == ["a", "b"]


def test_not_older_than_with_a_limit_is_served_from_the_store(five):
    then = five.store.revision
    five.delete("ConfigMap", "a")
    options = {"resource_version": str(then), "resource_version_match": "NotOlderThan", "limit": 2}
    assert names(five.do("list", "ConfigMap", **options)) == ["b", "c"]


def test_pages_show_one_revision_whatever_happens_between(five):
    first = five.do("list", "ConfigMap", limit=2)
    assert first["metadata"]["remainingItemCount"] == 3
    five.delete("ConfigMap", "d")
    second = five.do("list", "ConfigMap", limit=2, continue_token=first["metadata"]["continue"])
    third = five.do("list", "ConfigMap", limit=2, continue_token=second["metadata"]["continue"])
    assert names(first) + names(second) + names(third) == list("abcde")
    assert {page["metadata"]["resourceVersion"] for page in (first, second, third)} == {
        first["metadata"]["resourceVersion"]
    }
    assert "continue" not in third["metadata"]


def test_pages_of_a_selection_are_full_and_do_not_say_how_many_remain(five):
    first = five.do("list", "ConfigMap", limit=2, labels="half=second")
    assert names(first) == ["c", "d"]
    assert "remainingItemCount" not in first["metadata"]
    second = five.do("list", "ConfigMap", limit=2, labels="half=second", continue_token=first["metadata"]["continue"])
    assert names(second) == ["e"]
    assert "continue" not in second["metadata"]


def test_an_expired_token_is_gone_and_offers_an_inconsistent_rest(five):
    first = five.do("list", "ConfigMap", limit=2)
    five.delete("ConfigMap", "d")
    five.store.compact(five.store.revision)
    with pytest.raises(Gone, match="The provided continue parameter is too old") as refused:
        five.do("list", "ConfigMap", limit=2, continue_token=first["metadata"]["continue"])
    assert refused.value.reason == "Expired"
    rest = five.do("list", "ConfigMap", continue_token=refused.value.to_status()["metadata"]["continue"])
    assert names(rest) == ["c", "e"]


def test_a_broken_token_is_a_bad_request(five):
    with pytest.raises(BadRequest, match="continue key is not valid"):
        five.do("list", "ConfigMap", limit=2, continue_token="nonsense")


def test_a_token_and_a_revision_together_are_a_bad_request(five):
    token = five.do("list", "ConfigMap", limit=2)["metadata"]["continue"]
    with pytest.raises(BadRequest, match="not allowed when using continue"):
        five.do("list", "ConfigMap", limit=2, continue_token=token, resource_version="5")


def test_the_watch_cache_ignores_a_limit(five):
    listed = five.do("list", "ConfigMap", resource_version="0", limit=2)
    assert names(listed) == list("abcde")
    assert "continue" not in listed["metadata"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"resource_version_match": "Exact"}, "resourceVersionMatch is forbidden unless resourceVersion is provided"),
        (
            {"resource_version": "0", "resource_version_match": "Exact"},
            'resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
        ),
        ({"resource_version": "5", "resource_version_match": "Odd"}, 'Unsupported value: "Odd"'),
        ({"send_initial_events": True}, "sendInitialEvents is forbidden for list"),
    ],
)
def test_options_that_make_no_sense_are_invalid(cluster, options, words):
    with pytest.raises(Invalid) as refused:
        cluster.do("list", "ConfigMap", **options)
    assert words in refused.value.message
    assert refused.value.message.startswith('ListOptions.meta.k8s.io "" is invalid: ')


def test_a_bad_selector_is_a_bad_request(cluster):
    with pytest.raises(BadRequest):
        cluster.do("list", "ConfigMap", labels="a in (")
    with pytest.raises(BadRequest):
        cluster.do("list", "ConfigMap", fields="data.k=v")

import pytest
import trio
from trio.testing import trio_test

from reference_impl.runtime import InformerFactory
from tests.reference_impl.runtime.fakes import World


def factory() -> InformerFactory:
    return World().client.informers


def test_one_collection_has_one_informer() -> None:
    informers = factory()
    assert informers.informer_for("v1", "Pod") is informers.informer_for("v1", "Pod")
    assert informers.informer_for("v1", "Pod", "shop") is not informers.informer_for("v1", "Pod")


def test_informers_are_listed_in_the_order_in_which_they_were_made() -> None:
    informers = factory()
    made = [informers.informer_for("v1", kind) for kind in ("Pod", "Node", "ConfigMap")]
    assert informers.all() == made


def test_no_cache_answers_before_the_process_runs() -> None:
    informers = factory()
    informers.informer_for("v1", "Pod")
    assert informers.covering("v1", "Pod", None) is None


@pytest.mark.parametrize(
    ("restriction", "asked", "covered"),
    [
        ({}, {"namespace": None}, True),
        ({}, {"namespace": "shop", "labels": "a=b", "fields": "x=y"}, True),
        ({"namespace": "shop"}, {"namespace": "shop"}, True),
        ({"namespace": "shop"}, {"namespace": "default"}, False),
        ({"namespace": "shop"}, {"namespace": None}, False),
        ({"labels": "a=b"}, {"namespace": "shop"}, False),
        ({"labels": "a=b"}, {"namespace": "shop", "labels": "a=b"}, True),
        ({"fields": "x=y"}, {"namespace": None}, False),
        ({"fields": "x=y"}, {"namespace": None, "labels": "a=b", "fields": "x=y"}, True),
    ],
)
def test_a_cache_answers_only_for_collections_of_which_it_leaves_nothing_out(
    restriction: dict[str, str], asked: dict[str, str], covered: bool
) -> None:
    async def main() -> None:
        informers = factory()
        informer = informers.informer_for("v1", "Pod", **restriction)
        async with trio.open_nursery() as nursery:
            informers.start(nursery)
            assert informers.covering("v1", "Pod", **asked) is (informer if covered else None)  # type: ignore[arg-type]
            nursery.cancel_scope.cancel()

    trio.run(main)


@trio_test
async def test_other_kinds_and_versions_are_not_covered() -> None:
    informers = factory()
    informers.informer_for("apps/v1", "Deployment")
    async with trio.open_nursery() as nursery:
        informers.start(nursery)
        assert informers.covering("apps/v1beta1", "Deployment", None) is None
        nursery.cancel_scope.cancel()

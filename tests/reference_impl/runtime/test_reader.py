import pytest
import trio
from trio.testing import trio_test

from reference_impl.errors import BadRequest, NotFound
from reference_impl.protocol import JsonObject
from reference_impl.runtime.informer import Informer
from reference_impl.runtime.reader import CachedReader, parse_field_paths
from tests.reference_impl.runtime.fakes import World, pod


def reading(*objects: JsonObject, api_version: str = "v1", kind: str = "Pod") -> tuple[CachedReader, Informer]:
    world = World()
    informer = Informer(world.environment, api_version, kind)
    for number, obj in enumerate(objects):
        obj["metadata"]["resourceVersion"] = str(number + 1)
    informer.replace(objects, len(objects))
    return CachedReader(world.environment, world.client.informers), informer


def names(found: list[JsonObject]) -> list[str]:
    return [obj["metadata"]["name"] for obj in found]


@trio_test
async def test_a_cached_get_of_what_is_not_there_is_worded_as_controller_runtime_words_it() -> None:
    reader, informer = reading(api_version="apps/v1", kind="Deployment")
    with pytest.raises(NotFound, match=r'Deployment\.apps "front" not found'):
        await reader.get(informer, "front", "default")


@trio_test
async def test_a_cached_list_is_narrowed_by_namespace_and_labels() -> None:
    reader, informer = reading(pod("a", tier="web"), pod("b", tier="db"), pod("c", "other", tier="web"))
    assert names(await reader.list(informer, "default", labels=None, fields=None)) == ["a", "b"]
    assert names(await reader.list(informer, None, labels="tier=web", fields=None)) == ["a", "c"]


@trio_test
async def test_a_cached_list_is_narrowed_by_any_field() -> None:
    bound = pod("a")
    bound["spec"]["nodeName"] = "n1"
    reader, informer = reading(bound, pod("b"))
    assert names(await reader.list(informer, None, labels=None, fields="spec.nodeName=n1")) == ["a"]
    assert names(await reader.list(informer, None, labels=None, fields="spec.nodeName=")) == ["b"]


@trio_test
async def test_a_cached_read_waits_for_the_first_list() -> None:
    world = World()
    informer = Informer(world.environment, "v1", "Pod")
    reader = CachedReader(world.environment, world.client.informers)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reader.get, informer, "a", "default")
        await trio.testing.wait_all_tasks_blocked()
        assert len(nursery.child_tasks) == 1
        informer.replace([pod("a")], 1)


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ("metadata.name=a", True),
        ("metadata.name==a", True),
        ("metadata.name!=a", False),
        ("metadata.name=a,spec.on=true", True),
        ("metadata.name=a,spec.count=4", False),
    ],
)
def test_field_selectors_compare_text(selector: str, selected: bool) -> None:
    assert parse_field_paths(selector)({"metadata": {"name": "a"}, "spec": {"on": True, "count": 3}}) is selected


def test_a_field_selector_that_is_none_is_refused() -> None:
    with pytest.raises(BadRequest, match="can't understand"):
        parse_field_paths("metadata.name")

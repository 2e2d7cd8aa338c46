from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from reference_impl.apiserver.registry import KindRegistry
from reference_impl.apiserver.server import ApiServer
from reference_impl.errors import InternalError, NotFound
from reference_impl.protocol import ApiRequest
from reference_impl.store.memory import MemoryStore
from reference_impl.store.port import Key, Store, StoreEvent, StoreFull
from reference_impl.store.sqlite import SqliteStore
from tests.reference_impl.apiserver.conftest import crd, website


def config_map(verb: str, **fields: object) -> ApiRequest:
    return ApiRequest(verb=verb, api_version="v1", kind="ConfigMap", namespace="default", **fields)


def serve(store: Store) -> ApiServer:
    served = ApiServer(store, now=lambda: datetime(2026, 1, 1, tzinfo=UTC), random=Random(1), kinds=KindRegistry())
    store.subscribe(served.apply)
    served.bootstrap()
    return served


@pytest.fixture
def server(tmp_path: Path) -> ApiServer:
    return serve(SqliteStore(tmp_path))


def test_a_store_that_does_not_answer_is_an_internal_error_in_its_own_words(server: ApiServer):
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    server.handle(config_map("create", body=body))
    server.store.close()
    for request in (config_map("create", body=body), config_map("get", name="a"), config_map("list")):
        with pytest.raises(InternalError, match="open it again") as refused:
            server.handle(request)
        assert (refused.value.status, refused.value.definite) == (500, True)


def test_a_watch_that_needs_the_store_is_refused_likewise(server: ApiServer):
    server.store.close()
    with pytest.raises(InternalError, match="open it again"):
        server.open_watch(config_map("watch"), lambda event: None)


class Brittle(MemoryStore):
    """Has room for so many more deletions."""

    left = 1000

    def delete(self, key: Key, *, expected: int | None = None) -> StoreEvent:
        self.left -= 1
        if self.left < 0:
            raise StoreFull("no room")
        return super().delete(key, expected=expected)


@pytest.mark.parametrize("left", range(3))
def test_a_definitions_deletion_that_was_cut_short_is_finished_here_or_by_the_next_server(left: int):
    store = Brittle()
    server = serve(store)
    definition = crd()
    of_definition = {"api_version": definition["apiVersion"], "kind": definition["kind"]}
    of_website = {"api_version": "example.com/v1", "kind": "Website", "namespace": "default"}
    server.handle(ApiRequest(verb="create", body=definition, **of_definition))
    for name in "ab":
        server.handle(ApiRequest(verb="create", body=website(name), **of_website))
    store.left = left
    with pytest.raises(InternalError, match="no room"):
        server.handle(ApiRequest(verb="delete", name=definition["metadata"]["name"], **of_definition))
    store.left = 1000
    resuming = server if left == 0 else serve(store)
    resuming.resume()
    assert store.list("websites.example.com").items == []
    with pytest.raises(NotFound):
        resuming.handle(ApiRequest(verb="get", name=definition["metadata"]["name"], **of_definition))
    with pytest.raises(NotFound):
        resuming.handle(ApiRequest(verb="list", **of_website))

from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from reference_impl.apiserver.registry import KindRegistry
from reference_impl.apiserver.server import ApiServer
from reference_impl.errors import InternalError
from reference_impl.protocol import ApiRequest
from reference_impl.store.sqlite import SqliteStore


def config_map(verb: str, **fields: object) -> ApiRequest:
    return ApiRequest(verb=verb, api_version="v1", kind="ConfigMap", namespace="default", **fields)


@pytest.fixture
def server(tmp_path: Path) -> ApiServer:
    served = ApiServer(
        SqliteStore(tmp_path), now=lambda: datetime(2026, 1, 1, tzinfo=UTC), random=Random(1), kinds=KindRegistry()
    )
    served.bootstrap()
    return served


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

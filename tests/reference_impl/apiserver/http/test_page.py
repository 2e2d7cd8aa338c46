"""The web page holds nothing by itself, and its state is what is there now."""

from reference_impl.apiserver.http.page import STATE, web_page
from reference_impl.plane import LocalPlane
from reference_impl.store.sqlite import SqliteStore

MAPS = "/api/v1/namespaces/default/configmaps"


def with_page(run, test, components=None, **options):
    async def start(site):
        site.front._page = web_page(site.plane.servers, components or {})
        await test(site)

    run(start, **options)


def test_the_page_is_whole_and_asks_nobody_else(run):
    async def test(site):
        reply = await site.ask("GET", "/")
        assert (reply.status, reply.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "connect-src 'self'" in reply.headers["content-security-policy"]
        assert b"http://" not in reply.body
        assert b"https://" not in reply.body
        assert b"innerHTML" not in reply.body
        assert (await site.ask("POST", "/", {})).status == 405
        assert (await site.ask("GET", "/index.html")).status == 404

    with_page(run, test)


def test_the_state_is_what_is_there_now(run, config_map):
    async def test(site):
        await site.ask("POST", MAPS, config_map())
        watching = site.connect()
        await watching.send("GET", f"{MAPS}?watch=1")
        await watching.event()
        found = (await site.ask("GET", STATE)).json
        assert {"kind": "ConfigMap", "path": "/api/v1/configmaps", "count": 1} in found["kinds"]
        assert found["watches"] == [{"resource": "configmaps", "namespace": "default", "count": 1}]
        assert found["components"] == [{"name": "deployment", "state": "running"}]
        for kind in found["kinds"]:
            assert (await site.ask("GET", kind["path"])).status == 200

    with_page(run, test, {"deployment": {"state": "running"}})


def test_the_page_needs_no_token_and_its_state_does(run):
    async def test(site):
        assert (await site.ask("GET", "/")).status == 200
        assert (await site.ask("GET", STATE)).status == 401

    with_page(run, test, token="secret")


def test_a_store_out_of_reach_is_told_instead_of_the_state(run, tmp_path):
    async def test(site):
        store = SqliteStore(tmp_path)
        plane = LocalPlane(site.plane.clock, store=store)
        store.close()
        site.front._page = web_page(plane.servers, {})
        reply = await site.ask("GET", STATE)
        assert (reply.status, "open it again" in reply.json["message"]) == (500, True)
        assert (await site.ask("GET", "/")).status == 200

    run(test)

"""URLs become requests, answers become bytes, errors become Status."""

import pytest

from reference_impl.apiserver.http.messages import Answer, Broken, HttpRequest
from reference_impl.errors import ConnectionLost, ServiceUnavailable

MAPS = "/api/v1/namespaces/default/configmaps"


def test_an_object_lives_its_life_over_http(run, config_map):
    async def test(site):
        client = site.connect()
        made = await client.ask("POST", MAPS, config_map(a="1"))
        assert (made.status, made.json["data"]) == (201, {"a": "1"})
        assert (await client.ask("POST", MAPS, config_map())).json["reason"] == "AlreadyExists"
        read = await client.ask("GET", f"{MAPS}/a")
        assert (read.status, read.json) == (200, made.json)
        stale = await client.ask("PUT", f"{MAPS}/a", {**read.json, "metadata": {"name": "a", "resourceVersion": "1"}})
        assert (stale.status, stale.json["reason"]) == (409, "Conflict")
        assert (await client.ask("PUT", f"{MAPS}/a", {**read.json, "data": {"a": "2"}})).json["data"] == {"a": "2"}
        gone = await client.ask("DELETE", f"{MAPS}/a")
        assert (gone.status, gone.json["status"]) == (200, "Success")
        missing = await client.ask("GET", f"{MAPS}/a")
        assert (missing.status, missing.json["message"]) == (404, 'configmaps "a" not found')

    run(test)


@pytest.mark.parametrize(
    ("media", "body", "expected"),
    [
        ("application/merge-patch+json", {"data": {"a": None, "b": "2"}}, {"b": "2"}),
        ("application/json-patch+json", [{"op": "add", "path": "/data/b", "value": "2"}], {"a": "1", "b": "2"}),
        ("application/strategic-merge-patch+json", {"data": {"b": "2"}}, {"a": "1", "b": "2"}),
    ],
)
def test_each_content_type_of_a_patch_is_its_own_patch(run, config_map, media, body, expected):
    async def test(site):
        await site.ask("POST", MAPS, config_map(a="1"))
        reply = await site.ask("PATCH", f"{MAPS}/a", body, content_type=media)
        assert (reply.status, reply.json["data"]) == (200, expected)

    run(test)


def test_a_patch_of_another_content_type_is_refused_with_415(run, config_map):
    async def test(site):
        await site.ask("POST", MAPS, config_map())
        reply = await site.ask("PATCH", f"{MAPS}/a", {}, content_type="application/json")
        assert (reply.status, reply.json["reason"]) == (415, "UnsupportedMediaType")

    run(test)


def test_a_failed_json_patch_test_is_422(run, config_map):
    async def test(site):
        await site.ask("POST", MAPS, config_map())
        body = [{"op": "test", "path": "/metadata/resourceVersion", "value": "0"}]
        reply = await site.ask("PATCH", f"{MAPS}/a", body, content_type="application/json-patch+json")
        assert reply.status == 422

    run(test)


def test_lists_go_by_pages_and_selectors(run, config_map):
    async def test(site):
        for name in "abc":
            await site.ask("POST", MAPS, config_map(name))
        first = (await site.ask("GET", f"{MAPS}?limit=2")).json
        rest = (await site.ask("GET", f"{MAPS}?limit=2&continue={first['metadata']['continue']}")).json
        assert [each["metadata"]["name"] for each in first["items"] + rest["items"]] == ["a", "b", "c"]
        twice = f"{MAPS}?fieldSelector=metadata.name%3Db&fieldSelector=metadata.name%3Db"
        assert [each["metadata"]["name"] for each in (await site.ask("GET", twice)).json["items"]] == ["b"]

    run(test)


def test_deletecollection_deletes_what_the_selectors_select(run, config_map):
    async def test(site):
        for name in "abc":
            await site.ask("POST", MAPS, config_map(name))
        assert (await site.ask("DELETE", f"{MAPS}?fieldSelector=metadata.name%21%3Da")).status == 200
        assert [each["metadata"]["name"] for each in (await site.ask("GET", MAPS)).json["items"]] == ["a"]

    run(test)


def test_dry_run_changes_nothing(run, config_map):
    async def test(site):
        assert (await site.ask("POST", f"{MAPS}?dryRun=All", config_map())).status == 201
        assert (await site.ask("GET", f"{MAPS}/a")).status == 404
        await site.ask("POST", MAPS, config_map())
        await site.ask("DELETE", f"{MAPS}/a", {"kind": "DeleteOptions", "apiVersion": "v1", "dryRun": ["All"]})
        assert (await site.ask("GET", f"{MAPS}/a")).status == 200
        assert (await site.ask("POST", f"{MAPS}?dryRun=Some", config_map("b"))).status == 422

    run(test)


def test_delete_options_come_in_the_body_or_in_the_query(run, config_map):
    async def test(site):
        made = (await site.ask("POST", MAPS, config_map())).json
        wrong = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": "other"}}
        assert (await site.ask("DELETE", f"{MAPS}/a", wrong)).status == 409
        held = await site.ask("DELETE", f"{MAPS}/a?propagationPolicy=Orphan")
        assert held.json["metadata"]["finalizers"] == ["orphan"]
        assert held.json["metadata"]["uid"] == made["metadata"]["uid"]

    run(test)


def test_subresources_are_reached_under_the_object(run):
    labels = {"app": "x"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "a", "image": "b"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    deployment = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": spec}

    async def test(site):
        root = "/apis/apps/v1/namespaces/default/deployments"
        await site.ask("POST", root, deployment)
        merge = "application/merge-patch+json"
        scaled = await site.ask("PATCH", f"{root}/d/scale", {"spec": {"replicas": 5}}, content_type=merge)
        assert (scaled.json["kind"], scaled.json["spec"]["replicas"]) == ("Scale", 5)
        body = {"status": {"observedGeneration": 7}, "spec": {"replicas": 1}}
        written = (await site.ask("PATCH", f"{root}/d/status", body, content_type=merge)).json
        assert (written["spec"]["replicas"], written["status"]["observedGeneration"]) == (5, 7)
        assert (await site.ask("GET", f"{root}/d/nothing")).status == 404
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": template["spec"]}
        pods = "/api/v1/namespaces/default/pods"
        await site.ask("POST", pods, pod)
        target = {"apiVersion": "v1", "kind": "Binding", "metadata": {"name": "p"}, "target": {"name": "n"}}
        assert (await site.ask("POST", f"{pods}/p/binding", target)).status == 201
        assert (await site.ask("GET", f"{pods}/p")).json["spec"]["nodeName"] == "n"
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}
        assert (await site.ask("POST", f"{pods}/p/eviction", eviction)).status == 201
        exec_ = await site.ask("POST", f"{pods}/p/exec?command=ls")
        assert (exec_.status, exec_.json["reason"]) == (501, "NotImplemented")

    run(test)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothings", 404),
        ("GET", "/apis/apps/v2/deployments", 404),
        ("GET", "/apis/autoscaling/v1/horizontalpodautoscalers", 501),
        ("GET", "/api/v1/namespaces/default/nodes", 404),
        ("GET", "/api/v1/configmaps/a", 404),
        ("POST", "/api/v1/namespaces/default/configmaps/a", 405),
        ("PUT", "/api/v1/namespaces/default/configmaps", 405),
        ("OPTIONS", "/api/v1/namespaces/default/configmaps", 405),
        ("GET", "/api/v1/namespaces/..%2f..%2fetc/configmaps", 400),
        ("GET", "/api/v1/namespaces/default/configmaps/..", 400),
        ("GET", "/api/v1/namespaces/default/configmaps/%2e%2e%2fsecrets", 400),
        ("GET", "/../../etc/passwd", 404),
        ("GET", "/api/v1/configmaps?limit=many", 400),
        ("GET", "/api/v1/configmaps?labelSelector=a%3D%3D%3Db", 400),
        ("GET", "/api/v1/configmaps?fieldSelector=spec.x%3D1", 400),
        ("GET", "/api/v1/configmaps?resourceVersion=x", 400),
        ("GET", "/api/v1/configmaps?continue=!!", 400),
    ],
)
def test_what_cannot_be_served_is_a_status_that_says_so(run, method, path, status):
    async def test(site):
        reply = await site.ask(method, path)
        assert (reply.status, reply.json["kind"], reply.json["code"]) == (status, "Status", status)
        assert reply.json["message"]

    run(test)


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[1]", "application/json", 400),
        (b"null", "application/json", 400),
        (b"k8s\x00\xff\xff\xff", "application/vnd.kubernetes.protobuf", 400),
        (b"nothing", "application/vnd.kubernetes.protobuf", 400),
        (b"a: &x [1]\nb: *x", "application/yaml", 400),
        (b"a: [", "application/yaml", 400),
        (b"<a/>", "application/xml", 415),
        (b"[" * 100_000, "application/json", 400),
        (b"{" + b'"a":{' * 3000, "application/yaml", 400),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(run, body, media, status):
    async def test(site):
        reply = await site.ask("POST", MAPS, body, content_type=media)
        assert (reply.status, reply.json["kind"]) == (status, "Status")

    run(test)


def test_a_yaml_body_is_read_as_json_is(run):
    async def test(site):
        body = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {when: 2024-01-01}\n"
        reply = await site.ask("POST", MAPS, body, content_type="application/yaml")
        assert reply.json["data"] == {"when": "2024-01-01"}

    run(test)


def test_tables_partial_objects_and_yaml_are_what_accept_asks_for(run, config_map):
    async def test(site):
        await site.ask("POST", MAPS, config_map(a="1"))
        table = (
            await site.ask("GET", MAPS, accept="application/json;as=Table;v=v1;g=meta.k8s.io,application/json")
        ).json
        assert [row["cells"][:2] for row in table["rows"]] == [["a", 1]]
        partial = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
        listed = (await site.ask("GET", MAPS, accept=partial)).json
        assert "data" not in listed["items"][0]
        text = await site.ask("GET", f"{MAPS}/a", accept="application/yaml")
        assert b"kind: ConfigMap" in text.body
        only = await site.ask("GET", f"{MAPS}/a", accept="application/vnd.kubernetes.protobuf")
        assert only.status == 406
        both = await site.ask("GET", f"{MAPS}/a", accept="application/vnd.kubernetes.protobuf, */*")
        assert both.json["kind"] == "ConfigMap"

    run(test)


def test_without_the_token_only_health_is_told(run):
    async def test(site):
        assert (await site.ask("GET", "/healthz")).body == b"ok"
        refused = await site.ask("GET", "/api/v1/nodes")
        assert (refused.status, refused.json["reason"]) == (401, "Unauthorized")
        assert (await site.ask("GET", "/api/v1/nodes", authorization="Bearer secre")).status == 401
        assert (await site.ask("GET", "/api/v1/nodes", authorization="Bearer secret\xe9")).status == 401
        assert (await site.ask("GET", "/api/v1/nodes", authorization="Bearer secret")).status == 200

    run(test, token="secret")


class _Failing:
    def __init__(self, error):
        self.error = error

    async def request(self, request):
        raise self.error

    async def watch(self, request, deliver, closed):
        raise self.error


def test_a_wait_that_the_error_asks_for_is_a_header(run):
    async def test(site):
        reply = await site.ask("GET", f"{MAPS}/a")
        assert (reply.status, reply.headers["retry-after"]) == (503, "3")

    run(test, backend=_Failing(ServiceUnavailable(retry_after_s=3)))


def test_a_lost_connection_behind_breaks_the_one_in_front(run):
    async def test(site):
        with pytest.raises(Broken):
            await site.front.answer(HttpRequest("GET", f"{MAPS}/a", "", {}))
        client = site.connect()
        await client.send("GET", f"{MAPS}/a")
        assert await client.stream.receive_some() == b""

    run(test, backend=_Failing(ConnectionLost()))


def test_a_bug_in_one_request_is_a_500_and_the_server_goes_on(run, caplog):
    async def test(site):
        client = site.connect()
        assert (await client.ask("GET", f"{MAPS}/a")).status == 500
        assert (await client.ask("GET", "/healthz")).status == 200

    run(test, backend=_Failing(ZeroDivisionError("oops")))
    assert "oops" in caplog.text


def test_a_stranger_may_answer_what_is_not_the_api(run):
    async def test(site):
        assert (await site.ask("GET", "/")).body == b"hello"
        assert (await site.ask("GET", "/other")).status == 404

    page = Answer(200, b"hello", "text/html")
    run(test, page=lambda request: page if request.path == "/" else None)


def test_an_apply_that_creates_answers_created_and_one_that_changes_answers_ok(run, config_map):
    async def test(site):
        apply = {"content_type": "application/apply-patch+yaml"}
        first = await site.ask("PATCH", f"{MAPS}/new?fieldManager=me", config_map("new", a="1"), **apply)
        again = await site.ask("PATCH", f"{MAPS}/new?fieldManager=me", config_map("new", a="2"), **apply)
        assert (first.status, again.status) == (201, 200)
        dry = await site.ask("PATCH", f"{MAPS}/dry?fieldManager=me&dryRun=All", config_map("dry"), **apply)
        assert dry.status == 201

    run(test)

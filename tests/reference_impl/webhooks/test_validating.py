"""Refusals, failures, and what a client is told of them."""

import pytest

from reference_impl.apiserver.http.messages import TEXT, Answer
from tests.reference_impl.webhooks.conftest import ALLOWED, patch, set_data

HERE = "/api/v1/namespaces/default/configmaps"


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (None, 400, 'admission webhook "v.example.com" denied the request without explanation'),
        ({"message": "no"}, 400, 'admission webhook "v.example.com" denied the request: no'),
        ({"code": 403, "reason": "Forbidden"}, 403, 'admission webhook "v.example.com" denied the request: Forbidden'),
        ({"code": 200, "message": "no"}, 400, 'admission webhook "v.example.com" denied the request: no'),
    ],
)
def test_a_refusal_is_told_in_the_webhooks_words(run, config_map, status, code, message):
    async def test(site):
        await site.hook("v", lambda _: {"allowed": False, "status": status}, kind="Validating")
        refused = await site.ask("POST", HERE, config_map())
        assert (refused.status, refused.json["code"], refused.json["message"]) == (code, code, message)
        assert (await site.ask("GET", HERE)).json["items"] == []

    run(test)


def test_what_would_be_stored_is_validated_after_all_mutation(run, config_map):
    async def test(site):
        await site.hook("z", lambda _: set_data("z", "1"))
        await site.hook("a", lambda _: ALLOWED, kind="Validating")
        made = await site.ask("POST", HERE, config_map())
        assert site.paths() == ["/z", "/a"]
        shown = site.asked[1][1]["object"]
        assert (shown["data"], shown["metadata"]["uid"]) == ({"z": "1"}, made.json["metadata"]["uid"])

    run(test)


def test_of_several_refusals_the_first_webhooks_is_told(run, config_map):
    async def test(site):
        for name in ("b", "a"):
            said = {"allowed": False, "status": {"message": name}}
            await site.hook(name, lambda _, said=said: said, kind="Validating")
        refused = await site.ask("POST", HERE, config_map())
        assert refused.json["message"].endswith("denied the request: a")
        assert sorted(site.paths()) == ["/a", "/b"]

    run(test)


BROKEN = {
    "refused": (None, 'Post "https://localhost:1/v?timeout=10s": dial tcp localhost:1: connect: connection refused'),
    "status": (Answer(500, b"boom", TEXT), "an error on the server ('boom') has prevented the request from succeeding"),
    "no page": (Answer(404, b"", TEXT), "the server could not find the requested resource"),
    "no json": (b"<html>", "received invalid webhook response: the response is not JSON"),
    "no response": (
        b'{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1"}',
        "received invalid webhook response: webhook response was absent",
    ),
    "wrong uid": ({"uid": "x", "allowed": True}, 'expected response.uid="'),
    "patch": ({**patch({}), "allowed": True}, "validating webhook may not return response.patch"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_webhook_that_fails_fails_the_request_or_is_passed_over(run, config_map, case):
    said, why = BROKEN[case]

    async def test(site):
        entry = {}
        if said is None:
            entry = {"clientConfig": {"url": "https://localhost:1/v", "caBundle": site.bundle}}
        await site.hook("v", lambda _: said, kind="Validating", **entry)
        refused = await site.ask("POST", HERE, config_map())
        prefix = 'Internal error occurred: failed calling webhook "v.example.com": '
        assert (refused.status, refused.json["reason"]) == (500, "InternalError")
        assert refused.json["message"].startswith(prefix)
        assert why in refused.json["message"]
        path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/v"
        ignore = [{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Ignore"}]
        assert (await site.ask("PATCH", path, ignore, content_type="application/json-patch+json")).status == 200
        assert (await site.ask("POST", HERE, config_map())).status == 201

    run(test)


def test_an_authority_that_did_not_sign_is_not_trusted(run, config_map):
    async def test(site):
        import base64

        import trustme

        other = base64.b64encode(trustme.CA().cert_pem.bytes()).decode()
        client = {"url": f"https://localhost:{site.port}/v", "caBundle": other}
        await site.hook("v", lambda _: ALLOWED, kind="Validating", clientConfig=client)
        refused = await site.ask("POST", HERE, config_map())
        assert "tls: failed to verify certificate: x509: " in refused.json["message"]
        assert site.asked == []

    run(test)


def test_a_webhook_behind_a_service_fails_with_the_limit_named(run, config_map):
    async def test(site):
        service = {"service": {"namespace": "default", "name": "hooks"}, "caBundle": site.bundle}
        await site.hook("v", kind="Validating", clientConfig=service)
        refused = await site.ask("POST", HERE, config_map())
        assert (refused.status, "use clientConfig.url" in refused.json["message"]) == (500, True)

    run(test)


@pytest.mark.slow
def test_a_webhook_has_as_long_as_its_configuration_says(run, config_map):
    async def test(site):
        import trio

        async def sleep(_):
            await trio.sleep(30)

        await site.hook("v", sleep, kind="Validating", timeoutSeconds=1)
        refused = await site.ask("POST", HERE, config_map())
        assert refused.json["message"].endswith('/v?timeout=1s": context deadline exceeded')

    run(test)


def test_a_dry_run_is_told_as_such(run, config_map):
    async def test(site):
        await site.hook("v", lambda _: ALLOWED, kind="Validating", sideEffects="NoneOnDryRun")
        assert (await site.ask("POST", HERE, config_map(), "dryRun=All")).status == 201
        ((_, asked),) = site.asked
        assert (asked["dryRun"], asked["options"]["dryRun"]) == (True, ["All"])

    run(test)


def test_a_deletion_can_be_refused(run, config_map):
    async def test(site):
        await site.ask("POST", HERE, config_map())
        await site.hook("v", lambda _: {"allowed": False}, kind="Validating")
        assert (await site.ask("DELETE", f"{HERE}/a")).status == 400
        assert (await site.ask("GET", f"{HERE}/a")).status == 200

    run(test)


def test_deleting_a_collection_stops_at_the_first_that_is_refused(run, config_map):
    async def test(site):
        for name in "abc":
            await site.ask("POST", HERE, config_map(name))
        await site.hook("v", lambda request: {"allowed": request["name"] != "b"}, kind="Validating")
        assert (await site.ask("DELETE", HERE)).status == 400
        assert [each["metadata"]["name"] for each in (await site.ask("GET", HERE)).json["items"]] == ["b", "c"]

    run(test)


def test_an_eviction_is_reviewed_as_an_eviction(run):
    async def test(site):
        pods = "/api/v1/namespaces/default/pods"
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}}
        await site.ask("POST", pods, {**pod, "spec": {"containers": [{"name": "a", "image": "b"}]}})
        rule = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["pods/*"]}
        await site.hook("v", lambda _: {"allowed": False}, kind="Validating", rules=[rule])
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}
        assert (await site.ask("POST", f"{pods}/p/eviction", eviction)).status == 400
        ((_, asked),) = site.asked
        assert (asked["kind"]["kind"], asked["subResource"], asked["operation"]) == ("Eviction", "eviction", "CREATE")

    run(test)


def test_what_a_webhook_warns_of_is_a_warning_header(run, config_map):
    async def test(site):
        await site.hook("v", lambda _: {"allowed": True, "warnings": ["careful"]}, kind="Validating")
        made = await site.ask("POST", HERE, config_map())
        assert ("Warning", '299 - "careful"') in made.headers

    run(test)


def test_a_component_of_the_plane_is_reviewed_like_anybody(run, config_map):
    async def test(site):
        from reference_impl.errors import ApiError
        from reference_impl.runtime import Client

        await site.hook("v", lambda _: {"allowed": False}, kind="Validating")
        client = Client(site.plane.environment("component"))
        body = config_map()
        body["metadata"]["namespace"] = "default"
        with pytest.raises(ApiError, match="denied the request"):
            await client.create(body)
        assert site.asked[0][1]["userInfo"]["username"] == "component"

    run(test)

"""Mutating webhooks: what they see, what becomes of what they change, and in which order they are asked."""

from tests.reference_impl.webhooks.conftest import ALLOWED, MAPS, patch, set_data

HERE = "/api/v1/namespaces/default/configmaps"


def test_what_a_webhook_changes_is_stored(run, config_map):
    async def test(site):
        await site.hook("mutate", lambda request: set_data("by", request["userInfo"]["username"]))
        made = await site.ask("POST", HERE, config_map(a="1"))
        assert (made.status, made.json["data"]) == (201, {"a": "1", "by": "system:admin"})
        stored = await site.ask("GET", f"{HERE}/a")
        assert stored.json == made.json

    run(test)


def test_a_webhook_is_told_who_does_what_to_which_object(run, config_map):
    async def test(site):
        await site.hook("mutate", lambda _: ALLOWED)
        await site.ask("POST", HERE, config_map(a="1"), "fieldManager=me")
        await site.ask("PATCH", f"{HERE}/a", {"data": {"a": "2"}}, content_type="application/merge-patch+json")
        await site.ask("DELETE", f"{HERE}/a", query="propagationPolicy=Background")
        (_, create), (_, update), (_, delete) = site.asked
        assert create["kind"] == {"group": "", "version": "v1", "kind": "ConfigMap"}
        assert create["resource"] == {"group": "", "version": "v1", "resource": "configmaps"}
        assert (create["name"], create["namespace"], create["operation"]) == ("a", "default", "CREATE")
        assert (create["object"]["data"], create["oldObject"], create["dryRun"]) == ({"a": "1"}, None, False)
        assert "uid" not in create["object"]["metadata"]
        options = {"kind": "CreateOptions", "apiVersion": "meta.k8s.io/v1", "fieldManager": "me"}
        assert create["options"] == options
        assert (update["operation"], update["oldObject"]["data"], update["object"]["data"]) == (
            "UPDATE",
            {"a": "1"},
            {"a": "2"},
        )
        assert (delete["operation"], delete["object"], delete["oldObject"]["data"]) == ("DELETE", None, {"a": "2"})
        assert delete["options"]["propagationPolicy"] == "Background"

    run(test)


def test_a_webhook_sees_defaults(run):
    async def test(site):
        rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}
        await site.hook("mutate", lambda _: ALLOWED, rules=[rule])
        labels = {"app": "x"}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "a", "image": "b"}]}}
        spec = {"selector": {"matchLabels": labels}, "template": template}
        body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": spec}
        assert (await site.ask("POST", "/apis/apps/v1/namespaces/default/deployments", body)).status == 201
        assert site.asked[0][1]["object"]["spec"]["replicas"] == 1

    run(test)


def test_a_generated_name_is_not_known_yet_and_the_object_is_created_once(run, config_map):
    async def test(site):
        await site.hook("mutate", lambda _: set_data("b", "2"))
        await site.hook("validate", lambda _: ALLOWED, kind="Validating")
        body = {**config_map(), "metadata": {"generateName": "x-"}}
        made = await site.ask("POST", HERE, body)
        assert made.json["metadata"]["name"].startswith("x-")
        assert [(path, request.get("name")) for path, request in site.asked] == [
            ("/mutate", None),
            ("/validate", made.json["metadata"]["name"]),
        ]
        assert site.asked[1][1]["object"]["metadata"]["uid"] == made.json["metadata"]["uid"]
        assert len((await site.ask("GET", HERE)).json["items"]) == 1

    run(test)


def test_webhooks_are_asked_by_their_configurations_names_each_with_what_the_one_before_made(run, config_map):
    async def test(site):
        await site.hook("b", lambda request: set_data("b", str(sorted(request["object"]["data"]))))
        await site.hook("a", lambda request: set_data("a", str(sorted(request["object"]["data"]))))
        made = await site.ask("POST", HERE, config_map(z="1"))
        assert made.json["data"] == {"z": "1", "a": "['z']", "b": "['a', 'z']"}

    run(test)


def test_only_who_asks_for_it_is_asked_again_and_once_after_a_later_webhook_changed_the_object(run, config_map):
    async def test(site):
        await site.hook("a", lambda _: ALLOWED, reinvocationPolicy="IfNeeded")
        await site.hook("b", lambda _: ALLOWED)
        await site.hook("c", lambda request: set_data("c", f"{len(site.asked)}"), reinvocationPolicy="IfNeeded")
        await site.ask("POST", HERE, config_map())
        assert site.paths() == ["/a", "/b", "/c", "/a"]

    run(test)


def test_a_patch_that_changes_nothing_has_nobody_asked_again(run, config_map):
    async def test(site):
        await site.hook("a", lambda _: ALLOWED, reinvocationPolicy="IfNeeded")
        await site.hook("b", lambda _: set_data("x", "1"))
        await site.ask("POST", HERE, config_map(x="1"))
        assert site.paths() == ["/a", "/b"]

    run(test)


def test_a_patch_that_does_not_apply_or_spoils_the_object_is_an_internal_error(run, config_map):
    async def test(site):
        said = []
        await site.hook("mutate", lambda _: said[-1])
        for operation in (
            {"op": "remove", "path": "/data/none"},
            {"op": "replace", "path": "/kind", "value": "Secret"},
            {"op": "replace", "path": "/data", "value": "text"},
            {"op": "remove", "path": "/metadata"},
        ):
            said.append(patch(operation))
            refused = await site.ask("POST", HERE, config_map(a="1"))
            assert (refused.status, refused.json["reason"]) == (500, "InternalError"), operation
        assert (await site.ask("GET", HERE)).json["items"] == []

    run(test)


def test_a_webhook_cannot_move_an_object_to_another_namespace(run, config_map):
    async def test(site):
        await site.hook("mutate", lambda _: patch({"op": "add", "path": "/metadata/namespace", "value": "kube-system"}))
        assert (await site.ask("POST", HERE, config_map())).status == 400

    run(test)


def test_what_a_webhook_makes_of_it_is_validated(run, config_map):
    async def test(site):
        await site.hook("mutate", lambda _: patch({"op": "add", "path": "/data/a~1b", "value": "x"}))
        refused = await site.ask("POST", HERE, config_map(a="1"))
        assert (refused.status, refused.json["details"]["causes"][0]["field"]) == (422, "data[a/b]")

    run(test)


def test_a_write_in_between_is_not_lost_and_the_webhook_is_asked_again(run, config_map):
    async def test(site):
        await site.ask("POST", HERE, config_map(a="1", b="1"))

        async def interfere(request):
            if len(site.asked) == 1:
                obj = (await site.ask("GET", f"{HERE}/a")).json
                site.plane.store.put(
                    ("configmaps", "default", "a"),
                    {**obj, "data": {**obj["data"], "b": "2"}},
                    expected=int(obj["metadata"]["resourceVersion"]),
                )
            return ALLOWED

        await site.hook("mutate", interfere)
        merge = {"content_type": "application/merge-patch+json"}
        done = await site.ask("PATCH", f"{HERE}/a", {"data": {"a": "2"}}, **merge)
        assert (done.status, done.json["data"]) == (200, {"a": "2", "b": "2"})
        assert [request["oldObject"]["data"]["b"] for _, request in site.asked] == ["1", "2"]

    run(test)


def test_fields_that_a_webhook_sets_are_not_the_appliers(run, config_map):
    async def test(site):
        await site.hook("mutate", lambda _: set_data("side", "car"))
        apply = {"content_type": "application/apply-patch+yaml"}
        made = await site.ask("PATCH", f"{HERE}/a", config_map(a="1"), "fieldManager=me", **apply)
        assert (made.status, made.json["data"]) == (201, {"a": "1", "side": "car"})
        assert made.json["metadata"]["managedFields"][0]["fieldsV1"] == {"f:data": {"f:a": {}}}
        again = await site.ask("PATCH", f"{HERE}/a", config_map(a="1"), "fieldManager=me", **apply)
        assert again.json["metadata"]["resourceVersion"] == made.json["metadata"]["resourceVersion"]

    run(test)


def test_a_scale_is_reviewed_as_a_scale(run):
    async def test(site):
        rule = {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["UPDATE"]}
        labels = {"app": "x"}
        template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "a", "image": "b"}]}}
        spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
        body = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "r"}, "spec": spec}
        sets = "/apis/apps/v1/namespaces/default/replicasets"
        await site.ask("POST", sets, body)
        await site.hook(
            "mutate",
            lambda _: patch({"op": "replace", "path": "/spec/replicas", "value": 3}),
            rules=[{**rule, "resources": ["replicasets/scale"]}],
        )
        merge = {"content_type": "application/merge-patch+json"}
        done = await site.ask("PATCH", f"{sets}/r/scale", {"spec": {"replicas": 9}}, **merge)
        assert done.json["spec"] == {"replicas": 3}
        (_, asked), *_ = site.asked
        assert (asked["kind"]["kind"], asked["subResource"], asked["object"]["spec"]) == (
            "Scale",
            "scale",
            {"replicas": 9},
        )
        assert (asked["oldObject"]["spec"], asked["resource"]["resource"]) == ({"replicas": 1}, "replicasets")

    run(test)


def test_no_webhook_is_asked_about_webhooks(run, config_map):
    async def test(site):
        everything = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*/*"]}
        await site.hook("first", lambda _: {"allowed": False}, rules=[everything])
        assert (await site.hook("second", lambda _: ALLOWED, rules=[MAPS])).status == 201
        assert (await site.ask("POST", HERE, config_map())).status == 400

    run(test)

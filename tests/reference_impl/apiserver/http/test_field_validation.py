"""Fields that a kind does not have: found wherever they are, and nowhere else."""

import pytest

from reference_impl.apiserver.http.field_validation import unknown_fields
from reference_impl.apiserver.registry import KindRegistry
from reference_impl.kinds import KindInfo

MAPS = "/api/v1/namespaces/default/configmaps"
KINDS = KindRegistry()


def test_unknown_fields_are_refused_warned_of_or_ignored(run, config_map):
    body = {**config_map(), "dta": {"a": "b"}}

    async def test(site):
        strict = await site.ask("POST", f"{MAPS}?fieldValidation=Strict", body)
        assert (strict.status, strict.json["reason"]) == (400, "BadRequest")
        assert 'strict decoding error: unknown field "dta"' in strict.json["message"]
        warned = await site.ask("POST", MAPS, body)
        assert (warned.status, warned.headers["warning"]) == (201, '299 - "unknown field \\"dta\\""')
        ignored = await site.ask("PUT", f"{MAPS}/a?fieldValidation=Ignore", {**warned.json, "dta": 1})
        assert "warning" not in ignored.headers
        assert (await site.ask("POST", f"{MAPS}?fieldValidation=Some", body)).status == 422

    run(test)


def test_a_name_of_whatever_characters_is_a_header_all_the_same(run, config_map):
    async def test(site):
        reply = await site.ask("POST", MAPS, {**config_map(), "a\r\nSet-Cookie: \u2028 \x00": 1})
        assert reply.status == 201
        assert "set-cookie" not in reply.headers

    run(test)


def test_a_built_in_kind_is_searched_to_its_depths():
    container = {
        "name": "a",
        "image": "b",
        "imge": 1,
        "ports": [{"containerPort": 1, "prt": 2}],
        "resources": {"limits": {"cpu": 1}},
    }
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "labels": {"any": "thing"}, "nme": "x"},
        "spec": {"containers": [container], "volumes": [{"name": "v", "emptyDir": {}, "emptyDirr": {}}]},
    }
    assert list(unknown_fields(KINDS.resolve("v1", "Pod"), pod)) == [
        "metadata.nme",
        "spec.containers[0].imge",
        "spec.containers[0].ports[0].prt",
        "spec.volumes[0].emptyDirr",
    ]


def test_directives_of_a_strategic_patch_are_no_fields():
    patch = {"spec": {"$retainKeys": ["type"], "template": {"spec": {"$setElementOrder/containers": [], "x": 1}}}}
    assert list(unknown_fields(KINDS.resolve("apps/v1", "Deployment"), patch)) == ["spec.template.spec.x"]


SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "list": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}},
                "map": {"type": "object", "additionalProperties": {"type": "object", "properties": {}}},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "pod": {"type": "object", "x-kubernetes-embedded-resource": True, "properties": {}},
            },
        }
    },
}


@pytest.mark.parametrize(
    ("spec", "unknown"),
    [
        ({"list": [{"a": "1"}, {"b": 1}]}, ["spec.list[1].b"]),
        ({"map": {"any": {"x": 1}}}, ["spec.map.any.x"]),
        ({"free": {"any": {"x": 1}}}, []),
        ({"pod": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "y": 1}}, ["spec.pod.y"]),
        ({"other": 1}, ["spec.other"]),
    ],
)
def test_a_custom_kind_is_held_against_its_schema(spec, unknown):
    info = KindInfo(group="e.com", version="v1", kind="X", plural="xs", namespaced=True, schema=SCHEMA, crd="xs.e.com")
    body = {"apiVersion": "e.com/v1", "kind": "X", "metadata": {"name": "a"}, "spec": spec}
    assert list(unknown_fields(info, body)) == unknown

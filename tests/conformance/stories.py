"""What is asked of a server to hear what it says: a story a subject, for recordings of real API servers.

No story asserts anything: each walks through the rules of its subject, refusals included, and the comparison of a
recording with another server says where the two differ. Each is for a fresh server. Here they are recorded with ours,
which shows that a comparison sees through all that a server may choose.
"""

from collections.abc import Callable
from typing import Any, Final

from tests.conformance.life import CRDS, DEFINITION, MAPS, PODS, SITES, Person, config_map, live

DEPLOYMENTS: Final = "/apis/apps/v1/namespaces/default/deployments"
JOBS: Final = "/apis/batch/v1/namespaces/default/jobs"
MERGE: Final = "application/merge-patch+json"
STRATEGIC: Final = "application/strategic-merge-patch+json"
JSON_PATCH: Final = "application/json-patch+json"
APPLY: Final = "application/apply-patch+yaml"


def pod(name: str, **spec: Any) -> dict[str, Any]:
    containers = [{"name": "c", "image": "nginx:1"}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": containers, **spec}}


def deployment(name: str, replicas: int = 1, **spec: Any) -> dict[str, Any]:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "nginx:1"}]}}
    whole = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": whole}


def writing(person: Person) -> None:
    ask = person.ask
    made = ask("POST", MAPS, config_map("a", k="1"))
    ask("POST", MAPS, config_map("a", k="1"))
    ask("POST", MAPS, {**config_map("b"), "metadata": {"name": "b", "resourceVersion": "5"}})
    ask("POST", MAPS, {**config_map("b"), "metadata": {"name": "b", "namespace": "other"}})
    ask("POST", f"{MAPS}?dryRun=All", config_map("dry"))
    ask("POST", f"{MAPS}?dryRun=Some", config_map("dry"))
    ask("POST", f"{MAPS}?fieldValidation=Strict", {**config_map("strict"), "what": 1})
    ask("POST", MAPS, {**config_map("warned"), "what": 1})
    ask("POST", MAPS, {**config_map("typed"), "data": {"k": 1}})
    ask("POST", MAPS, b"[")
    ask("POST", MAPS, {**config_map("hollow"), "data": {}})
    ask("PUT", f"{MAPS}/a", made)
    ask("PUT", f"{MAPS}/none", config_map("none"))
    ask("PUT", f"{MAPS}/a", config_map("a", k="2"))
    ask("PUT", f"{MAPS}/a", {**made, "data": {"k": "3"}})
    ask("PUT", f"{MAPS}/a", config_map("other"))
    other = {"name": "a", "uid": "00000000-0000-0000-0000-000000000000"}
    ask("PUT", f"{MAPS}/a", {**config_map("a"), "metadata": other})
    ask("PATCH", f"{MAPS}/a", {"metadata": {"uid": other["uid"]}}, MERGE)
    ask("PATCH", f"{MAPS}/a", {"metadata": {"resourceVersion": made["metadata"]["resourceVersion"]}}, MERGE)
    ask("PATCH", f"{MAPS}/a", {"metadata": {"labels": {"bad label!": "x"}}}, MERGE)
    ask("PATCH", f"{MAPS}/a", {"data": {"k": "2"}}, MERGE)
    ask("PATCH", f"{MAPS}/a", {"data": {"k": None, "new": "n"}}, MERGE)
    ask("PATCH", f"{MAPS}/a", [{"op": "test", "path": "/data/new", "value": "x"}], JSON_PATCH)
    ask("PATCH", f"{MAPS}/a", [{"op": "remove", "path": "/data/none"}], JSON_PATCH)
    ask("PATCH", f"{MAPS}/a", {"data": {}}, JSON_PATCH)
    ask("PATCH", f"{MAPS}/a", {"data": {}}, "application/unknown")
    ask("PATCH", f"{MAPS}/none", {"data": {}}, MERGE)
    ask("PATCH", f"{MAPS}/a", {"immutable": True}, MERGE)
    ask("PATCH", f"{MAPS}/a", {"data": {"new": "m"}}, MERGE)
    ask("POST", DEPLOYMENTS, deployment("web"))
    ask("PATCH", f"{DEPLOYMENTS}/web", {"spec": {"replicas": 2}}, STRATEGIC)
    ask("PATCH", f"{DEPLOYMENTS}/web", {"metadata": {"annotations": {"a": "b"}}}, MERGE)
    ask("PATCH", f"{DEPLOYMENTS}/web", {"spec": {"selector": {"matchLabels": {"x": "y"}}}}, MERGE)
    ask("PATCH", f"{DEPLOYMENTS}/web", {"status": {"replicas": 3}}, MERGE)
    ask("PATCH", f"{DEPLOYMENTS}/web/status", {"status": {"replicas": 3}, "spec": {"replicas": 9}}, MERGE)
    ask("GET", f"{DEPLOYMENTS}/web/scale")
    ask("PATCH", f"{DEPLOYMENTS}/web/scale", {"spec": {"replicas": 4}}, MERGE)


def patching(person: Person) -> None:
    """Strategic merge, item by item."""
    ask = person.ask
    ask("POST", DEPLOYMENTS, deployment("web"))

    def containers(*items: dict[str, Any], **more: Any) -> None:
        spec = {"containers": list(items), **more}
        ask("PATCH", f"{DEPLOYMENTS}/web", {"spec": {"template": {"spec": spec}}}, STRATEGIC)

    containers({"name": "b", "image": "b"})
    containers({"name": "c", "image": "nginx:2"}, {"name": "b", "env": [{"name": "A", "value": "1"}]})
    containers({"name": "b", "env": [{"name": "B", "value": "2"}]})
    containers({"name": "b", "env": [{"name": "A", "$patch": "delete"}]})
    containers({"name": "b", "$patch": "delete"})
    containers({"name": "d", "image": "d"}, {"$patch": "replace"})
    containers({"image": "nameless"})
    order = {"$setElementOrder/containers": [{"name": "x"}, {"name": "d"}]}
    containers({"name": "x", "image": "x"}, **order)
    ask("PATCH", f"{DEPLOYMENTS}/web", {"metadata": {"finalizers": ["example.com/a"]}}, STRATEGIC)
    ask("PATCH", f"{DEPLOYMENTS}/web", {"metadata": {"finalizers": ["example.com/b"]}}, STRATEGIC)
    gone = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["example.com/a"]}}
    ask("PATCH", f"{DEPLOYMENTS}/web", gone, STRATEGIC)
    ask("PATCH", f"{DEPLOYMENTS}/web", {"metadata": {"finalizers": None}}, MERGE)
    strategy = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    ask("PATCH", f"{DEPLOYMENTS}/web", strategy, STRATEGIC)


def deleting(person: Person) -> None:
    ask = person.ask
    made = ask("POST", MAPS, config_map("a"))
    ask("DELETE", f"{MAPS}/a", {"preconditions": {"uid": "wrong"}})
    ask("DELETE", f"{MAPS}/a", {"preconditions": {"resourceVersion": "1"}})
    ask("DELETE", f"{MAPS}/a?dryRun=All")
    ask("DELETE", f"{MAPS}/a", {"preconditions": {"uid": made["metadata"]["uid"]}})
    ask("DELETE", f"{MAPS}/a")
    held = {**config_map("held"), "metadata": {"name": "held", "finalizers": ["example.com/f"]}}
    ask("POST", MAPS, held)
    ask("DELETE", f"{MAPS}/held")
    ask("DELETE", f"{MAPS}/held")
    ask("POST", MAPS, held)
    ask("PATCH", f"{MAPS}/held", {"metadata": {"finalizers": ["example.com/f", "example.com/g"]}}, MERGE)
    ask("PATCH", f"{MAPS}/held", {"metadata": {"finalizers": None}, "data": {"k": "v"}}, MERGE)
    ask("POST", PODS, pod("loose"))
    ask("DELETE", f"{PODS}/loose")
    ask("POST", PODS, pod("bound", nodeName="node-1"))
    ask("DELETE", f"{PODS}/bound")
    ask("DELETE", f"{PODS}/bound", {"gracePeriodSeconds": 100})
    ask("DELETE", f"{PODS}/bound", {"gracePeriodSeconds": 5})
    ask("DELETE", f"{PODS}/bound", {"gracePeriodSeconds": 0})
    for policy in ("Foreground", "Orphan", "Background", "Sideways"):
        ask("POST", DEPLOYMENTS, deployment(policy.lower()))
        ask("DELETE", f"{DEPLOYMENTS}/{policy.lower()}", {"propagationPolicy": policy})
    ask("DELETE", f"{DEPLOYMENTS}/foreground", {"propagationPolicy": "Background"})
    for name in "xyz":
        ask("POST", MAPS, {**config_map(name), "metadata": {"name": name, "labels": {"of": name}}})
    ask("DELETE", f"{MAPS}?labelSelector=of+in+(x,y)")
    ask("GET", f"{MAPS}/z")
    ask("POST", "/api/v1/namespaces", {"metadata": {"name": "going"}})
    ask("DELETE", "/api/v1/namespaces/going")
    ask("DELETE", "/api/v1/namespaces/going")
    ask("POST", "/api/v1/namespaces/going/configmaps", config_map("late"))
    ask("POST", "/api/v1/namespaces/none/configmaps", config_map("lost"))
    ask("DELETE", "/api/v1/namespaces/default")


def reading(person: Person) -> None:
    ask = person.ask
    for number in range(4):
        labels = {"n": str(number), "half": str(number // 2)}
        ask("POST", MAPS, {**config_map(f"m{number}"), "metadata": {"name": f"m{number}", "labels": labels}})
    first = ask("GET", f"{MAPS}?limit=2")
    ask("GET", f"{MAPS}?limit=1&labelSelector=half%3D1")
    ask("POST", MAPS, config_map("later"))
    ask("GET", f"{MAPS}?limit=2&continue={first['metadata']['continue']}")
    ask("GET", f"{MAPS}?continue=nonsense")
    old = first["metadata"]["resourceVersion"]
    for query in (
        f"resourceVersion={old}&resourceVersionMatch=Exact",
        f"resourceVersion={old}&resourceVersionMatch=NotOlderThan",
        f"resourceVersion={old}&limit=1",
        "resourceVersion=0",
        "resourceVersion=abc",
        "resourceVersionMatch=Exact",
        "resourceVersion=0&resourceVersionMatch=Exact",
        "sendInitialEvents=true",
        "labelSelector=n+in+(1,2)",
        "labelSelector=n+notin+(1,2)",
        "labelSelector=!n",
        "labelSelector=n%3E1",
        "labelSelector=((",
        "fieldSelector=metadata.name%3Dm1",
        "fieldSelector=metadata.name!%3Dm1",
        "fieldSelector=data.k%3Dv",
    ):
        ask("GET", f"{MAPS}?{query}")
    ask("GET", f"{MAPS}/none")
    ask("GET", f"{MAPS}/m1?resourceVersion=0")
    ask("GET", "/api/v1/namespaces/default/nothings")
    ask("GET", "/apis/none.example.com/v1/things")
    ask("POST", f"{MAPS}/m1", config_map("m1"))
    ask("PUT", MAPS, config_map("m1"))
    for accept in (
        "application/json;as=Table;v=v1;g=meta.k8s.io",
        "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
        "text/plain",
    ):
        ask("GET", MAPS, accept=accept)
    ask("GET", f"{MAPS}/m1", accept="application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io")
    ask("GET", f"{MAPS}/m1", accept="application/yaml")


def watching(person: Person) -> None:
    ask, watch = person.ask, person.watch
    start = ask("POST", MAPS, config_map("a"))["metadata"]["resourceVersion"]
    watch(f"{MAPS}?watch=1")
    watch(f"{MAPS}?watch=true&resourceVersion=0")
    watch(f"{MAPS}?watch=true&resourceVersion={start}")
    watch(f"{MAPS}?watch=true&resourceVersion={start}&labelSelector=app%3Dx")
    watch(f"/api/v1/watch/namespaces/default/configmaps?resourceVersion={start}")
    initial = "watch=true&sendInitialEvents=true&allowWatchBookmarks=true"
    watch(f"{MAPS}?{initial}&resourceVersionMatch=NotOlderThan")
    watch(f"{MAPS}?{initial}")
    watch(f"{MAPS}?watch=true&resourceVersionMatch=NotOlderThan")
    watch(f"{MAPS}?watch=true&resourceVersion=abc")
    watch("/api/v1/namespaces/default/nothings?watch=true")
    ask("POST", MAPS, {**config_map("b"), "metadata": {"name": "b", "labels": {"app": "x"}}})
    ask("PATCH", f"{MAPS}/a", {"metadata": {"labels": {"app": "x"}}}, MERGE)
    ask("PATCH", f"{MAPS}/a", {"metadata": {"labels": {"app": "y"}}, "data": {"k": "v"}}, MERGE)
    ask("PATCH", f"{MAPS}/a", {"data": {"k": "v"}}, MERGE)
    ask("DELETE", f"{MAPS}/b")


def applying(person: Person) -> None:
    ask = person.ask

    def apply(path: str, manager: str, body: dict[str, Any], more: str = "") -> Any:
        return ask("PATCH", f"{path}?fieldManager={manager}{more}", body, APPLY)

    bare: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap"}
    apply(f"{MAPS}/nameless", "one", {**bare, "data": {"k": "1"}})
    bare["metadata"] = {"name": "a"}
    apply(f"{MAPS}/a", "one", {**bare, "data": {"k": "1", "l": "1"}})
    apply(f"{MAPS}/a", "one", {**bare, "data": {"k": "1", "l": "1"}})
    apply(f"{MAPS}/a", "two", {**bare, "data": {"k": "2"}})
    apply(f"{MAPS}/a", "two", {**bare, "data": {"k": "1"}})
    apply(f"{MAPS}/a", "three", {**bare, "data": {"k": "3", "m": "3"}}, "&force=true")
    apply(f"{MAPS}/a", "one", {**bare, "data": {}})
    apply(f"{MAPS}/a", "two", {**bare, "metadata": {"name": "a", "managedFields": [{"manager": "x"}]}})
    apply(f"{MAPS}/a", "two", {**bare, "metadata": {"name": "other"}})
    apply(f"{MAPS}/a", "two", {"data": {}})
    ask("PATCH", f"{MAPS}/a", {**bare, "data": {}}, APPLY)
    ask("PATCH", f"{MAPS}/a?force=true", {"data": {}}, MERGE)
    ask("PUT", f"{MAPS}/a?fieldManager=updater", config_map("a", u="1"))
    ask("PATCH", f"{MAPS}/a?fieldManager=p", {"metadata": {"managedFields": [{}]}}, MERGE)
    whole = deployment("web", 2)
    apply(f"{DEPLOYMENTS}/web", "one", whole)
    apply(f"{DEPLOYMENTS}/web", "two", deployment("web", 3))
    ask("PATCH", f"{DEPLOYMENTS}/web/scale?fieldManager=scaler", {"spec": {"replicas": 5}}, MERGE)
    apply(f"{DEPLOYMENTS}/web", "one", whole)
    template = {"spec": {"containers": [{"name": "c", "env": [{"name": "A", "value": "1"}]}]}}
    named = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
    beside = {**named, "spec": {"template": template}}
    apply(f"{DEPLOYMENTS}/web", "beside", beside)
    apply(f"{DEPLOYMENTS}/web", "beside", {**beside, "spec": {}})
    apply(f"{DEPLOYMENTS}/web/status", "reporter", {**beside, "spec": {}, "status": {"replicas": 1}})
    apply(f"{DEPLOYMENTS}/web", "one", {**whole, "spec": {**whole["spec"], "replicas": "many"}})
    apply(f"{DEPLOYMENTS}/web", "one", {**whole, "spec": {**whole["spec"], "nonsense": 1}})


def custom(person: Person) -> None:
    ask = person.ask
    spec: dict[str, Any] = {
        "type": "object",
        "required": ["size"],
        "properties": {
            "size": {"type": "integer", "minimum": 1, "maximum": 9},
            "kind": {"type": "string", "enum": ["a", "b"], "default": "a"},
            "name": {"type": "string", "maxLength": 3, "pattern": "^[a-z]+$"},
            "parts": {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["id"],
                "items": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
            },
        },
        "x-kubernetes-validations": [{"rule": "self.size != 5", "message": "not five"}],
    }
    status = {"type": "object", "properties": {"size": {"type": "integer"}}}
    version = DEFINITION["spec"]["versions"][0]  # type: ignore[index]
    schema = {"type": "object", "properties": {"spec": spec, "status": status}}
    scale = {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"}
    strict = {**version, "schema": {"openAPIV3Schema": schema}, "subresources": {"status": {}, "scale": scale}}
    ask("POST", CRDS, {**DEFINITION, "spec": {**DEFINITION["spec"], "versions": [strict]}})  # type: ignore[dict-item]
    person.wait_served(SITES)

    def site(called: str, **spec: Any) -> dict[str, Any]:
        return {"apiVersion": "example.com/v1", "kind": "Site", "metadata": {"name": called}, "spec": spec}

    ask("POST", SITES, site("a", size=1, unknown=2))
    ask("POST", f"{SITES}?fieldValidation=Strict", site("b", size=1, unknown=2))
    for wrong in (
        {}, {"size": 0}, {"size": 10}, {"size": "1"}, {"size": 5}, {"size": 1, "kind": "c"},
        {"size": 1, "name": "long"}, {"size": 1, "name": "A"}, {"size": 1, "parts": [{}]},
        {"size": 1, "parts": [{"id": "x"}, {"id": "x"}]},
    ):  # fmt: skip
        ask("POST", SITES, site("wrong", **wrong))
    ask("PUT", f"{SITES}/a", site("a", size=2))
    ask("PATCH", f"{SITES}/a", {"spec": {"size": 3}}, MERGE)
    ask("PATCH", f"{SITES}/a", {"spec": {"size": 3}}, STRATEGIC)
    ask("PATCH", f"{SITES}/a", {"status": {"size": 3}}, MERGE)
    ask("PATCH", f"{SITES}/a/status", {"status": {"size": 3}, "spec": {"size": 9}}, MERGE)
    ask("GET", f"{SITES}/a/scale")
    ask("PATCH", f"{SITES}/a/scale", {"spec": {"replicas": 4}}, MERGE)
    ask("PATCH", f"{SITES}/a?fieldManager=one", site("a", size=4, parts=[{"id": "x"}]), APPLY)
    ask("PATCH", f"{SITES}/a?fieldManager=two", site("a", size=4, parts=[{"id": "y"}]), APPLY)
    ask("PATCH", f"{SITES}/a?fieldManager=one", site("a", size=4), APPLY)
    ask("GET", SITES, accept="application/json;as=Table;v=v1;g=meta.k8s.io")
    ask("DELETE", f"{SITES}/a")


def pods(person: Person) -> None:
    """Defaults, validation, bindings and evictions."""
    ask = person.ask
    ask("POST", PODS, pod("p"))
    ask("PATCH", f"{PODS}/p", {"spec": {"containers": [{"name": "c", "image": "nginx:2"}]}}, STRATEGIC)
    ask("PATCH", f"{PODS}/p", {"spec": {"restartPolicy": "Never"}}, STRATEGIC)
    ask("POST", PODS, pod("No", restartPolicy="Sometimes"))
    ask("POST", PODS, {**pod("empty"), "spec": {"containers": []}})
    binding = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": "p"},
        "target": {"kind": "Node", "name": "n"},
    }
    ask("POST", f"{PODS}/p/binding", binding)
    ask("GET", f"{PODS}/p")
    ask("POST", f"{PODS}/p/binding", binding)
    ready = {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}
    ask("PATCH", f"{PODS}/p/status", ready, STRATEGIC)
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p"}}
    ask("POST", f"{PODS}/p/eviction", eviction)
    ask("GET", f"{PODS}/p")
    job = {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "i"}], "restartPolicy": "Never"}}}}
    ask("POST", JOBS, {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, **job})
    ask("PATCH", f"{JOBS}/j", {"spec": {"completions": 3}}, MERGE)
    ask("DELETE", f"{JOBS}/j")
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"k": "v"}}
    ask("POST", "/api/v1/namespaces/default/secrets", secret)


STORIES: Final[dict[str, Callable[[Person], None]]] = {
    "life": live, "writing": writing, "patching": patching, "deleting": deleting, "reading": reading,
    "watching": watching, "applying": applying, "custom": custom, "pods": pods,
}  # fmt: skip

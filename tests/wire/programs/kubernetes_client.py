"""The official client's normal life. Prints a line for each behaviour that was shown."""

import os
import threading
import time

from kubernetes import client, config, dynamic, watch
from kubernetes.client import ApiClient, ApiException

config.load_kube_config()
core, apps, custom = client.CoreV1Api(), client.AppsV1Api(), client.CustomObjectsApi()
NAMESPACE = "default"


def config_map(name, **data):
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "labels": {"by": "official"}},
        "data": data,
    }


def shown(what):
    print(f"shown: {what}", flush=True)


def refusal(call):
    try:
        call()
    except ApiException as error:
        return error
    raise AssertionError("what should be refused was accepted")


def crud():
    made = core.create_namespaced_config_map(NAMESPACE, config_map("official", a="1"))
    read = core.read_namespaced_config_map("official", NAMESPACE)
    assert made.metadata.uid == read.metadata.uid
    read.data["a"] = "2"
    replaced = core.replace_namespaced_config_map("official", NAMESPACE, read)
    assert replaced.data == {"a": "2"}
    stale = refusal(lambda: core.replace_namespaced_config_map("official", NAMESPACE, made))
    assert stale.status == 409, stale
    assert core.patch_namespaced_config_map("official", NAMESPACE, {"data": {"b": "3"}}).data == {"a": "2", "b": "3"}
    operations = [{"op": "remove", "path": "/data/a"}]
    assert core.patch_namespaced_config_map("official", NAMESPACE, operations).data == {"b": "3"}
    second = refusal(lambda: core.create_namespaced_config_map(NAMESPACE, config_map("official")))
    assert second.status == 409, second
    assert "already exists" in second.body
    status = core.delete_namespaced_config_map("official", NAMESPACE)
    assert (status["status"] if isinstance(status, dict) else status.status) == "Success"
    shown("create, get, update, patch, delete")


def lists():
    for number in range(5):
        core.create_namespaced_config_map(NAMESPACE, config_map(f"page-{number}"))
    first = core.list_namespaced_config_map(NAMESPACE, label_selector="by=official", limit=2)
    second = core.list_namespaced_config_map(
        NAMESPACE, label_selector="by=official", limit=3, _continue=first.metadata._continue
    )
    names = [item.metadata.name for item in first.items + second.items]
    assert names == [f"page-{number}" for number in range(5)], names
    found = core.list_namespaced_config_map(NAMESPACE, field_selector="metadata.name=page-3")
    assert [item.metadata.name for item in found.items] == ["page-3"]
    core.delete_collection_namespaced_config_map(NAMESPACE, label_selector="by=official")
    assert not core.list_namespaced_config_map(NAMESPACE, label_selector="by=official").items
    shown("list: limit, continue, selectors")
    shown("deletecollection")


def pods():
    pod = {"metadata": {"name": "official"}, "spec": {"containers": [{"name": "web", "image": "nginx"}]}}
    core.create_namespaced_pod(NAMESPACE, pod)
    for _ in range(100):
        if core.read_namespaced_pod("official", NAMESPACE).status.phase == "Running":
            break
        time.sleep(0.2)
    assert core.read_namespaced_pod_log("official", NAMESPACE) == ""
    shown("a pod runs, and has a log")
    deleted = core.delete_namespaced_pod("official", NAMESPACE, grace_period_seconds=0)
    assert deleted.metadata.name == "official"
    shown("DELETE of a pod answers the pod")


def rollout():
    labels = {"app": "official"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "nginx"}]}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    apps.create_namespaced_deployment(NAMESPACE, {"metadata": {"name": "official"}, "spec": spec})
    for event in watch.Watch().stream(apps.list_namespaced_deployment, NAMESPACE, timeout_seconds=30):
        if event["object"].metadata.name == "official" and event["object"].status.ready_replicas == 2:
            break
    else:
        raise AssertionError("the Deployment never became ready")
    shown("Watch: a Deployment rolls out")
    scaled = apps.patch_namespaced_deployment_scale("official", NAMESPACE, {"spec": {"replicas": 0}})
    assert scaled.spec.replicas == 0
    shown("/scale")
    apps.delete_namespaced_deployment("official", NAMESPACE, propagation_policy="Foreground")


def dynamic_client():
    found = dynamic.DynamicClient(ApiClient())
    resource = found.resources.get(api_version="v1", kind="ConfigMap")
    made = resource.create(body=config_map("dynamic"), namespace=NAMESPACE)
    assert made.metadata.name == "dynamic"
    patched = resource.patch(
        body={"metadata": {"name": "dynamic"}, "data": {"a": "b"}},
        namespace=NAMESPACE,
        content_type="application/merge-patch+json",
    )
    assert patched.data.a == "b"
    resource.delete(name="dynamic", namespace=NAMESPACE)
    shown("dynamic client")


def informer():
    from kubernetes.informer import ADDED, DELETED, SharedInformer

    seen = []
    informer = SharedInformer(list_func=core.list_namespaced_config_map, namespace=NAMESPACE)
    informer.add_event_handler(ADDED, lambda obj: seen.append(("ADDED", _name(obj))))
    informer.add_event_handler(DELETED, lambda obj: seen.append(("DELETED", _name(obj))))
    informer.start()
    time.sleep(1)
    core.create_namespaced_config_map(NAMESPACE, config_map("informed"))
    core.delete_namespaced_config_map("informed", NAMESPACE)
    for _ in range(50):
        if {("ADDED", "informed"), ("DELETED", "informed")} <= set(seen):
            break
        time.sleep(0.1)
    assert {("ADDED", "informed"), ("DELETED", "informed")} <= set(seen), seen
    shown("SharedInformer")


def _name(obj):
    return obj["metadata"]["name"] if isinstance(obj, dict) else obj.metadata.name


def election():
    from kubernetes.leaderelection import electionconfig, leaderelection
    from kubernetes.leaderelection.resourcelock.configmaplock import ConfigMapLock

    elected = threading.Event()
    settings = electionconfig.Config(
        ConfigMapLock("lock", NAMESPACE, "me"),
        lease_duration=3,
        renew_deadline=2,
        retry_period=1,
        onstarted_leading=elected.set,
        onstopped_leading=lambda: None,
    )
    threading.Thread(target=leaderelection.LeaderElection(settings).run, daemon=True).start()
    assert elected.wait(15)
    shown("leader election")


for step in (crud, lists, pods, rollout, dynamic_client, informer, election):
    step()
print("done", flush=True)
os._exit(0)  # SharedInformer.stop() waits for one more event

"""kr8s: discovery with slashes, objects, wait, scale, logs. Prints a line for each behaviour that was shown."""

import kr8s
from kr8s.objects import ConfigMap, Deployment, Pod

api = kr8s.api()
assert api.version()["major"] == "1"
print("shown: version and discovery", flush=True)

made = ConfigMap({"metadata": {"name": "kr8s", "namespace": "default"}, "data": {"a": "1"}})
made.create()
assert made.exists()
made.patch({"data": {"b": "2"}})
assert dict(ConfigMap.get("kr8s", namespace="default").data) == {"a": "1", "b": "2"}
made.label({"by": "kr8s"})
assert [each.name for each in kr8s.get("configmaps", label_selector="by=kr8s")] == ["kr8s"]
made.delete()
assert not made.exists()
print("shown: create, get, update, patch, delete", flush=True)

labels = {"app": "kr8s"}
template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "nginx"}]}}
spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
deployment = Deployment({"metadata": {"name": "kr8s", "namespace": "default"}, "spec": spec})
deployment.create()
deployment.wait("condition=Available", timeout=60)
print("shown: Watch: a Deployment rolls out", flush=True)
deployment.scale(2)
assert Deployment.get("kr8s", namespace="default").replicas == 2
print("shown: /scale", flush=True)
pod = next(iter(Pod.list(namespace="default", label_selector=labels)))
pod.wait("condition=Ready", timeout=60)
assert list(pod.logs()) == []
print("shown: a pod runs, and has a log", flush=True)
deployment.delete()
print("done", flush=True)

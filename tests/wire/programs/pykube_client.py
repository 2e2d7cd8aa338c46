"""pykube-ng: objects, selectors, a watch. Prints a line for each behaviour that was shown."""

import pykube

api = pykube.HTTPClient(pykube.KubeConfig.from_env())
made = pykube.ConfigMap(
    api, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "pykube", "namespace": "default"}, "data": {}}
)
made.create()
made.obj["data"] = {"a": "1"}
made.update()
made.patch({"data": {"b": "2"}})
made.reload()
assert made.obj["data"] == {"a": "1", "b": "2"}, made.obj
print("shown: create, get, update, patch, delete", flush=True)
names = [each.name for each in pykube.ConfigMap.objects(api).filter(field_selector={"metadata.name": "pykube"})]
assert names == ["pykube"], names
print("shown: list: selectors", flush=True)
event = next(iter(pykube.ConfigMap.objects(api).filter(field_selector={"metadata.name": "pykube"}).watch()))
assert (event.type, event.object.name) == ("ADDED", "pykube")
print("shown: Watch", flush=True)
made.delete()
print("done", flush=True)

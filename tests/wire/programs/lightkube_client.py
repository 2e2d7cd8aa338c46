"""lightkube: typed and generic resources, patches, a watch, wait. Prints a line for each behaviour that was shown."""

from lightkube import ApiError, Client
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import ConfigMap, Pod
from lightkube.types import PatchType

client = Client(namespace="default", field_manager="lightkube")

made = client.create(ConfigMap(metadata=ObjectMeta(name="light"), data={"a": "1"}))
made.data["a"] = "2"
assert client.replace(made).data == {"a": "2"}
assert client.patch(ConfigMap, "light", {"data": {"b": "3"}}, patch_type=PatchType.MERGE).data == {"a": "2", "b": "3"}
assert client.patch(ConfigMap, "light", {"data": {"b": None}}).data == {"a": "2"}
refusal = None
try:
    client.replace(made)
except ApiError as error:
    refusal = error.status.code
assert refusal == 409, refusal
client.delete(ConfigMap, "light")
print("shown: create, get, update, patch, delete", flush=True)

for number in range(5):
    client.create(ConfigMap(metadata=ObjectMeta(name=f"light-{number}", labels={"by": "light"})))
found = [item.metadata.name for item in client.list(ConfigMap, labels={"by": "light"}, chunk_size=2)]
assert found == [f"light-{number}" for number in range(5)], found
print("shown: list: limit, continue, selectors", flush=True)
client.deletecollection(ConfigMap)
print("shown: deletecollection", flush=True)

Website = create_namespaced_resource("example.com", "v1", "Website", "websites")
site = client.create(Website(metadata={"name": "light"}, spec={}))
assert site.spec == {"size": 1}, site.spec
status = client.patch(Website.Status, "light", {"status": {"size": 1}}, patch_type=PatchType.MERGE)
assert status.status == {"size": 1}
client.delete(Website, "light")
print("shown: custom resources: defaults, status", flush=True)

labels = {"app": "light"}
template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": "nginx"}]}}
spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template}
client.create(Deployment.from_dict({"metadata": {"name": "light"}, "spec": spec}))
client.wait(Deployment, "light", for_conditions=["Available"])
for event, obj in client.watch(Pod, labels=labels, server_timeout=30):
    assert event == "ADDED"
    assert list(client.log(obj.metadata.name)) == []
    break
client.delete(Deployment, "light")
print("shown: Watch: a Deployment rolls out", flush=True)
print("done", flush=True)

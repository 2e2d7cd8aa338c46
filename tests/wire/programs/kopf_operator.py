"""A kopf operator's normal life: finalizers, an owned ConfigMap, status, a deletion that is handled."""

import kopf


@kopf.on.startup()
def configure(settings: kopf.OperatorSettings, **_):
    settings.batching.error_delays = [1]
    settings.posting.level = 0


@kopf.on.create("example.com", "v1", "websites")
@kopf.on.update("example.com", "v1", "websites", field="spec")
async def reconcile(spec, name, namespace, body, patch, **_):
    import asyncio

    import kubernetes

    kubernetes.config.load_kube_config()
    api = kubernetes.client.CoreV1Api()
    child = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": {"size": str(spec["size"])},
    }
    kopf.adopt(child, owner=body)

    def write():
        try:
            api.create_namespaced_config_map(namespace, child)
        except kubernetes.client.ApiException as error:
            if error.status != 409:
                raise
            api.replace_namespaced_config_map(name, namespace, child)

    await asyncio.to_thread(write)
    patch.status["size"] = spec["size"]
    kopf.event(body, type="Normal", reason="Reconciled", message=f"size {spec['size']}")


@kopf.on.delete("example.com", "v1", "websites")
async def cleaned(name, namespace, **_):
    import asyncio

    import kubernetes

    kubernetes.config.load_kube_config()
    api = kubernetes.client.CoreV1Api()
    body = {"metadata": {"name": f"{name}-gone"}}
    await asyncio.to_thread(api.create_namespaced_config_map, namespace, body)

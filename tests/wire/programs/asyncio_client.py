"""kubernetes-asyncio: calls, a watch, and a log. Prints a line for each behaviour that was shown."""

import asyncio

from kubernetes_asyncio import client, config, watch

NAMESPACE = "default"


async def main() -> None:
    await config.load_kube_config()
    async with client.ApiClient() as api:
        core = client.CoreV1Api(api)
        body = {"metadata": {"name": "asynchronous"}, "data": {"a": "1"}}
        await core.create_namespaced_config_map(NAMESPACE, body)
        patched = await core.patch_namespaced_config_map("asynchronous", NAMESPACE, {"data": {"b": "2"}})
        assert patched.data == {"a": "1", "b": "2"}
        print("shown: create, get, update, patch, delete", flush=True)
        await core.create_namespaced_config_map(NAMESPACE, {"metadata": {"name": "dry"}}, dry_run="All")
        names = [item.metadata.name for item in (await core.list_namespaced_config_map(NAMESPACE)).items]
        assert "dry" not in names
        assert "asynchronous" in names
        print("shown: dry run", flush=True)

        async def delete_soon() -> None:
            await asyncio.sleep(1)
            await core.delete_namespaced_config_map("asynchronous", NAMESPACE)

        task = asyncio.create_task(delete_soon())
        selector = "metadata.name=asynchronous"
        seen = []
        async with watch.Watch() as stream:
            options = {"field_selector": selector, "timeout_seconds": 30}
            async for event in stream.stream(core.list_namespaced_config_map, NAMESPACE, **options):
                seen.append(event["type"])
                if event["type"] == "DELETED":
                    break
        await task
        assert seen == ["ADDED", "DELETED"], seen
        print("shown: Watch", flush=True)
    print("done", flush=True)


asyncio.run(main())

"""Missing cache sync: a vault keeper that purges orphans at its start before it knows who has owners.

The bug: at its start it waits for one of its two caches, and gives the other a moment, which is usually enough. If the
list of accounts takes longer, every vault looks like an orphan and is deleted; the accounts say that theirs was made,
so nobody makes it again. Real case: Scylla's operator took its remote caches for synced at boot, and its purge cascaded
to data.

Weather: a restart during which the list of accounts is late.
Caught by: `converges` (the vault is missing).
The twin waits for both caches, and asks for the account, live, before it deletes.
"""

import contextlib
from typing import Any

from reference_impl.errors import AlreadyExists, ApiError, NotFound
from reference_impl.runtime import Client, Component, Informer, Signal
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import API, NAMESPACE, config_map, custom, definition, patch, sleep

Json = dict[str, Any]
RETRY_S = 1.0
WARM_UP_S = 0.01


class Keeper:
    """Opens a vault for each account and keeps its label right; purges vaults without an account when it starts."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.changed = Signal()
        self.vaults = client.informers.informer_for("v1", "ConfigMap", labels="vault=yes")
        self.accounts: Informer
        """Made on first use, as controller-runtime's caches are."""

    async def run(self) -> None:
        self.vaults.add_handler(lambda *_: self.changed.set())
        await self.vaults.wait_synced()
        self.accounts = self.client.informers.informer_for(API, "Account")
        self.accounts.add_handler(lambda *_: self.changed.set())
        await self.wait_for_accounts()
        await self._purge()
        while True:
            try:
                for account in self.accounts.list():
                    await self._keep(account)
            except ApiError:
                await self.client.sleep(RETRY_S)
                continue
            await self.changed.wait()
            self.changed.clear()

    async def wait_for_accounts(self) -> None:
        await self.client.sleep(WARM_UP_S)

    async def is_gone(self, account: str) -> bool:
        return self.accounts.get(account, NAMESPACE) is None

    async def _purge(self) -> None:
        """Best effort: what cannot be deleted now is left for the next start."""
        for vault in self.vaults.list():
            metadata = vault["metadata"]
            try:
                if await self.is_gone(vault["data"]["account"]):
                    await self.client.delete("v1", "ConfigMap", metadata["name"], NAMESPACE, uid=metadata["uid"])
            except ApiError:
                continue

    async def _keep(self, account: Json) -> None:
        name, owner = account["metadata"]["name"], account["spec"]["owner"]
        if not (account.get("status") or {}).get("opened"):
            await self._open(name, owner)
            return
        vault = self.vaults.get(f"vault-{name}", NAMESPACE)
        if vault is not None and vault["data"]["owner"] != owner:
            try:
                body = {"data": {"owner": owner}}
                await self.client.patch("v1", "ConfigMap", f"vault-{name}", NAMESPACE, body=body)
            except NotFound:
                return

    async def _open(self, name: str, owner: str) -> None:
        metadata = {"name": f"vault-{name}", "labels": {"vault": "yes"}}
        with contextlib.suppress(AlreadyExists):
            await self.client.create(config_map(metadata, {"account": name, "owner": owner}))
        status = {"status": {"opened": True}}
        await self.client.patch(API, "Account", name, NAMESPACE, body=status, subresource="status")


class PatientKeeper(Keeper):
    async def wait_for_accounts(self) -> None:
        await self.accounts.wait_synced()

    async def is_gone(self, account: str) -> bool:
        if self.accounts.get(account, NAMESPACE) is not None:
            return False
        try:
            await self.client.live.get(API, "Account", account, NAMESPACE)
        except NotFound:
            return True
        return False


def wrong(client: Client) -> Component:
    return Component("keeper", Keeper(client).run)


def fixed(client: Client) -> Component:
    return Component("keeper", PatientKeeper(client).run)


ENTRY = Entry(
    id="sweep-before-sync",
    property="converges",
    faults=("crash", "time_travel", "late_commit", "latency"),
    bug="https://github.com/scylladb/scylla-operator/issues/2492",
    tags=("cache not synced",),
    wrong=wrong,
    fixed=fixed,
    manifests=(
        definition("Account", {"owner": {"type": "string"}}, {"opened": {"type": "boolean"}}),
        custom("Account", "ada", {"owner": "Byron"}),
    ),
    trial_options={
        "workload": [*(patch("Account", "ada", {"owner": name}) for name in ("King", "Lovelace", "Noel")), sleep(10)]
    },
)

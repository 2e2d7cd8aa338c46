"""Time travel: a runner controller that takes a default out of a spec again, because it does not know it any more.

The bug: what a user left out of a spec is filled in from a ConfigMap of defaults, and taken out when there is no such
default. After a restart onto a server that has fallen behind there is none yet, so the field goes, and comes back a
little later: two new generations that nobody asked for, for everybody who watches. Real case: the webhook and the
controllers of GitHub's actions-runner-controller rewrote each other's defaults up to generation 50,597.

Weather: a restart onto a server that lags.
Caught by: `generation_follows_users`. The end state is right.
The twin fills in what is empty, and leaves what is filled.
"""

from typing import Any

from reference_impl.errors import NotFound
from reference_impl.runtime import Client, Controller, Request, Watch
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.manifests import (
    API,
    NAMESPACE,
    config_map,
    create,
    custom,
    definition,
    is_deleting,
    patch,
    sleep,
)

Json = dict[str, Any]
DEFAULTS = "runner-defaults"


class UndoesItsDefaults:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def reconcile(self, request: Request) -> None:
        try:
            # Live: a pass that went by an old spec would fill in what a user has filled meanwhile.
            runner = await self.client.live.get(API, "Runner", request.name, request.namespace)
            if is_deleting(runner):
                return
            image, wanted = runner["spec"].get("image"), await self.default()
            if image != wanted and self.may_write(image):
                runner = await self.client.update({**runner, "spec": {**runner["spec"], "image": wanted}})
            status = {"image": runner["spec"].get("image"), "size": runner["spec"]["size"]}
            if runner.get("status") != status:
                await self.client.update_status({**runner, "status": status})
        except NotFound:
            return

    async def default(self) -> str | None:
        try:
            defaults = await self.client.get("v1", "ConfigMap", DEFAULTS, NAMESPACE)
        except NotFound:
            return None
        return str(defaults["data"]["image"])

    def may_write(self, image: str | None) -> bool:
        return True


class FillsWhatIsEmpty(UndoesItsDefaults):
    def may_write(self, image: str | None) -> bool:
        return not image


def _runners(defaults: Json) -> list[Request]:
    return [Request(NAMESPACE, "ci")] if defaults["metadata"]["name"] == DEFAULTS else []


def wrong(client: Client) -> Controller:
    return _controller(UndoesItsDefaults(client))


def fixed(client: Client) -> Controller:
    return _controller(FillsWhatIsEmpty(client))


def _controller(reconciler: UndoesItsDefaults) -> Controller:
    return Controller(
        name="runner",
        reconcile=reconciler.reconcile,
        watches=[Watch(API, "Runner"), Watch("v1", "ConfigMap", map=_runners)],
    )


_FIELDS: dict[str, Json] = {"size": {"type": "integer"}, "image": {"type": "string", "nullable": True}}

ENTRY = Entry(
    id="defaults-its-own-spec",
    property="generation_follows_users",
    faults=("time_travel", "stale_read"),
    bug="https://github.com/actions/actions-runner-controller/issues/1643",
    tags=("time travel", "generation"),
    wrong=wrong,
    fixed=fixed,
    manifests=(definition("Runner", _FIELDS, _FIELDS), custom("Runner", "ci", {"size": 1})),
    trial_options={
        "workload": [
            *(patch("Runner", "ci", {"size": size}) for size in (2, 3)),
            sleep(1),
            create(config_map({"name": DEFAULTS}, {"image": "runner:1"})),
            sleep(30),
        ],
        "built_ins": "none",
        "properties": ("generation_follows_users", "converges", "no_panic", "no_hot_loop"),
    },
)

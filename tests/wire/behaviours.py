"""Which client shows which behaviour: what `docs/wire.md` says, and what the tests of this folder run.

A Python client's program prints "shown: BEHAVIOUR" as it goes, and must show what is listed here, no more and no less.
"""

from typing import Final

CRUD: Final = "create, get, update, patch, delete"
PAGES: Final = "list: limit, continue, selectors"
MANY: Final = "deletecollection"
ROLLOUT: Final = "Watch: a Deployment rolls out"
WATCH: Final = "Watch"
SCALE: Final = "/scale"
LOG: Final = "a pod runs, and has a log"
CUSTOM: Final = "custom resources: defaults, status"
DRY_RUN: Final = "dry run"
LIFE: Final = "an operator's life: finalizer, owned object, status, Event, deletion"
OWNED: Final = "an operator's life: owned objects, growth, deletion in cascade"
ELECTION: Final = "leader election"
PROTOBUF: Final = "protobuf bodies"
WEBHOOKS: Final = "serves admission webhooks: mutating, validating, warnings"
KILLED: Final = "kill -9 at a write of one's choice, restart, another instance"

PROGRAMS: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "kubernetes 37": (
        "kubernetes",
        "kubernetes_client.py",
        (
            CRUD, PAGES, MANY, LOG, "DELETE of a pod answers the pod", ROLLOUT, SCALE, "dynamic client",
            "SharedInformer", ELECTION,
        ),
    ),
    "kubernetes-asyncio 36": ("kubernetes_asyncio", "asyncio_client.py", (CRUD, DRY_RUN, WATCH)),
    "lightkube 1.0": ("lightkube", "lightkube_client.py", (CRUD, PAGES, MANY, CUSTOM, ROLLOUT)),
    "kr8s 0.20": ("kr8s", "kr8s_client.py", ("version and discovery", CRUD, ROLLOUT, SCALE, LOG)),
    "pykube-ng 23": ("pykube", "pykube_client.py", (CRUD, "list: selectors", WATCH)),
}  # fmt: skip
"""Client -> (module to import, program, behaviours)."""


def shown() -> dict[str, tuple[str, ...]]:
    """Client -> behaviours, of all tests."""
    from tests.wire import test_dask_operator, test_go_operator, test_helm, test_kopf, test_kubectl

    found = {"kopf 1.45": test_kopf.BEHAVIOURS, "dask-kubernetes 2026.3": test_dask_operator.BEHAVIOURS}
    found |= {client: behaviours for client, (_, _, behaviours) in PROGRAMS.items()}
    found |= {f"kubectl {version}": tuple(test_kubectl.STEPS) for version in test_kubectl.VERSIONS}
    found["Helm 4"] = test_helm.BEHAVIOURS
    found["Go: controller-runtime 0.25"] = test_go_operator.BEHAVIOURS
    return found


def table() -> str:
    """The table of `docs/wire.md`."""
    clients = shown()
    behaviours = dict.fromkeys(each for listed in clients.values() for each in listed)
    lines = ["| behaviour | " + " | ".join(clients) + " |", "|---" * (len(clients) + 1) + "|"]
    for behaviour in behaviours:
        cells = ["yes" if behaviour in listed else "" for listed in clients.values()]
        lines.append(f"| {behaviour} | " + " | ".join(cells) + " |")
    return "\n".join(lines)

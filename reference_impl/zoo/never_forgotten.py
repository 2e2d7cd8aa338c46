"""Cache corruption: a scheduler that keeps a pod in its books although the bind has failed.

The bug: before it binds, the scheduler books the pod on the node, so that the next decision counts with it. If the bind
fails, the booking stays. The room is gone until the process dies: the very pod that failed finds the node full, of
itself. Real case: kubernetes#26043 and #28883, before there was a way to forget an assumed pod.

Weather: a bind that does not happen, for whatever reason.
Caught by: `converges` (a pod without a node, beside a node with room).
The twin forgets what it has booked as soon as it finds the pod unbound.
"""

from reference_impl.runtime import Client, Controller
from reference_impl.zoo.entry import Entry
from reference_impl.zoo.little_scheduler import LittleScheduler, controller, node, pod


class NeverForgets(LittleScheduler):
    def not_bound(self, uid: str) -> None:
        """The room comes back when the pod goes; nobody thought of a bind that fails."""


def wrong(client: Client) -> Controller:
    return controller(NeverForgets(client))


def fixed(client: Client) -> Controller:
    return controller(LittleScheduler(client))


ENTRY = Entry(
    id="never-forgotten",
    property="converges",
    faults=(
        "throttled",
        "refused",
        "not_ready",
        "server_error",
        "permission_revoked",
        "admission_denied",
        "apiserver_crash",
        "partition",
    ),
    bug="https://github.com/kubernetes/kubernetes/issues/26043",
    tags=("forgotten state",),
    wrong=wrong,
    fixed=fixed,
    manifests=(node("n1"), pod("web")),
    trial_options={"workload": [], "built_ins": "none"},
)

"""The built-in controllers, by the name under which a trial or a control plane starts them.

    replicaset, deployment                   how many pods, of which template
    statefulset, job                         pods with identity, pods that end
    endpointslice, load-balancer, disruption what follows from pods: addresses, outside balancers, budgets
    garbage-collector, namespace             what goes when its owner or its Namespace goes
    node-lifecycle, scheduler                nodes that fall silent, and where pods go

Each is a factory: it gets a Client and returns what one process runs. None calls another: they write to the API server
and hear from it. Kubelets are made per node: `reference_impl.kubelet.kubelet(node_name)`.
"""

from collections.abc import Callable, Sequence

from reference_impl.controllers.deployment import deployment
from reference_impl.controllers.disruption import disruption
from reference_impl.controllers.endpointslice import endpointslice
from reference_impl.controllers.garbage_collector import garbage_collector
from reference_impl.controllers.job import job
from reference_impl.controllers.load_balancer import load_balancer
from reference_impl.controllers.namespace import namespace
from reference_impl.controllers.node_lifecycle import node_lifecycle
from reference_impl.controllers.replicaset import replicaset
from reference_impl.controllers.statefulset import statefulset
from reference_impl.runtime import Client, Controller, Part

Factory = Callable[[Client], Part | Sequence[Part]]


def scheduler(client: Client) -> Controller:
    """Factory of the scheduler: a package of its own, which builds on modules of this one."""
    from reference_impl.scheduler import scheduler as factory

    return factory(client)


CONTROLLERS: dict[str, Factory] = {
    "replicaset": replicaset,
    "deployment": deployment,
    "garbage-collector": garbage_collector,
    "namespace": namespace,
    "node-lifecycle": node_lifecycle,
    "scheduler": scheduler,
    "statefulset": statefulset,
    "job": job,
    "endpointslice": endpointslice,
    "load-balancer": load_balancer,
    "disruption": disruption,
}
"""Adding a controller: its module here, and its line in this table. Kinds refer to these names."""

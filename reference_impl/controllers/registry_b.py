"""Built-in controllers, second half: name to factory. `controllers/__init__.py` joins the halves."""

from collections.abc import Callable, Sequence

from reference_impl.controllers.disruption import disruption
from reference_impl.controllers.endpointslice import endpointslice
from reference_impl.controllers.job import job
from reference_impl.controllers.load_balancer import load_balancer
from reference_impl.controllers.statefulset import statefulset
from reference_impl.runtime import Client, Part

Factory = Callable[[Client], Part | Sequence[Part]]

CONTROLLERS_B: dict[str, Factory] = {
    "statefulset": statefulset,
    "job": job,
    "endpointslice": endpointslice,
    "load-balancer": load_balancer,
    "disruption": disruption,
}

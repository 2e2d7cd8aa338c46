"""The kubelet: one process a node, that runs the pods bound to it and says how they are.

kubelet.py      the program: what it hears, its queue, the state machine of one pod
containers.py   the container runtime of the node: an outside world that survives the process
pod_status.py   what a pod's status ought to say · pod_runs.py   how long its containers run
node_agent.py   the Node object and its heartbeats
"""

from reference_impl.kubelet.kubelet import kubelet

__all__ = ["kubelet"]

"""A reference control plane one could run by itself: store, API server, runtime, controllers, scheduler, kubelets.

It knows nothing of tests or faults. Its transport, clock and randomness are arguments (`environment.py`): real by
default (`plane.py`), the harness passes its own. Components never call each other: they send commands to an API server
and hear events from it.
"""

SEATRIAL_DISTRIBUTION = "seatrial"
"""Marks this package as part of the distribution, so that a user's folder of the same name is noticed."""

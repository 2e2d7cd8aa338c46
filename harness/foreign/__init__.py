"""Trials of foreign processes: the same world, in real time, behind the Kubernetes API over HTTP."""

"""Planes that are wrong on purpose: API servers and stores with a real bug, under a controller that is right.

One file an entry, as in the folder above; `notes.py` has the controllers that most of them run. A variant is a small
subclass of the reference's own class: what it overrides is the bug.
"""

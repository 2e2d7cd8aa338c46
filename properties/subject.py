"""Is what a property speaks of there at all, and who is who in a view.

A property that looks at a view without its subject proves nothing there, and says so with `ABSENT` (an `unknown`): a
claim that was never judged with its subject present in any example must not be printed as holding. The subject of an
obligation ("deletions finish") is the world at rest, in which anything unfinished would have shown. The subject of a
prohibition ("nobody deletes what he never saw") is an actor who acts: each command of a component is an occasion on
which it could have broken the rule, whether or not it deletes anything. Facts of fair weather do not narrow that: what
a controller deletes only in a storm is what prohibitions are for.

Facts are what fair weather showed (`harness/trial.py`); a trial that has none yet is taken to have everything.
"""

from typing import Any

from harness.contract import Change, Judgement, SentRequest, View
from reference_impl.objects import is_deleting

ABSENT = Judgement.unknown("what it speaks of was not there")
"""Proves nothing: no subject in this view. One shared object, because it is the answer at nearly every commit."""

GARBAGE_COLLECTOR = "garbage"
KUBELET = "kubelet"
"""How built-in components' names begin, by which properties know who does what (`kubelet-node-0`)."""

CONTAINERS = "containers/"
"""How the names of the nodes' container runtimes begin, which are outside systems (`containers/node-0`)."""

USER = "user"
"""Who performs the workload."""

_NAMESPACE_CONTROLLERS = ("namespace", "namespace-controller", "namespace_controller")


def has_kind(trial: Any, *kinds: str) -> bool:
    """Did an object of one of these kinds exist in fair weather?"""
    facts = getattr(trial, "facts", None)
    return facts is None or any(kind in kinds for _, kind in facts.kinds)


def has_outside_system(trial: Any) -> bool:
    facts = getattr(trial, "facts", None)
    return facts is None or any(
        is_outside(name) for component in facts.components for name in component.external_systems
    )


def has_writers(trial: Any) -> bool:
    """Did any component change anything in fair weather? Who only looks on cannot do wrong by writing."""
    facts = getattr(trial, "facts", None)
    return facts is None or any(component.kinds_written for component in facts.components)


def is_outside(system: str) -> bool:
    """Not a node's container runtime: that is its kubelet's, and outlives a node that was cut off."""
    return not system.startswith(CONTAINERS)


def has_controllers(trial: Any) -> bool:
    """Does anyone reconcile? Foreign processes do so out of our sight."""
    facts = getattr(trial, "facts", None)
    return facts is None or any(component.controllers for component in facts.components)


def has_electors(trial: Any) -> bool:
    facts = getattr(trial, "facts", None)
    return facts is None or any(component.elects for component in facts.components)


def has_component(trial: Any, start: str) -> bool:
    """Is there a component, built in or under test, whose name begins so?"""
    facts = getattr(trial, "facts", None)
    if facts is None:
        return True
    names = (*facts.built_ins, *(component.name for component in facts.components))
    return any(name.startswith(start) for name in names)


def is_program(view: View, component: str) -> bool:
    """A component, under test or built in; not the user, nor the weather."""
    return any(c.name == component for c in view.components())


def is_act(change: Change | None) -> bool:
    """Did anyone but the user bring this commit about? Cheap: asked at every commit."""
    return change is not None and change.component != USER


def is_command(sent: SentRequest | None) -> bool:
    """Does anyone but the user send this, to change something? Cheap: asked at every request."""
    return sent is not None and sent.component != USER and not sent.request.is_read and not sent.request.dry_run


def is_create(view: View, sent: SentRequest) -> bool:
    """Would this make a new object: a create, or an apply of what is not there?"""
    request = sent.request
    if request.subresource is not None:
        return False
    if request.verb == "patch" and request.patch_type == "apply" and request.name is not None:
        return view.get(request.api_version, request.kind, request.name, request.namespace) is None
    return request.verb == "create"


def is_under_test(view: View, component: str) -> bool:
    return any(c.name == component and c.under_test for c in view.components())


def program_of(view: View, component: str) -> str:
    """The name under which all copies of a component count as one ("website" of "website-1")."""
    copy = next((c for c in view.components() if c.name == component), None)
    return component.removesuffix(f"-{copy.instance}") if copy is not None and copy.instance else component


def lives(view: View, start: str) -> bool:
    """Does a component whose name begins so run now?"""
    return any(c.alive and c.name.startswith(start) for c in view.components())


def namespace_controller_lives(view: View) -> bool:
    return any(c.alive and c.name in _NAMESPACE_CONTROLLERS for c in view.components())


def is_cascade(component: str) -> bool:
    """Does it delete on behalf of a deletion that someone else asked for (garbage collector, namespace controller)?"""
    return component.startswith(GARBAGE_COLLECTOR) or component in _NAMESPACE_CONTROLLERS


def is_full_rest(view: View) -> bool:
    """At the first rest with nobody dead, or at the rest after the dead came back.

    What a dead component left undone is its successor's work: no fault, until that had its chance. Those who are
    alive at the first rest are not restarted before the second, so a missing watch stays visible.
    """
    if not view.at_rest:
        return False
    return view.phase == "restarted" or (view.phase == "rest" and all(c.alive for c in view.components()))


def final_rest(view: View) -> bool:
    """At either full rest, or at the end of a run that never came to rest: for what must be true of any history."""
    return view.phase == "end" or is_full_rest(view)


def is_deletion(change: Change) -> bool:
    """A delete command took effect: it removed the object, or marked it first as deleting.

    A removal by the update that drops the last finalizer is no new decision to delete, and `deletecollection` names
    nothing in particular.
    """
    if change.verb != "delete" or change.before is None:
        return False
    return change.after is None or (is_deleting(change.after) and not is_deleting(change.before))

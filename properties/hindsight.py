"""Does a sender go by an older spec of an owner than an earlier life of it has seen?

After a restart a process may first see the past: its caches fill from a replica that lags. It forgets what its earlier
lives saw; we do not (design: "what the writer could know").
"""

from harness.contract import Change, ObjectRef, View
from reference_impl.objects import uid_of
from reference_impl.protocol import JsonObject


def went_back(view: View, change: Change, owner: JsonObject) -> bool:
    """Did the sender know less of this owner's present spec than an earlier life of it? A live read covers it."""
    ref = ObjectRef.to(owner)
    name = (change.component, ref.api_version, ref.kind, ref.name, ref.namespace)
    ever, now = view.ever_observed_spec(*name), view.observed(*name)
    if ever is None or now is None or uid_of(ever) != uid_of(owner):
        return False
    if _generation(ever) != _generation(owner):
        return False  # what it once saw is not the present spec either, so nobody can say what that one required
    if uid_of(now) == uid_of(ever) and _generation(now) >= _generation(ever):
        return False
    born = spec_change(view, owner)
    if born is None or born.step > change.request.step:
        return False
    read = view.live_read(*name)
    return read is None or read < born.revision


def spec_change(view: View, owner: JsonObject) -> Change | None:
    """The commit that gave the owner its present spec; None if we did not see it."""
    ref, found = ObjectRef.to(owner), None
    for change in view.changes():
        if change.ref != ref or change.after is None or uid_of(change.after) != uid_of(owner):
            continue
        if change.before is None or _generation(change.before) != _generation(change.after):
            found = change
    seen = found is not None and found.after is not None and _generation(found.after) == _generation(owner)
    return found if seen else None


def _generation(obj: JsonObject) -> int:
    return int(obj["metadata"].get("generation") or 0)

"""What the sender of a request had seen of an object by the time that counts for the request.

That time is not the instant of sending. A reconcile reads, waits for answers and then writes; an event that arrives in
between changes what its process knows and not what this pass goes by, so holding it against the pass would blame every
correct controller; and what an earlier pass read live to get a status through is not kept (the next pass reads its
cache, as client-go's controllers do). What counts: events delivered before the pass began, and whatever the pass itself
read or was answered. The harness knows the passes and their order, so the view is asked.
"""

from harness.contract import SentRequest, View


def knew(view: View, sent: SentRequest, uid: str, revision: int = 0) -> bool:
    """Had the pass that sent this seen the object of this uid, at `revision` or later?"""
    return view.knew(sent, uid, revision)

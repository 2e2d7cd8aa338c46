"""What a component asked of API servers, and what it was told: read from the trace, for properties that count requests.

Commits show only what had an effect. Whoever asks in vain, or again and again, shows in requests alone.
"""

from collections.abc import Iterable, Mapping

from harness.contract import RequestRecord
from harness.trace import TraceEvent


def requests_of(events: Iterable[TraceEvent], component: str, passes: Mapping[int, str]) -> list[RequestRecord]:
    """In the order in which they were sent, all lives.

    Args:
        passes: of reconcile passes, by the step at which they began, what they were about.
    """
    found: dict[int, RequestRecord] = {}
    heard = 0
    for event in events:
        if event.component != component:
            continue
        if event.kind == "event":
            heard += 1
        elif event.kind == "request":
            data = event.data
            found[event.step] = RequestRecord(
                incarnation=data["incarnation"],
                verb=data["method"],
                object=event.object,
                subresource=data["subresource"] or "",
                sent_s=event.time_s,
                step=event.step,
                during=passes.get(data["reconcile"], "") if data["reconcile"] is not None else "",
                heard=heard,
            )
        elif event.kind == "reply" and event.caused_by and event.caused_by[0] in found:
            record = found[event.caused_by[0]]
            record.answered_s, record.code, record.error = event.time_s, event.data["code"], event.data["error"]
    return list(found.values())

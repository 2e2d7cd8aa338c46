"""Whoever is not answered asks less and less often: an outage is not hammered at, and no herd is there when it ends.

Looked at is an *outage* as one life of a component sees it: from a request that cannot be served now (connection
refused, 429, 500, 503, 504) to the last one before anything else reaches it, be it another answer or a watch event. All
that it sends meanwhile are repetitions, since nothing new can have come to it. Of one request (verb and object, and the
pass that sent it) the second half of its time in the outage is compared with the first: under exponential back-off, of
however many loops at once, few of the repetitions fall into the second half (client-go: 5 ms doubling for keys, 0.8 s
doubling for watches); at a fixed interval, half of them do. A violation is: more than `rate_max` a second in the second
half, at least `count_min` of them, and more than half of what the first half had.

Not judged: outages under `outage_min_s`; intervals of a second and more (client-go asks every two to four seconds for
a lease, unvaried); jitter, which desynchronises different clients, because times are virtual here. A request that is
sent as often where it is answered is a poll, not a retry.

Opt-in: how often is too often is a matter of size.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from harness.contract import HOLDS, Judgement, RequestRecord, View
from properties.subject import ABSENT, final_rest

_TRY_LATER: Final = (0, 429, 500, 502, 503, 504)
"""Codes of answers after which client-go's users retry; 0: the connection was refused or broke."""

_Asked = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetriesBackOff:
    name: str = "retries_back_off"
    source: str = (
        "https://sre.google/sre-book/addressing-cascading-failures/ (retries: randomized exponential backoff); "
        "https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md"
        "#http-status-codes (503, 504: exponential backoff); client-go util/workqueue default_rate_limiters.go"
    )
    voided_by: tuple[str, ...] = (
        "a request that is sent as often where it is answered (a poll)",
        "an interval of a second or more",
    )
    when: str = "at_rest"
    opt_in: bool = True
    outage_min_s: float = 10.0
    rate_max: float = 1.0
    """Of one request, a second."""
    count_min: int = 10

    def applies(self, trial: Any) -> bool:
        return True

    def judge(self, view: View) -> Judgement:
        if not final_rest(view):
            return ABSENT
        judged = False
        for component in view.components():
            if not component.under_test:
                continue
            requests = view.requests(component.name)
            for outage in _outages(requests):
                for asked, times_s in _by_request(outage).items():
                    length_s = times_s[-1] - times_s[0]
                    if length_s < self.outage_min_s:
                        continue
                    judged = True
                    late = sum(time_s > times_s[0] + length_s / 2 for time_s in times_s)
                    if self._is_fixed(late, len(times_s), length_s) and not _is_poll(requests, asked, late, length_s):
                        return _violated(component.name, asked, late, length_s)
        return HOLDS if judged else ABSENT

    def _is_fixed(self, late: int, count: int, length_s: float) -> bool:
        return late >= self.count_min and late > self.rate_max * length_s / 2 and 2 * late > count - late


def _outages(requests: list[RequestRecord]) -> Iterator[list[RequestRecord]]:
    """Longest runs of requests of one life that all could not be served, with nothing heard from first to last."""
    run: list[RequestRecord] = []
    for record in requests:
        if run and (record.incarnation, record.heard) != (run[0].incarnation, run[0].heard):
            yield run
            run = []
        if record.code in _TRY_LATER:
            run.append(record)
        elif record.answered_s is not None:
            yield run
            run = []
    yield run


def _by_request(outage: list[RequestRecord]) -> dict[_Asked, list[float]]:
    found: dict[_Asked, list[float]] = {}
    for record in outage:
        found.setdefault(_asked(record), []).append(record.sent_s)
    return found


def _asked(record: RequestRecord) -> _Asked:
    return (record.verb, record.object, record.subresource, record.during)


def _is_poll(requests: list[RequestRecord], asked: _Asked, count: int, length_s: float) -> bool:
    """Was it ever sent as often in as long a time, and answered?"""
    answered = [each.sent_s for each in requests if _asked(each) == asked and each.code not in (None, *_TRY_LATER)]
    ends = zip(answered, answered[count - 1 :], strict=False)
    return any(last - first <= length_s / 2 for first, last in ends)


def _violated(component: str, asked: _Asked, count: int, length_s: float) -> Judgement:
    verb, name, subresource, during = asked
    what = f"{verb} of {name}{f' ({subresource})' if subresource else ''}"
    where = f" in its pass over {during.partition(' ')[2]}" if during else ""
    reason = (
        f"{component} sent the {what}{where} {count} times in the last {length_s / 2:.0f} s of an outage of "
        f"{length_s:.0f} s, hardly less often than in the first: it does not back off"
    )
    return Judgement.violated(reason, key=f"{name.partition('/')[0]} {component}")

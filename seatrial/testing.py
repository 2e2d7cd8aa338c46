"""For authors of plug-ins: is my fault, my property, my controller what seatrial expects?

    from seatrial.testing import check_controller, check_fault, check_property

    def test_my_fault_is_a_fault():
        check_fault(MyFault())

Each raises one `AssertionError` that lists everything that is wrong, so that a plug-in is right in one round. They show
the *shape* to be right, and what can be shown without knowing what the plug-in is for: that a fault is a function of
what it drew, that a claim does not fail on an empty cluster. Whether a claim is true is shown by tests of its own.
"""

import json
import random
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from harness.contract import Fault, Judgement, Message, Moment, Property, Verdict, View
from harness.trial import Trial
from harness.weather import Drawing
from reference_impl.protocol import ApiRequest
from seatrial.empty_world import EmptyView, SamplePlane
from seatrial.sights import observer

if TYPE_CHECKING:
    from harness.outcome import Outcome

WHEN = ("always", "at_rest", "eventually", "sometimes")
OCCASIONS = frozenset({"request", "create", "update", "delete"})
REST_PHASES = ("rest", "restarted", "resync", "relist", "restart")
PLUG_IN_NAME = re.compile(r"[a-z][a-z0-9_]*")
SEEDS = range(3)


def check_fault(fault: Fault, *, occasions: Iterable[Message | Moment] = ()) -> None:
    """Is this a fault? Shows it sample messages and moments, and `occasions` that its author adds.

    Raises:
        AssertionError: it lists what is wrong: a missing attribute, `obliged` without `legal`, an answer of the wrong
            type, a verdict that does not follow from the values drawn, or a fault that strikes none of the occasions.
    """
    problems = [*_name_problems(fault), *_attribute_problems(fault, {"legal": bool, "obliged": bool, "source": str})]
    if not problems:
        if fault.obliged and not fault.legal:
            problems.append("obliged=True with legal=False: nobody has to recover from what cannot happen")
        problems += _strike_problems(fault, [*sample_occasions(), *occasions])
    _conclude(fault, problems)


def check_property(claim: Property, *, views: Iterable[View] = (), trial: Any = None) -> None:
    """Is this a property? Judges an empty world at every phase, and `views` that its author adds, each twice.

    Args:
        trial: what `applies` is asked about; default: a controller that watches and does nothing.

    Raises:
        AssertionError: it lists what is wrong: a missing attribute, an unknown `when` or `on`, something other than a
            `Judgement`, two judgements of one view that differ, or a violation in an empty world.
    """
    problems = [*_name_problems(claim), *_attribute_problems(claim, {"source": str, "voided_by": tuple, "when": str})]
    if not problems:
        if claim.when not in WHEN:
            problems.append(f"when={claim.when!r} is none of {', '.join(WHEN)}")
        unknown = sorted(frozenset(getattr(claim, "on", ())) - OCCASIONS)
        if unknown:
            problems.append(f"on={unknown} would never come: use {', '.join(sorted(OCCASIONS))}")
        trial = trial or Trial(controllers=[observer])
        applies: object = claim.applies(trial)
        if not isinstance(applies, bool):
            problems.append(f"applies() answered {applies!r}, not a bool")
        for phase in _phases(claim):
            empty = EmptyView(phase, trial)
            problems += _judgement_problems(claim, empty, f"an empty world at phase {phase!r}", may_be_violated=False)
        for number, view in enumerate(views):
            problems += _judgement_problems(claim, view, f"views[{number}]", may_be_violated=True)
    _conclude(claim, problems)


def check_controller(
    factory: Callable[..., Any], *, manifests: Iterable[Any] = (), examples: int = 20, **options: Any
) -> "Outcome":
    """Can this controller be tried, does it work in fair weather, and is it a function of its inputs?

    Runs a short trial twice. `options` are those of `Trial`.

    Raises:
        TrialFailed, TrialInconclusive: what `check` says.
        AssertionError: the two runs differ, although a trial is a pure function of its inputs.
        UsageError: the trial cannot be built.
    """
    from harness.check import check

    def once() -> "Outcome":
        return check(Trial(controllers=[factory], manifests=tuple(manifests_given), **options), examples=examples)

    manifests_given = tuple(manifests)
    first, second = _timeless(outcome := once()), _timeless(once())
    differing = sorted(name for name in first if first[name] != second[name])
    if differing:
        raise AssertionError(
            f"{factory!r}: two runs of one trial differ in {', '.join(differing)}. The usual causes are iteration over "
            "a set, state kept between runs, and threads."
        )
    return outcome


def sample_occasions() -> Iterator[Message | Moment]:
    """One message of every phase for the verbs that matter, and a moment, all in an otherwise empty world."""
    for verb in ("get", "list", "create", "update", "patch", "delete"):
        for phase in ("request", "reply"):
            yield _sample(phase, verb)
    for event_type in ("ADDED", "MODIFIED", "DELETED", "BOOKMARK"):
        yield _sample("event", event_type)
    for verb in ("get", "list", "create", "update", "delete"):
        for phase in ("external_request", "external_reply"):
            yield _sample(phase, verb)
    yield Moment(step=0, time_s=0.0, plane=SamplePlane())


def _sample(phase: str, verb: str) -> Message:
    external = phase.startswith("external")
    kind, api_version = ("cloud", "external") if external else ("ConfigMap", "v1")
    namespace = None if external else "default"
    request = None
    if phase in ("request", "reply"):
        request = ApiRequest(verb=verb, api_version=api_version, kind=kind, namespace=namespace, name="sample")
    return Message(
        phase=phase,
        component="sample",
        under_test=True,
        server=kind if external else "apiserver-0",
        verb=verb,
        api_version=api_version,
        kind=kind,
        namespace=namespace,
        name="sample",
        subresource=None,
        nth=1,
        committed=phase.endswith("reply") and verb not in ("get", "list"),
        request=request,
        object={
            "apiVersion": api_version,
            "kind": kind,
            "metadata": {"name": "sample", "namespace": namespace, "uid": "sample-uid", "resourceVersion": "1"},
        },
        plane=SamplePlane(),
    )


def _name_problems(plug_in: Any) -> list[str]:
    name = getattr(plug_in, "name", None)
    if not isinstance(name, str) or not PLUG_IN_NAME.fullmatch(name):
        return [f"name={name!r} cannot be typed on a command line: use lower case letters, digits and _"]
    return []


def _attribute_problems(plug_in: Any, expected: dict[str, type]) -> Iterator[str]:
    for name, kind in expected.items():
        value: Any = getattr(plug_in, name, None)
        if not isinstance(value, kind):
            yield f"{name}={value!r} is not a {kind.__name__}"
            continue
        if name == "source" and not str(value).strip():
            yield "source is empty: say who promises it (a docs page, a paper, an issue)"


def _strike_problems(fault: Fault, occasions: list[Message | Moment]) -> list[str]:
    problems: list[str] = []
    met = 0
    for occasion in occasions:
        applies: object = fault.applies(occasion)
        if not isinstance(applies, bool):
            problems.append(f"applies() answered {applies!r}, not a bool, to {_described(occasion)}")
        if applies:
            met += 1
            for seed in SEEDS:
                problems += _verdict_problems(fault, occasion, seed)
    if not met:
        problems.append(f"it applies to none of {len(occasions)} occasions: pass one that it is for as occasions=[...]")
    return list(dict.fromkeys(problems))


def _verdict_problems(fault: Fault, occasion: Message | Moment, seed: int) -> Iterator[str]:
    drawn = Drawing({}, random.Random(seed))
    verdict: object = fault.strike(occasion, drawn)
    where = _described(occasion)
    if not isinstance(verdict, Verdict):
        yield f"strike() answered {verdict!r}, not a Verdict, to {where}"
        return
    try:
        recorded = json.loads(json.dumps(drawn.values))
    except TypeError as error:
        yield f"a value drawn for {where} cannot be written to a schedule: {error}"
        return
    again = fault.strike(occasion, Drawing(recorded, random.Random(seed + 1)))
    if (again.kind, repr(again.arguments)) != (verdict.kind, repr(verdict.arguments)):
        yield (
            f"strike() answered {verdict} and then {again} to {where} with the same drawn values {recorded}: "
            "a replay would differ. Take every choice from `draw`, under one name each"
        )
    if isinstance(occasion, Message) and occasion.phase == "event" and verdict.kind.startswith("fail_"):
        yield f"{verdict.kind} on {where}: an event has no sender to answer. Use delay, hold or cut"


def _phases(claim: Property) -> Iterator[str]:
    """At which phases the harness would show an empty world to this claim."""
    if claim.when != "always":
        yield from REST_PHASES
        return
    on = frozenset(getattr(claim, "on", OCCASIONS))
    if "request" in on:
        yield "request"
    if "create" in on:
        yield "commit"


def _judgement_problems(claim: Property, view: View, where: str, *, may_be_violated: bool) -> Iterator[str]:
    judgement: object = claim.judge(view)
    if not isinstance(judgement, Judgement):
        yield f"judge() answered {judgement!r}, not a Judgement, to {where}"
        return
    if judgement != claim.judge(view):
        yield f"judge() answered differently the second time to {where}: keep no state in a property"
    if judgement.verdict == "violated" and not judgement.reason:
        yield f"it is violated without a reason in {where}: say what is wrong and with which object"
    if judgement.verdict == "violated" and not may_be_violated:
        yield f"it is violated in {where}: {judgement.reason}"


def _described(occasion: Message | Moment) -> str:
    if isinstance(occasion, Moment):
        return "a moment between user actions"
    return f"a {occasion.phase} of {occasion.verb} {occasion.kind}"


def _timeless(outcome: "Outcome") -> dict[str, Any]:
    """An outcome without wall time, and without the folders it wrote."""
    shown = outcome.to_json()
    shown.pop("wall_s", None)
    for violation in shown.get("violations", ()):
        for path in ("schedule", "trace", "report", "replay"):
            violation.pop(path, None)
    return shown


def _conclude(plug_in: Any, problems: list[str]) -> None:
    if problems:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        raise AssertionError(f"{plug_in!r} is not right yet:\n{listed}")

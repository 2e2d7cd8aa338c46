"""From a session and what was written down to one outcome, and to the exception that a test wants."""

from collections.abc import Sequence

from harness.errors import TrialFailed, TrialInconclusive
from harness.findings import Written
from harness.outcome import Outcome, PropertyVerdict, Verdict
from harness.schedule import versions
from harness.session import Session
from harness.trial import Trial


def outcome_of(
    given: Trial,
    session: Session | None,
    written: Sequence[Written],
    *,
    wall_s: float,
    fair_weather: bool = False,
    interrupted: bool = False,
    unfinished: str = "",
) -> Outcome:
    """The outcome of a search. `session` is None if it was interrupted before there was one. `unfinished`: why less was
    tried than there is to try; then nothing holds, it is unknown."""
    outcome = Outcome(
        verdict="unknown",
        fair_weather=fair_weather,
        interrupted=interrupted,
        target=given.name,
        profile=given.profile,
        seed=given.seed,
        versions=versions(),
        wall_s=wall_s,
    )
    if session is None:
        return outcome
    tally = session.tally
    outcome.examples = tally.examples
    outcome.virtual_s = tally.virtual_s
    outcome.faults_fired = dict(sorted(tally.fired.items()))
    outcome.violations = [one.violation for one in written]
    applicable = {claim.name for claim in session.plan.properties}
    outcome.not_applicable = [p.name for p in session.trial.property_objects if p.name not in applicable]
    outcome.properties = _verdicts(session, outcome)
    outcome.warnings = [*tally.warnings, *_unused_known(given, session), *([unfinished] if unfinished else [])]
    outcome.verdict = _verdict(session, outcome, unfinished)
    return outcome


def _unused_known(given: Trial, session: Session) -> list[str]:
    return [f"ignore={known} matched nothing: take it out" for known in given.ignore if known not in session.accepted]


def _verdicts(session: Session, outcome: Outcome) -> list[PropertyVerdict]:
    violated = {v.property: v.reason for v in outcome.violations}
    verdicts = []
    for claim in session.plan.properties:
        if claim.name in violated:
            verdicts.append(PropertyVerdict(name=claim.name, verdict="violated", reason=violated[claim.name]))
        elif session.tally.judged.get(claim.name):
            verdicts.append(PropertyVerdict(name=claim.name, verdict="holds"))
        else:
            reason = session.tally.unknown.get(claim.name, "never judged")
            verdicts.append(PropertyVerdict(name=claim.name, verdict="unknown", reason=reason))
    return verdicts


def _verdict(session: Session, outcome: Outcome, unfinished: str) -> Verdict:
    """Violated beats unknown beats holds (Jepsen's and Maelstrom's order)."""
    if outcome.violations:
        return "violated"
    trial = session.trial
    never_fired = [name for name in trial.faults or () if not session.tally.fired.get(name)]
    if never_fired:
        outcome.warnings.append(f"never fired, though asked for by name: {', '.join(never_fired)}")
    if not session.tally.fired:
        outcome.warnings.append("no fault fired at all: the weather never hit")
    if session.tally.restless:
        outcome.warnings.append(f"still changing at the bound, without a cycle: {session.tally.restless} example(s)")
    unknown = [p.name for p in outcome.properties if p.verdict == "unknown"]
    unsure = never_fired or not session.tally.fired or unknown or session.tally.restless or unfinished
    return "unknown" if unsure else "holds"


def raised(outcome: Outcome, raise_on_failure: bool) -> Outcome:
    if not raise_on_failure or outcome.verdict == "holds":
        return outcome
    if outcome.verdict == "violated":
        raise TrialFailed(failure_text(outcome), outcome)
    reasons = [f"{p.name}: {p.reason}" for p in outcome.properties if p.verdict == "unknown"]
    raise TrialInconclusive(
        "nobody can tell: " + ("; ".join([*outcome.warnings, *reasons]) or "no fault fired"), outcome
    )


def failure_text(outcome: Outcome) -> str:
    """The narrative of the most severe violation, the others by name, and the replay command last."""
    first, *others = outcome.violations
    label = "legal" if first.legal else "hostile: real Kubernetes does not do this"
    lines = [f"{first.property} is violated ({label}): {first.reason}", "", first.narrative]
    lines += [f"also violated: {other.property} ({other.reason})" for other in others]
    lines += ["", f"report: {first.report_path}", f"replay: {first.replay}"]
    return "\n".join(lines)

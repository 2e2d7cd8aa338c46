"""What a trial ends with: one verdict, and all that stands behind it.

Plain data that the command prints, the pytest plugin shows and CI jobs parse. `to_json` is the format of
`--format json`: its names are a contract, so they are written out here once instead of being derived from field names.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["holds", "violated", "unknown", "error"]

EXIT_CODES: dict[str, int] = {"holds": 0, "violated": 1, "unknown": 2, "error": 3}

INTERRUPTED_EXIT_CODE = 130
"""128 + SIGINT, as shells report it."""


@dataclass(slots=True, kw_only=True)
class PropertyVerdict:
    """What became of one property over all examples."""

    name: str
    verdict: str
    """holds, violated, unknown"""
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "verdict": self.verdict, "reason": self.reason}


@dataclass(slots=True, kw_only=True)
class Violation:
    """One bug, with the smallest schedule that shows it.

    `kind` is the kind of object it is about. `legal`: every fault in the schedule is something real Kubernetes does;
    `obliged`: and a level-triggered controller must recover from it. Paths are empty when nothing was written.
    """

    property: str
    kind: str
    legal: bool
    obliged: bool
    actions: int
    """Size of the shrunk schedule: workload and weather together."""
    faults: int
    workload: int
    schedule: dict[str, Any] = field(default_factory=dict)
    schedule_path: str = ""
    trace_path: str = ""
    report_path: str = ""
    replay: str = ""
    """The command to paste."""
    trace_sha256: str = ""
    reason: str = ""
    narrative: str = ""
    fault: str = ""
    """Of a campaign: the kinds of weather that are needed, as "crash+latency"."""
    call_site: str = ""
    """Of a campaign: where in the controller's code the write was sent, as
    "operators/website.py:31 in reconcile"."""
    met: int = 0
    """Of a campaign: how many of its examples showed it."""
    first_example: int = 0
    """Of a campaign: the first that did, counted from 1; 0: it took no weather."""

    def to_json(self) -> dict[str, Any]:
        of_a_campaign = {
            "fault": self.fault,
            "call_site": self.call_site,
            "met": self.met,
            "first_example": self.first_example,
        }
        return {
            "property": self.property,
            "kind": self.kind,
            "legal": self.legal,
            "obliged": self.obliged,
            "actions": self.actions,
            "faults": self.faults,
            "workload": self.workload,
            "schedule": self.schedule_path,
            "trace": self.trace_path,
            "report": self.report_path,
            "replay": self.replay,
            "trace_sha256": self.trace_sha256,
            **(of_a_campaign if self.met else {}),
        }


@dataclass(slots=True, kw_only=True)
class Outcome:
    """The result of check, sweep, campaign or replay. Properties and violations: most severe first."""

    verdict: Verdict
    properties: list[PropertyVerdict] = field(default_factory=list)
    not_applicable: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    faults_fired: dict[str, int] = field(default_factory=dict)
    examples: int = 0
    violations: list[Violation] = field(default_factory=list)
    fair_weather: bool = False
    """The violation shows without any weather: the controller does not work to begin with."""
    wall_s: float = 0.0
    virtual_s: float = 0.0
    target: str = ""
    profile: str = "kubernetes"
    seed: int = 0
    versions: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False
    pattern: str = ""
    """What was tried is held to this pattern's contract: then `properties` are its promises."""
    scope: list[str] = field(default_factory=list)
    """Of a sweep, in sentences: what was tried, at how many points what was found, and what is thereby ruled out. Of a
    campaign: at how many places weather struck."""

    @property
    def exit_code(self) -> int:
        """What the command ends with, before `--allow-unknown`."""
        return INTERRUPTED_EXIT_CODE if self.interrupted else EXIT_CODES[self.verdict]

    def to_json(self) -> dict[str, Any]:
        """The object that `--format json` prints."""
        return {
            "seatrial": 1,
            "verdict": self.verdict,
            "exit": self.exit_code,
            "target": self.target,
            "profile": self.profile,
            "seed": self.seed,
            "examples": self.examples,
            "fair_weather": self.fair_weather,
            "faults_fired": dict(self.faults_fired),
            "properties": [verdict.to_json() for verdict in self.properties],
            "not_applicable": list(self.not_applicable),
            "warnings": list(self.warnings),
            "versions": dict(self.versions),
            "violations": [violation.to_json() for violation in self.violations],
            "wall_s": round(self.wall_s, 3),
            "virtual_s": round(self.virtual_s, 3),
            "scope": list(self.scope),
            **({"pattern": self.pattern} if self.pattern else {}),
        }


def upper_bound_95(examples: int) -> float:
    """With no failure in so many independent examples, the failure rate is below this with 95 % confidence.

    The exact form of the "rule of three": `1 - 0.05 ** (1 / n)`. It speaks about the distribution that was sampled, not
    about all weather there is.

    >>> round(upper_bound_95(200), 4)
    0.0149
    """
    if examples <= 0:
        return 1.0
    return float(1.0 - 0.05 ** (1.0 / examples))

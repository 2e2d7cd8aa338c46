"""What a pytest command line says; it beats what the test's code says."""

from dataclasses import dataclass
from typing import Any

from harness.trial import Trial


@dataclass(slots=True)
class Overrides:
    """None: nothing. `nodeid` is the running test's, for the command that replays a failure."""

    examples: int | None = None
    profile: str | None = None
    seed: int | None = None
    report_dir: str | None = None
    replay: str | None = None
    nodeid: str | None = None


OVERRIDES = Overrides()


def overridden(trial: Trial) -> Trial:
    """The trial under the profile and seed of the command line."""
    changes: dict[str, Any] = {}
    if OVERRIDES.profile is not None and OVERRIDES.profile != trial.profile:
        changes["profile"] = OVERRIDES.profile
    if OVERRIDES.seed is not None and OVERRIDES.seed != trial.seed:
        changes["seed"] = OVERRIDES.seed
    return trial.replaced(**changes) if changes else trial

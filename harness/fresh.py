"""One schedule again, in a fresh process under another hash seed: what two runs in one process cannot show.

Set order is the same in all runs of one process, so a controller that leaks it passes every comparison there and fails
its user's first replay. `check` therefore runs what it reports, and one passing example in a hundred, in a process of
its own, if the trial can be written to a file at all.
"""

import os
import subprocess
import sys
from contextlib import redirect_stdout

from harness.determinism import assert_same_lines
from harness.schedule import Schedule, from_json
from harness.session import Session
from harness.trace import Trace
from harness.trial import trial_from_description
from harness.weather import Action

FRESH_WALL_S = 120.0
"""Real seconds that the fresh process may take; a slow machine is no reason to accuse a controller."""


def assert_same_in_fresh_process(
    session: Session, workload: list[Action], weather: list[Action], salt: int, trace: Trace
) -> str | None:
    """Run the schedule in a fresh process and compare bytes.

    Returns why it could not be done (the process failed, or took too long), None if it was done or the trial holds code
    that no file can. Raises NonDeterminismError if the bytes differ.
    """
    if not session.trial.portable:
        return None
    schedule = Schedule(trial=session.trial.describe(), salt=salt, workload=workload, weather=weather)
    other = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    found = os.pathsep.join(path or "." for path in sys.path)
    environment = {**os.environ, "PYTHONHASHSEED": other, "PYTHONPATH": found}
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "harness.fresh"],
            input=schedule.dumps().encode(),
            env=environment,
            capture_output=True,
            timeout=FRESH_WALL_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the fresh process took over {FRESH_WALL_S:.0f} s"
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        return f"the fresh process failed: {last[0] if last else f'exit code {done.returncode}'}"
    assert_same_lines(
        trace.to_jsonl().splitlines(), done.stdout.splitlines(), "in a fresh process under another hash seed"
    )
    return None


def main() -> None:
    """The fresh process: a schedule on stdin, its trace on stdout."""
    import json

    from harness.ambient import virtual_ambient

    schedule = from_json(json.loads(sys.stdin.buffer.read()))
    trial = trial_from_description(schedule.trial)
    # What the controller prints must not get between the lines of the trace.
    with redirect_stdout(sys.stderr), virtual_ambient(trial.factories):
        example = Session(trial).run(schedule.workload, schedule.weather, schedule.salt, kept=True)
    sys.stdout.buffer.write(example.world.trace.to_jsonl())


if __name__ == "__main__":
    main()

"""How the cost of a delivered event grows with objects, with watchers and with steps: a table and a plot.

    python -m tests.benchmarks.growth [--rounds 3] [--write docs/performance-growth.svg]

Objects: that many ReplicaSets of one pod each are created in one plane (ReplicaSet controller, scheduler, kubelets for
80 pods each, garbage collector), which comes to rest, is judged, and is held to idempotence. Watchers: that many
programs with an informer each hear of 200 changes of 10 ConfigMaps. Steps: examples of the trial that speed is measured
on, with that many steps. Processor time of one core divided by delivered events; the best of some rounds, since other
programs disturb. Figures are for reading, never for assertions.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trio

from harness.ambient import virtual_ambient
from harness.decider import Decider
from harness.example import Example
from harness.garbage import collected_between_worlds
from harness.plan import make_plan
from harness.session import Session
from harness.trial import Trial
from reference_impl.runtime import Client, Component, Informer
from tests.benchmarks.seeded import BUILT_INS, events_of, replicaset, trial

OBJECTS = (10, 100, 1000)
WATCHERS = (1, 10, 50)
STEPS = (10, 30, 100, 300)
PODS_EACH = 80
CHANGES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of one size: delivered events, and processor time for each."""

    size: int
    events: int
    us_per_event: float


def with_objects(count: int) -> tuple[int, float]:
    """(delivered events, processor seconds) of a plane with so many ReplicaSets, from empty to judged."""
    manifests = [replicaset(f"set-{number}", replicas=1) for number in range(count)]
    given = Trial([], manifests, built_ins=BUILT_INS, workload=[], nodes=max(2, count // PODS_EACH + 1))
    actions = [{"do": "create", "object": manifest, "in_flight": 20} for manifest in manifests]
    return _run(given, BUILT_INS, actions)


def with_watchers(count: int) -> tuple[int, float]:
    """The same of a plane in which so many programs watch what users write."""
    first = [_config_map(number, 0) for number in range(10)]
    given = Trial([_watcher(number) for number in range(count)], first, built_ins="none", workload=[])
    actions: list[dict[str, Any]] = [{"do": "create", "object": obj} for obj in first]
    actions += [{"do": "apply", "object": _config_map(number % 10, number)} for number in range(1, CHANGES + 1)]
    return _run(given, (), actions)


def with_steps(count: int) -> tuple[int, float]:
    """The same of examples with so many steps, fair-weather runs left out."""
    decider = Decider(Session(trial(count)))
    numbers = range(8)
    for number in numbers:  # the fair-weather runs of their workloads are then known
        decider.run(number)
    events, began_s = 0, time.process_time()
    for number in numbers:
        events += events_of(decider.run(number).world)
    return events, time.process_time() - began_s


def _run(given: Trial, built_ins: Sequence[str], actions: Sequence[dict[str, Any]]) -> tuple[int, float]:
    plan = make_plan(given, built_ins)
    began_s = time.process_time()
    with Example(plan) as example:
        for action in actions:
            example.act(action)
        example.finish(None)
    spent_s = time.process_time() - began_s
    if not example.rested or example.violations:
        raise RuntimeError(f"this measures nothing: rested {example.rested}, violations {example.violations}")
    return events_of(example.world), spent_s


def _config_map(number: int, content: int) -> dict[str, Any]:
    metadata = {"name": f"note-{number}", "namespace": "default"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"content": str(content)}}


def _watcher(number: int) -> Callable[[Client], Component]:
    def watcher(client: Client) -> Component:
        informer: Informer = client.informers.informer_for("v1", "ConfigMap")

        async def run() -> None:
            await informer.wait_synced()
            await trio.sleep_forever()

        return Component(name=f"watcher-{number}", run=run)

    watcher.__qualname__ = f"watcher_{number}"
    return watcher


WHAT: dict[str, tuple[Callable[[int], tuple[int, float]], tuple[int, ...]]] = {
    "objects": (with_objects, OBJECTS),
    "watchers": (with_watchers, WATCHERS),
    "steps": (with_steps, STEPS),
}


def measure(what: str, sizes: Sequence[int], rounds: int = 3) -> list[Cost]:
    """The cheapest of so many rounds, for each size."""
    run = WHAT[what][0]
    costs = []
    with ExitStack() as contexts:
        contexts.enter_context(virtual_ambient(()))
        contexts.enter_context(collected_between_worlds())
        for size in sizes:
            measured = [run(size) for _ in range(rounds)]
            events, spent_s = min(measured, key=lambda pair: pair[1])
            costs.append(Cost(size=size, events=events, us_per_event=1e6 * spent_s / events))
    return costs


def table(growth: dict[str, list[Cost]]) -> str:
    lines = ["| | | events | µs an event | times the least |", "|---|---|---|---|---|"]
    for what, costs in growth.items():
        for cost in costs:
            ratio = cost.us_per_event / costs[0].us_per_event
            lines.append(f"| {what} | {cost.size:,} | {cost.events:,} | {cost.us_per_event:.0f} | {ratio:.2f} |")
    return "\n".join(lines)


def plot(growth: dict[str, list[Cost]], file: Path) -> None:
    """One line for each of them, over the size."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    with mpl.rc_context({"svg.hashsalt": "seatrial", "svg.fonttype": "none"}):
        figure, axes = pyplot.subplots(figsize=(6.4, 3.6), layout="constrained")
        for what, costs in growth.items():
            ratios = [cost.us_per_event / costs[0].us_per_event for cost in costs]
            axes.plot([cost.size for cost in costs], ratios, marker="o", label=what)
        axes.set(xscale="log", ylim=(0, None), xlabel="how many", ylabel="cost of an event, times the least size's")
        axes.axhline(1.5, color="grey", linewidth=0.8, linestyle=":")
        axes.legend(frameon=False)
        figure.savefig(file, metadata={"Date": None})
        pyplot.close(figure)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.growth", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--rounds", type=int, default=3, help="the best of so many counts (3)")
    parser.add_argument("--write", metavar="FILE", help="also draw them, as an SVG file")
    given = parser.parse_args(arguments)
    growth = {what: measure(what, sizes, given.rounds) for what, (_, sizes) in WHAT.items()}
    print(table(growth))
    if given.write:
        plot(growth, Path(given.write))
    return 0


if __name__ == "__main__":
    sys.exit(main())

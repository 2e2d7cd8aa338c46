"""How fast trials are, next to how fast trio and Hypothesis are: figures in one run on one machine, never assertions.

A plain `pytest` runs each once and small, so that they cannot rot. Figures worth reading (docs/performance.md):

    pytest tests/benchmarks --benchmark-only --benchmark-timer=time.process_time

Processor time, because the machine may be shared. Counted events are those that change an informer's cache; the cost of
everything else (fair weather, settling, idempotence passes, tracing, all properties) is in the figures.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trio
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from harness.check import check
from harness.decider import Decider
from harness.session import Session
from tests.benchmarks.seeded import STEPS, counted_events, trial

TASKS = 20
RULES = 8


class Figures:
    """Rates per second, by what they are of; printed when the module is done."""

    def __init__(self, full: bool) -> None:
        self.full = full
        self.rates: dict[str, float] = {}
        self.rounds = 3 if full else 1

    def size(self, full: int, small: int) -> int:
        return full if self.full else small

    def note(self, benchmark: Any, **counts: float) -> None:
        """So many of each were done in a round. Nothing is known if benchmarks are disabled (under xdist they are)."""
        if benchmark.stats is not None:
            for name, count in counts.items():
                self.rates[name] = benchmark.extra_info[f"{name} per s"] = count / benchmark.stats.stats.median

    def lines(self) -> Iterator[str]:
        rates = self.rates
        for name, rate in rates.items():
            yield f"{name:40}{rate:12,.1f} /s"
        for ours, reference in (("delivered events", "trio checkpoints"), ("examples", "no-op examples")):
            for name in rates:
                if name.startswith(ours) and reference in rates:
                    yield f"{name} / {reference}: {rates[name] / rates[reference]:.4f}"


@pytest.fixture(scope="module")
def figures(request: pytest.FixtureRequest) -> Iterator[Figures]:
    found = Figures(full=request.config.getoption("benchmark_only"))
    yield found
    if found.full:
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            print("", *found.lines(), sep="\n")


def test_reference_trio_checkpoints(benchmark: Any, figures: Figures) -> None:
    each = figures.size(10_000, 50)

    async def checkpoints() -> None:
        for _ in range(each):
            await trio.lowlevel.checkpoint()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for _ in range(TASKS):
                nursery.start_soon(checkpoints)

    benchmark.pedantic(trio.run, (main,), rounds=figures.rounds)
    figures.note(benchmark, **{"trio checkpoints": TASKS * each})


def test_reference_no_op_state_machine(benchmark: Any, figures: Figures) -> None:
    examples = figures.size(200, 5)
    configuration = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    benchmark.pedantic(
        run_state_machine_as_test, (_no_op_machine(),), {"settings": configuration}, rounds=figures.rounds
    )
    figures.note(benchmark, **{"no-op examples": examples})


def _no_op_machine() -> type[RuleBasedStateMachine]:
    rules = {f"rule_{number}": _no_op_rule(f"rule_{number}") for number in range(RULES)}
    return type("NoOp", (RuleBasedStateMachine,), rules)


def _no_op_rule(name: str) -> Any:
    def act(self: RuleBasedStateMachine, window: int) -> None:
        pass

    act.__name__ = name
    return rule(window=st.integers(0, 31))(act)


@pytest.mark.slow
def test_seeded_examples(benchmark: Any, figures: Figures) -> None:
    examples = figures.size(200, 1)

    def search() -> int:
        with counted_events() as counts:
            decider = Decider(Session(trial()))
            for number in range(examples):
                decider.run(number)
        return sum(counts)

    events = benchmark.pedantic(search, rounds=figures.rounds)
    assert events > 0
    figures.note(benchmark, **{"delivered events, seeded": events, "examples, seeded": examples})


@pytest.mark.slow
def test_examples_under_the_state_machine(benchmark: Any, figures: Figures, tmp_path: Path) -> None:
    examples = figures.size(200, 1)

    def search() -> tuple[int, int]:
        with counted_events() as counts:
            outcome = check(trial(), examples=examples, report_dir=tmp_path, raise_on_failure=False)
        # A violation would end the search early and put the shrinker's work into the figure.
        assert outcome.verdict != "violated", outcome.violations[0].reason
        return outcome.examples, sum(counts)

    done, events = benchmark.pedantic(search, rounds=figures.rounds)
    assert done > 0
    figures.note(benchmark, **{"delivered events, state machine": events, "examples, state machine": done})

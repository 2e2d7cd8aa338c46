"""What a search draws: even numbers from its seed alone, as a Hypothesis backend.

Hypothesis' own backend mixes in constants that it reads from whatever modules happen to be loaded, so that one seed
searches differently under pytest and at the command line; and it mutates earlier examples, copying one part over
another, which for schedules made five of six examples alike. Here every example is drawn afresh, and evenly: the same
seed means the same examples wherever it is given. Only `check` uses it; a `ControlPlaneMachine` of a test suite runs
under the settings of that suite, with Hypothesis' database, mutation and shrinking.

https://hypothesis.readthedocs.io/en/latest/extensions.html (alternative backends)
"""

from typing import Any

from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider

BACKEND = "seatrial"
"""For `hypothesis.settings(backend=...)`."""


class EvenProvider(HypothesisProvider):
    """Integers in a range are drawn evenly; whatever else is drawn is Hypothesis' business, constants apart."""

    def _maybe_draw_constant(self, *_: Any, **__: Any) -> None:
        return None

    def draw_integer(self, min_value: int | None = None, max_value: int | None = None, **rest: Any) -> int:
        if min_value is None or max_value is None or rest.get("weights") is not None:
            return super().draw_integer(min_value, max_value, **rest)
        assert self._random is not None
        return self._random.randint(min_value, max_value)


AVAILABLE_PROVIDERS[BACKEND] = f"{EvenProvider.__module__}.{EvenProvider.__qualname__}"

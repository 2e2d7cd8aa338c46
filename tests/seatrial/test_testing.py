from dataclasses import dataclass
from typing import Any

import pytest

from harness import registry
from harness.contract import HOLDS, Draw, Fault, Judgement, Message, Moment, Property, Verdict, View
from seatrial.testing import check_fault, check_property, sample_occasions


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """A fault that is right in all ways."""

    name: str = "late"
    legal: bool = True
    obliged: bool = True
    source: str = "networks are slow"

    def applies(self, occasion: Message | Moment) -> bool:
        return isinstance(occasion, Message) and occasion.phase == "event"

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        return Verdict.delay(draw.seconds("late_s", 0.1, 8.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Moody(Late):
    """Chooses without drawing: a replay would differ."""

    moods: Any

    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        return Verdict.delay(next(self.moods))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering(Late):
    def strike(self, occasion: Message | Moment, draw: Draw) -> Verdict:
        return Verdict.fail_before(RuntimeError("no"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Never(Late):
    def applies(self, occasion: Message | Moment) -> bool:
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Calm:
    """A property that is right in all ways."""

    name: str = "calm"
    source: str = "me"
    voided_by: tuple[str, ...] = ()
    when: str = "at_rest"
    answer: Any = HOLDS

    def applies(self, trial: Any) -> bool:
        return True

    def judge(self, view: View) -> Judgement:
        answer: Judgement = self.answer
        return answer


def test_a_right_fault_passes() -> None:
    check_fault(Late())


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        (Late(name="Too Late"), "cannot be typed"),
        (Late(source=" "), "source is empty"),
        (Late(legal=False), "nobody has to recover"),
        (Moody(moods=iter(range(99))), "a replay would differ"),
        (Answering(), "an event has no sender"),
        (Never(), "applies to none"),
        (object(), "legal=None is not a bool"),
    ],
)
def test_a_wrong_fault_is_told_what_is_wrong(fault: Any, complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        check_fault(fault)


def test_an_author_can_add_the_occasion_a_fault_is_for() -> None:
    class ForSecrets(Late):
        def applies(self, occasion: Message | Moment) -> bool:
            return isinstance(occasion, Message) and occasion.kind == "Secret"

    occasion = next(o for o in sample_occasions() if isinstance(o, Message))
    occasion.kind = "Secret"
    check_fault(ForSecrets(), occasions=[occasion])


def test_a_right_property_passes() -> None:
    check_property(Calm())


@pytest.mark.parametrize("fault", registry.faults(), ids=lambda fault: fault.name)
def test_every_installed_fault_is_right(fault: Fault) -> None:
    check_fault(fault)


@pytest.mark.parametrize("claim", registry.properties(), ids=lambda claim: claim.name)
def test_every_installed_property_is_right(claim: Property) -> None:
    check_property(claim)


@pytest.mark.parametrize(
    ("claim", "complaint"),
    [
        (Calm(when="sometime"), "none of always"),
        (Calm(answer=True), "not a Judgement"),
        (Calm(answer=Judgement.violated("bad")), "violated in an empty world"),
        (Calm(voided_by="crash"), "voided_by='crash' is not a tuple"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_property_is_told_what_is_wrong(claim: Any, complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        check_property(claim)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(AssertionError) as caught:
        check_property(Calm(name="", source=""))
    assert str(caught.value).count("\n  - ") == 2

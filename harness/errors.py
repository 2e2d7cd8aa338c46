"""What can go wrong with a trial itself, and with which exit code the command says so.

    SeatrialError
    ├── UsageError 4                 yours to fix: what was asked for cannot be done; raised before step 0 (*)
    ├── NonDeterminismError 3        the same schedule did not give the same bytes
    ├── AdapterError 3               the controller could not be started, or its process got out of hand
    │    └── LoopBlocked 3           its code kept the event loop for 10 wall seconds
    ├── TrialFailed 1                a property is violated (an AssertionError, so that pytest shows a failure)
    └── TrialInconclusive 2          nobody can tell: not a pass

(*) Except a value of a schedule's weather that its fault cannot use: only the fault knows, and only when it strikes.

A broken property is not an exception inside the engine but a judgement; only the outermost call (`check`, `replay`)
turns it into one. Errors of the simulated world are `reference_impl.errors`: controllers catch those, none escapes.
Messages name the value, why it cannot work, and what to do instead, on one line where one is enough.
"""

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from harness.outcome import Outcome


class SeatrialError(Exception):
    """Something seatrial has to tell its user. `exit_code` is what the command ends with."""

    exit_code: ClassVar[int] = 3


class UsageError(SeatrialError):
    """You asked for what cannot be done: a name that does not exist, a file that does not parse, a value out of range.

    Nothing has run yet, or what runs stops without a verdict. The message says what to type instead.
    """

    exit_code: ClassVar[int] = 4


class NonDeterminismError(SeatrialError):
    """Two runs of one schedule went different ways, so nothing that was found can be trusted or replayed.

    Usual causes, in the controller: iteration over a set, state kept between runs in module globals, threads.
    """


class AdapterError(SeatrialError):
    """The controller under test could not be started or driven: its factory raised, or its process does not come up."""


class LoopBlocked(AdapterError):
    """Controller code did not yield for 10 wall seconds: an endless loop without `await`, or a blocking call."""


class TrialFailed(AssertionError, SeatrialError):
    """A property is violated. The text is the narrative and ends with the replay command; `outcome` has the rest."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, outcome: "Outcome") -> None:
        super().__init__(message)
        self.outcome = outcome


class TrialInconclusive(SeatrialError):
    """The trial ended and some property could be judged neither way. Not a pass: give it more time, or mute what never
    rests (`volatile=`). `outcome` says which property and why."""

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, outcome: "Outcome") -> None:
        super().__init__(message)
        self.outcome = outcome

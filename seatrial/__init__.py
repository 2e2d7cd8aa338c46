"""Seatrial: takes Kubernetes-style controllers out into bad weather, and says what broke.

    from seatrial import Client, Controller, Request, Result, Watch      what a controller is written with
    from seatrial import Trial, check, sweep, campaign, replay            what a test is written with
    from seatrial.properties import ...                                  the claims that are judged

General layout: the code lives in `reference_impl` (the control plane), `harness` (the weather and the judge),
`properties` and `reports`; this package re-exports what is public and holds the composition roots (`command.py`,
`pytest_plugin.py`).

The names are those of `harness`, which lists them. They are looked up at first use (PEP 562), for two reasons: the
pytest plugin is loaded by every pytest run of an environment and must cost it nothing, and a user's folder called
`harness` or `reports` must be reported by name (`distribution.py`) before anything is imported from it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness import AdapterError as AdapterError
    from harness import AlreadyExists as AlreadyExists
    from harness import ApiError as ApiError
    from harness import BadRequest as BadRequest
    from harness import CacheView as CacheView
    from harness import Change as Change
    from harness import Client as Client
    from harness import Component as Component
    from harness import ComponentView as ComponentView
    from harness import Conflict as Conflict
    from harness import ConnectionLost as ConnectionLost
    from harness import Controller as Controller
    from harness import ControlPlaneMachine as ControlPlaneMachine
    from harness import Draw as Draw
    from harness import Fault as Fault
    from harness import Forbidden as Forbidden
    from harness import Gone as Gone
    from harness import Informer as Informer
    from harness import InternalError as InternalError
    from harness import Invalid as Invalid
    from harness import Judgement as Judgement
    from harness import Known as Known
    from harness import LeaderElector as LeaderElector
    from harness import LoopBlocked as LoopBlocked
    from harness import Message as Message
    from harness import MethodNotAllowed as MethodNotAllowed
    from harness import Moment as Moment
    from harness import NonDeterminismError as NonDeterminismError
    from harness import NotFound as NotFound
    from harness import NotImplementedByServer as NotImplementedByServer
    from harness import ObjectRef as ObjectRef
    from harness import Outcome as Outcome
    from harness import Plane as Plane
    from harness import Process as Process
    from harness import Property as Property
    from harness import PropertyVerdict as PropertyVerdict
    from harness import ReconcileRecord as ReconcileRecord
    from harness import Regression as Regression
    from harness import Request as Request
    from harness import Result as Result
    from harness import Retry as Retry
    from harness import SeatrialError as SeatrialError
    from harness import SentRequest as SentRequest
    from harness import ServiceUnavailable as ServiceUnavailable
    from harness import StreamRecord as StreamRecord
    from harness import Terminal as Terminal
    from harness import Timeout as Timeout
    from harness import TooLargeResourceVersion as TooLargeResourceVersion
    from harness import TooManyRequests as TooManyRequests
    from harness import Trial as Trial
    from harness import TrialFailed as TrialFailed
    from harness import TrialInconclusive as TrialInconclusive
    from harness import Unauthorized as Unauthorized
    from harness import Unreachable as Unreachable
    from harness import UnsupportedMediaType as UnsupportedMediaType
    from harness import UsageError as UsageError
    from harness import Verdict as Verdict
    from harness import View as View
    from harness import Violation as Violation
    from harness import Watch as Watch
    from harness import WorkQueue as WorkQueue
    from harness import campaign as campaign
    from harness import check as check
    from harness import check_regression as check_regression
    from harness import replay as replay
    from harness import sweep as sweep

__version__ = "0.1.0"

SEATRIAL_DISTRIBUTION = "seatrial"
"""Marks this package as part of the distribution, so that a user's folder of the same name is noticed."""


def __getattr__(name: str) -> Any:
    # Tools ask every module for all kinds of private names; none of these is a reason to import the harness.
    if not name.startswith("_") and any(name in names for names in import_module("harness").HOMES.values()):
        value = getattr(import_module("harness"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'seatrial' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *(name for names in import_module("harness").HOMES.values() for name in names)})

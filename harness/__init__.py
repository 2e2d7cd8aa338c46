"""The weather and the judge: drives a control plane through bad weather, in virtual time, and says what broke.

What is public is listed here once, whichever module it lives in, and `seatrial` gives out the same names. They are
looked up at first use (PEP 562): importing one module of the harness must not import Hypothesis and trio with it.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.campaign import campaign as campaign
    from harness.check import check as check
    from harness.command import Process as Process
    from harness.contract import CacheView as CacheView
    from harness.contract import Change as Change
    from harness.contract import ComponentView as ComponentView
    from harness.contract import Draw as Draw
    from harness.contract import Fault as Fault
    from harness.contract import Judgement as Judgement
    from harness.contract import Message as Message
    from harness.contract import Moment as Moment
    from harness.contract import ObjectRef as ObjectRef
    from harness.contract import Plane as Plane
    from harness.contract import Property as Property
    from harness.contract import ReconcileRecord as ReconcileRecord
    from harness.contract import Regression as Regression
    from harness.contract import SentRequest as SentRequest
    from harness.contract import StreamRecord as StreamRecord
    from harness.contract import Verdict as Verdict
    from harness.contract import View as View
    from harness.errors import AdapterError as AdapterError
    from harness.errors import LoopBlocked as LoopBlocked
    from harness.errors import NonDeterminismError as NonDeterminismError
    from harness.errors import SeatrialError as SeatrialError
    from harness.errors import TrialFailed as TrialFailed
    from harness.errors import TrialInconclusive as TrialInconclusive
    from harness.errors import UsageError as UsageError
    from harness.machine import ControlPlaneMachine as ControlPlaneMachine
    from harness.outcome import Outcome as Outcome
    from harness.outcome import PropertyVerdict as PropertyVerdict
    from harness.outcome import Violation as Violation
    from harness.regression import check_regression as check_regression
    from harness.replay import replay as replay
    from harness.sweep import sweep as sweep
    from harness.trial import Known as Known
    from harness.trial import Trial as Trial
    from reference_impl.errors import AlreadyExists as AlreadyExists
    from reference_impl.errors import ApiError as ApiError
    from reference_impl.errors import BadRequest as BadRequest
    from reference_impl.errors import Conflict as Conflict
    from reference_impl.errors import ConnectionLost as ConnectionLost
    from reference_impl.errors import Forbidden as Forbidden
    from reference_impl.errors import Gone as Gone
    from reference_impl.errors import InternalError as InternalError
    from reference_impl.errors import Invalid as Invalid
    from reference_impl.errors import MethodNotAllowed as MethodNotAllowed
    from reference_impl.errors import NotFound as NotFound
    from reference_impl.errors import NotImplementedByServer as NotImplementedByServer
    from reference_impl.errors import ServiceUnavailable as ServiceUnavailable
    from reference_impl.errors import Timeout as Timeout
    from reference_impl.errors import TooLargeResourceVersion as TooLargeResourceVersion
    from reference_impl.errors import TooManyRequests as TooManyRequests
    from reference_impl.errors import Unauthorized as Unauthorized
    from reference_impl.errors import Unreachable as Unreachable
    from reference_impl.errors import UnsupportedMediaType as UnsupportedMediaType
    from reference_impl.runtime import Client as Client
    from reference_impl.runtime import Component as Component
    from reference_impl.runtime import Controller as Controller
    from reference_impl.runtime import Informer as Informer
    from reference_impl.runtime import LeaderElector as LeaderElector
    from reference_impl.runtime import Request as Request
    from reference_impl.runtime import Result as Result
    from reference_impl.runtime import Retry as Retry
    from reference_impl.runtime import Terminal as Terminal
    from reference_impl.runtime import Watch as Watch
    from reference_impl.runtime import WorkQueue as WorkQueue

SEATRIAL_DISTRIBUTION = "seatrial"
"""Marks this package as part of the distribution, so that a user's folder of the same name is noticed."""

HOMES: dict[str, tuple[str, ...]] = {
    "harness.campaign": ("campaign",),
    "harness.check": ("check",),
    "harness.command": ("Process",),
    "harness.contract": (
        "CacheView",
        "Change",
        "ComponentView",
        "Draw",
        "Fault",
        "Judgement",
        "Message",
        "Moment",
        "ObjectRef",
        "Plane",
        "Property",
        "ReconcileRecord",
        "Regression",
        "SentRequest",
        "StreamRecord",
        "Verdict",
        "View",
    ),
    "harness.errors": (
        "AdapterError",
        "LoopBlocked",
        "NonDeterminismError",
        "SeatrialError",
        "TrialFailed",
        "TrialInconclusive",
        "UsageError",
    ),
    "harness.machine": ("ControlPlaneMachine",),
    "harness.outcome": (
        "Outcome",
        "PropertyVerdict",
        "Violation",
    ),
    "harness.regression": ("check_regression",),
    "harness.replay": ("replay",),
    "harness.sweep": ("sweep",),
    "harness.trial": (
        "Known",
        "Trial",
    ),
    "reference_impl.errors": (
        "AlreadyExists",
        "ApiError",
        "BadRequest",
        "Conflict",
        "ConnectionLost",
        "Forbidden",
        "Gone",
        "InternalError",
        "Invalid",
        "MethodNotAllowed",
        "NotFound",
        "NotImplementedByServer",
        "ServiceUnavailable",
        "Timeout",
        "TooLargeResourceVersion",
        "TooManyRequests",
        "Unauthorized",
        "Unreachable",
        "UnsupportedMediaType",
    ),
    "reference_impl.runtime": (
        "Client",
        "Component",
        "Controller",
        "Informer",
        "LeaderElector",
        "Request",
        "Result",
        "Retry",
        "Terminal",
        "Watch",
        "WorkQueue",
    ),
}
"""Where each public name lives: the run-time twin of the imports above (a test compares them)."""

_HOME_OF = {name: module for module, names in HOMES.items() for name in names}


class _Package(ModuleType):
    """Four public functions are called like the modules they live in. Python makes a submodule an attribute of its
    package as soon as anybody imports it; here the function keeps the name, and `from harness.check import ...` works
    all the same."""

    @property
    def campaign(self) -> Any:
        return import_module("harness.campaign").campaign

    @campaign.setter
    def campaign(self, module: ModuleType) -> None: ...

    @property
    def check(self) -> Any:
        return import_module("harness.check").check

    @check.setter
    def check(self, module: ModuleType) -> None: ...

    @property
    def replay(self) -> Any:
        return import_module("harness.replay").replay

    @replay.setter
    def replay(self, module: ModuleType) -> None: ...

    @property
    def sweep(self) -> Any:
        return import_module("harness.sweep").sweep

    @sweep.setter
    def sweep(self, module: ModuleType) -> None: ...


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    module = _HOME_OF.get(name)
    if module is None:
        raise AttributeError(f"module 'harness' has no attribute {name!r}")
    value = getattr(import_module(module), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})

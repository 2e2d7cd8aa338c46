"""Makes what controllers take from thin air virtual: `time`, `datetime.now`, `random`, `uuid`, `os.urandom`.

While a trial runs, these names are replaced by ones that ask whose code is running: a simulated process gets its own
clock and its own randomness, everybody else (Hypothesis, the harness, the user's test) the real thing. Names that a
module imported directly (`from time import time`) are replaced in that module too, for modules that are neither the
standard library's, installed packages', nor ours.

Not virtual: C extensions that read the clock themselves, threads, and `random.Random` objects made at import time.
"""

import datetime as datetime_module
import os
import random as random_module
import time as time_module
import uuid as uuid_module
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from harness.code_reference import user_modules
from harness.process import CURRENT, Life

_RANDOM_FUNCTIONS = (
    "betavariate", "choice", "choices", "expovariate", "gammavariate", "gauss", "getrandbits", "lognormvariate",
    "normalvariate", "paretovariate", "randbytes", "randint", "random", "randrange", "sample", "shuffle", "triangular",
    "uniform", "vonmisesvariate", "weibullvariate",
)  # fmt: skip


def _dispatch(real: Callable[..., Any], virtual: Callable[..., Any]) -> Callable[..., Any]:
    def either(*arguments: Any, **named: Any) -> Any:
        life = CURRENT.get()
        return real(*arguments, **named) if life is None else virtual(life, *arguments, **named)

    either.virtual = True  # type: ignore[attr-defined]
    either.__name__ = getattr(real, "__name__", "either")
    either.__doc__ = real.__doc__
    return either


def _epoch_s(life: Life) -> float:
    return life.process.clock.now().timestamp()


def _block(life: Life, seconds: float) -> None:
    """A blocking sleep: the whole process stands still; nothing it does afterwards has an effect before."""
    clock = life.process.clock
    clock.blocked_until_s = max(clock.world.network.now_s, clock.blocked_until_s) + seconds


class _VirtualDateTimeType(type(datetime_module.datetime)):  # type: ignore[misc]  # a metaclass that mypy cannot see
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, _REAL_DATETIME)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, _REAL_DATETIME)


_REAL_DATETIME = datetime_module.datetime


class _VirtualDateTime(_REAL_DATETIME, metaclass=_VirtualDateTimeType):
    """Stands in for `datetime.datetime`; what its constructors return are real datetimes."""

    def __new__(cls, *arguments: Any, **named: Any) -> Any:
        return _REAL_DATETIME(*arguments, **named)

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        life = CURRENT.get()
        if life is None:
            return _REAL_DATETIME.now(tz)  # the one file that owns the real clock
        now = life.process.clock.now()
        return now.astimezone(tz) if tz is not None else now.replace(tzinfo=None)

    @classmethod
    def utcnow(cls) -> Any:
        return cls.now(datetime_module.UTC).replace(tzinfo=None)

    @classmethod
    def today(cls) -> Any:
        return cls.now()


def _replacements() -> list[tuple[ModuleType, str, Any]]:
    """(module, name, stand-in) of everything that is made virtual."""
    clock = time_module
    table: list[tuple[ModuleType, str, Any]] = [
        (clock, "time", _dispatch(clock.time, _epoch_s)),
        (clock, "time_ns", _dispatch(clock.time_ns, lambda life: int(_epoch_s(life) * 1e9))),
        (clock, "monotonic", _dispatch(clock.monotonic, lambda life: life.process.clock.monotonic_s())),
        (
            clock,
            "monotonic_ns",
            _dispatch(clock.monotonic_ns, lambda life: int(life.process.clock.monotonic_s() * 1e9)),
        ),
        (clock, "perf_counter", _dispatch(clock.perf_counter, lambda life: life.process.clock.monotonic_s())),
        (
            clock,
            "perf_counter_ns",
            _dispatch(clock.perf_counter_ns, lambda life: int(life.process.clock.monotonic_s() * 1e9)),
        ),
        (clock, "sleep", _dispatch(clock.sleep, _block)),
        (datetime_module, "datetime", _VirtualDateTime),
        (os, "urandom", _dispatch(os.urandom, lambda life, size: _random(life).randbytes(size))),  # noqa: TID251
        (uuid_module, "uuid4", _dispatch(uuid_module.uuid4, _uuid4)),  # noqa: TID251
        (uuid_module, "uuid1", _dispatch(uuid_module.uuid1, lambda life, *_a, **_k: _uuid4(life))),
    ]
    for name in _RANDOM_FUNCTIONS:
        real = getattr(random_module, name)
        table.append((random_module, name, _dispatch(real, _random_function(name))))
    return table


def _random(life: Life) -> random_module.Random:
    assert life.client is not None
    return life.client.random


def _random_function(name: str) -> Callable[..., Any]:
    return lambda life, *arguments, **named: getattr(_random(life), name)(*arguments, **named)


def _uuid4(life: Life) -> uuid_module.UUID:
    return uuid_module.UUID(int=_random(life).getrandbits(128), version=4)


@contextmanager
def virtual_ambient(factories: Sequence[Callable[..., Any]]) -> Iterator[None]:
    """While the block runs, code of simulated processes gets virtual time and the trial's randomness."""
    if getattr(time_module.time, "virtual", False):  # noqa: TID251  # an outer block has done it
        yield
        return
    del factories  # their modules are found like all other user modules: a controller may import its helpers
    table = _replacements()
    by_identity = {id(getattr(module, name)): stand_in for module, name, stand_in in table}
    undo: list[tuple[Any, str, Any]] = []
    for module, name, stand_in in table:
        undo.append((module, name, getattr(module, name)))
        setattr(module, name, stand_in)
    for module in user_modules():
        for name, value in list(vars(module).items()):
            replacement = by_identity.get(id(value))
            if replacement is not None:
                undo.append((module, name, value))
                setattr(module, name, replacement)
    try:
        yield
    finally:
        for target, name, value in reversed(undo):
            setattr(target, name, value)

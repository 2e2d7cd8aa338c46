"""A program of any language, put on trial by its command line.

What is started, in which folder and with which environment; when it counts as ready, and how long it is waited for
before anybody says that it does not get on. How it is run is `foreign/`.
"""

import math
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from reference_impl.protocol import JsonObject

PATIENCE_S = 90.0
"""kopf sleeps 60 s after an error; client-go's item back-off goes up to 1,000 s, but few controllers get there."""

_FIELDS = ("argv", "env", "cwd", "ready_after_s", "patience_s", "instances", "name")
_INTERPRETER = re.compile(r"(python|pypy|node|ruby|java|bash|sh|env)[0-9.]*$")


@dataclass(frozen=True)
class Process:
    """A controller that is a process of its own, in any language; it finds the API server through `KUBECONFIG`.

    Args:
        argv: program and arguments.
        env: variables beside this process's own.
        cwd: where it runs; None: here.
        ready_after_s: real seconds after which it counts as ready. None: as soon as it has watches open.
        patience_s: real seconds that it is given to get on before it counts as stuck: longer than its back-off.
        instances: copies that run at once; it has to elect a leader or stand another copy.
        name: what it is called in reports and schedules; None: the program, or what an interpreter is given to run.

    Raises:
        UsageError: there is no such program or folder, or a number that cannot work.
    """

    argv: Sequence[str]
    _: KW_ONLY
    env: Mapping[str, str] | None = None
    cwd: str | os.PathLike[str] | None = None
    ready_after_s: float | None = None
    patience_s: float = PATIENCE_S
    instances: int = 1
    name: str | None = None

    def __post_init__(self) -> None:
        given: Any = self.argv
        if isinstance(given, str) or not given or not all(isinstance(part, str) for part in given):
            raise UsageError(f"argv={given!r} is no command line: pass a list such as ['kopf', 'run', 'operator.py']")
        object.__setattr__(self, "argv", tuple(given))
        if self.cwd is not None:
            object.__setattr__(self, "cwd", os.fspath(self.cwd))
            if not Path(self.cwd).is_dir():
                raise UsageError(f"cwd={self.cwd!r} is no folder: name one that exists")
        for name, value in (self.env or {}).items():
            if not isinstance(name, str) or not isinstance(value, str):
                raise UsageError(f"env={{{name!r}: {value!r}}} cannot be set: both must be strings")
        if self.name is not None and not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", self.name):
            raise UsageError(f"name={self.name!r} is no name: use lower-case letters, digits, '-' and '.'")
        self._check_numbers()
        self._check_program()

    def _check_numbers(self) -> None:
        for name in ("ready_after_s", "patience_s"):
            value: Any = getattr(self, name)
            if value is None and name == "ready_after_s":
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
                raise UsageError(f"{name}={value!r} is no number of seconds: pass 0 or more")
        count: Any = self.instances
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise UsageError(f"instances={count!r} cannot work: pass a whole number, 1 or more")

    def _check_program(self) -> None:
        program = self.argv[0]
        path = (self.env or {}).get("PATH", os.environ.get("PATH"))
        where = program
        if os.path.dirname(program) and self.cwd is not None:
            where = os.path.join(self.cwd, program)
        if shutil.which(where, path=path) is None:
            raise UsageError(f"{program!r} is no program that can be started: give its path, or put it on the PATH")

    @property
    def called(self) -> str:
        """`name`, or one made of the command line."""
        if self.name is not None:
            return self.name
        words = list(self.argv)
        name = os.path.basename(words[0])
        if _INTERPRETER.match(name):
            name = next((word for word in words[1:] if not word.startswith("-")), name)
        name = os.path.basename(name).removesuffix(".py")
        return re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-.").lower() or "process"

    def describe(self) -> JsonObject:
        """As a schedule holds it: what differs from the default, and its name."""
        found: JsonObject = {"argv": list(self.argv), "name": self.called}
        for name in _FIELDS[1:-1]:
            value = getattr(self, name)
            if value != type(self).__dataclass_fields__[name].default:
                found[name] = dict(value) if isinstance(value, Mapping) else value
        return found


def process_from(description: Mapping[str, Any]) -> Process:
    """The way back. Raises UsageError."""
    unknown = [name for name in description if name not in _FIELDS]
    if unknown or "argv" not in description:
        raise UsageError(f"controllers: {dict(description)!r} is no process: it needs argv, and may have {_FIELDS[1:]}")
    return Process(**description)

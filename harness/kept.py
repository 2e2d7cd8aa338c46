"""What is written down besides, in a run whose trace somebody will read: a find, its replay, its control.

Three things that the search can do without: which line of a controller's code sent each request (walking the stack of
the sending task costs more than the request itself), what each read returned, and where the run ended beside where fair
weather ends. All three are functions of the schedule and the code, so that a replay writes the same bytes.
"""

import sys
from collections.abc import Collection
from pathlib import PurePath
from types import FrameType
from typing import TYPE_CHECKING, Any

import orjson

from harness.canonical import CONTENTS, State
from harness.fair_weather_reference import state_of
from harness.process import Life
from harness.recorder import Recorder
from harness.roles import Roles
from harness.trace import named
from harness.wire import Command
from reference_impl.protocol import ApiRequest, ExternalCall, JsonObject

if TYPE_CHECKING:
    from harness.world import World

_RUNTIME = ("harness.", "reference_impl.apiserver.http.", "reference_impl.runtime.", "outcome.")
_END_OF_TASK = "trio._core._run"


class KeptRecorder(Recorder):
    """A world's scribe that also notes where each request was sent (`site`) and what each read returned."""

    def request(self, life: Life, request: ApiRequest) -> int:
        return self._sited(super().request(life, request))

    def external(self, life: Life, call: ExternalCall, phase: str) -> int:
        return self._sited(super().external(life, call, phase))

    def reply(self, command: Command, result: Any, cause: int) -> None:
        super().reply(command, result, cause)
        request = command.request
        if not isinstance(request, ApiRequest) or not isinstance(result, dict) or request.verb not in ("get", "list"):
            return
        reply = self.trace.events[-1]
        revision = result["metadata"].get("resourceVersion")
        reply.resource_version = int(revision) if revision else None
        if request.verb == "list":
            reply.data["whole"] = not (request.labels or request.fields or request.limit)
            reply.data["seen"] = [_seen(request.kind, item["metadata"]) for item in result.get("items", ())]

    def _sited(self, step: int) -> int:
        site = call_site()
        if site:
            self.trace.events[step].data["site"] = site
        return step


def _seen(kind: str, metadata: JsonObject) -> tuple[str, int | None]:
    revision = metadata.get("resourceVersion")
    return named(kind, metadata.get("namespace"), metadata["name"]), int(revision) if revision else None


def call_site() -> str:
    """Of the task that runs now, the innermost line that is neither the harness' nor the runtime's, as
    "operators/website.py:31 in reconcile"; "" if there is none. The path is the module's, so that it is the same on
    every machine."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module == _END_OF_TASK:
            break
        if not module.startswith(_RUNTIME):
            return f"{_path_of(module, frame.f_code.co_filename)}:{frame.f_lineno} in {frame.f_code.co_name}"
        frame = frame.f_back
    return ""


def _path_of(module: str, filename: str) -> str:
    """`a.b` as "a/b.py"; of a package "a/b/__init__.py"; of a script that has no module name, its file's name."""
    file = PurePath(filename)
    parts = [part for part in module.split(".") if part]
    if module == "__main__" or not parts:
        return file.name
    if file.stem == "__init__":
        return "/".join([*parts, file.name])
    return "/".join([*parts[:-1], file.name])


# ------------------------------------------------------------------------------------------------------------- the end


def note_the_end(world: "World") -> None:
    """Write down where this world is at rest and where fair weather ends; nothing if fair weather cannot be asked.

    Keys and leaves are those of `canonical.py`; the contents of a lot are spelt out, and what is alike is named only.
    `members` says which objects of the trace a key stands for.
    """
    if world.reference is None:
        return
    ours, fair = state_of(world), world.reference.agreed["objects"]
    alike = sorted(key for key, leaves in fair.items() if ours.get(key) == leaves)
    world.trace.add(
        world.network.now_s,
        "note",
        data={
            "end_state": _spelt_out(ours, alike),
            "fair_weather": _spelt_out(fair, alike),
            "alike": alike,
            "differences": world.reference.difference(world),
            "members": _members(world),
        },
    )


def _spelt_out(state: State, alike: Collection[str]) -> dict[str, Any]:
    return {
        key: {path: [orjson.loads(one) for one in leaf] if path == CONTENTS else leaf for path, leaf in leaves.items()}
        for key, leaves in sorted(state.items())
        if key not in alike
    }


def _members(world: "World") -> dict[str, list[str]]:
    """Which objects of the trace each key of a state stands for."""
    objects, outside = world.stored_objects(), world.outside.state()
    roles = Roles(objects, outside)
    found: dict[str, list[str]] = {}
    for obj in objects:
        metadata = obj["metadata"]
        found.setdefault(roles.keys[metadata["uid"]][0], []).append(
            named(obj["kind"], metadata.get("namespace"), metadata["name"])
        )
    for (system, item), (key, _) in roles.item_keys.items():
        found.setdefault(key, []).append(f"{system}/{item}")
    return {key: sorted(names) for key, names in sorted(found.items())}

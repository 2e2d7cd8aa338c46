"""Which line of a controller's code sends a request: what tells two bugs apart that break the same claim.

Looked up by walking the stack of the sending task, which costs more than the request itself: only runs that look into a
failure do so, never the search.
"""

import sys
from pathlib import Path
from types import FrameType

from harness.process import Life
from harness.recorder import Recorder
from harness.world import World
from reference_impl.protocol import ApiRequest, ExternalCall

_RUNTIME = ("harness.", "reference_impl.runtime.", "outcome.")
_END_OF_TASK = "trio._core._run"


class CallSiteRecorder(Recorder):
    """A world's scribe that also notes where in its sender's code each request was sent."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.sites: dict[int, str] = {}
        """By the trace step of the request."""

    def request(self, life: Life, request: ApiRequest) -> int:
        step = super().request(life, request)
        self.sites[step] = call_site()
        return step

    def external(self, life: Life, call: ExternalCall, phase: str) -> int:
        step = super().external(life, call, phase)
        self.sites[step] = call_site()
        return step


def call_site() -> str:
    """Of the task that runs now, the innermost line that is neither the harness' nor the runtime's, as
    "website.py:31 in reconcile"; "" if there is none."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module == _END_OF_TASK:
            break
        if not module.startswith(_RUNTIME):
            return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno} in {frame.f_code.co_name}"
        frame = frame.f_back
    return ""

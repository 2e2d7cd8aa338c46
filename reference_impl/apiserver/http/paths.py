"""A URL path of the Kubernetes API, taken apart: pure syntax, nothing is looked up.

    /api/v1/namespaces/NS/RESOURCE/NAME/SUBRESOURCE
    /apis/GROUP/VERSION/RESOURCE ...
    /api/v1/watch/...                    the old form of ?watch=true

A segment is decoded after the split, so an encoded slash never makes a new segment; a name with a slash, or of dots
only, is refused, as `path.IsValidPathSegmentName` does.

Source: apiserver `pkg/endpoints/request/requestinfo.go`, apimachinery `pkg/api/validation/path`.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from reference_impl.errors import BadRequest

_NAMESPACE_SUBRESOURCES: Final = ("status", "finalize")
LENGTH_MAX: Final = 4096
"""Arbitrary: four names of 253 characters, a group and a version need a third of it."""


@dataclass(frozen=True, slots=True)
class ApiPath:
    """`plural` is None for the group version itself; `rest` is what follows a subresource (proxy paths)."""

    group: str
    version: str
    plural: str | None = None
    namespace: str | None = None
    name: str | None = None
    subresource: str | None = None
    rest: tuple[str, ...] = ()
    watch: bool = False

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version


@lru_cache(maxsize=4096)
def parse_path(path: str) -> ApiPath | None:
    """The API path, or None if it is not one (discovery roots included). Raises BadRequest: a name that is none."""
    if len(path) > LENGTH_MAX:
        raise BadRequest(f"the URL path has {len(path)} characters; at most {LENGTH_MAX} are allowed")
    parts = [unquote(part, errors="replace") for part in path.strip("/").split("/")]
    if parts[0] == "api" and len(parts) >= 2:
        group, version, parts = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) >= 3:
        group, version, parts = parts[1], parts[2], parts[3:]
    else:
        return None
    for part in parts:
        check_segment(part)
    watch = len(parts) > 1 and parts[0] == "watch"
    if watch:
        del parts[0]
    if not parts:
        return ApiPath(group, version)
    namespace = None
    if parts[0] == "namespaces" and len(parts) > 2 and (group or parts[2] not in _NAMESPACE_SUBRESOURCES):
        namespace, parts = parts[1], parts[2:]
    return ApiPath(
        group,
        version,
        plural=parts[0],
        namespace=namespace,
        name=parts[1] if len(parts) > 1 else None,
        subresource=parts[2] if len(parts) > 2 else None,
        rest=tuple(parts[3:]),
        watch=watch,
    )


def check_segment(segment: str) -> None:
    """Raises BadRequest unless the segment could be a name."""
    if segment in ("", ".", "..") or "/" in segment or "%" in segment or "\0" in segment:
        raise BadRequest(
            f"invalid path segment {segment[:64]!r}: it may not be empty, '.' or '..', nor contain '/', '%' or a NUL"
        )

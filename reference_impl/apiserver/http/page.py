"""A small web page at `/`: kinds and objects, components, open watches and Events, as they are now. It only reads.

The page itself holds nothing, so it needs no token; what it shows it asks for as any client does, objects and Events as
the Tables that `kubectl get` prints, the rest from `/seatrial/state`.
"""

from collections import Counter
from collections.abc import Callable
from importlib.resources import files
from typing import Final

import orjson

from reference_impl.apiserver.http.messages import Answer, HttpRequest
from reference_impl.apiserver.server import ApiServer
from reference_impl.apiserver.wording import store_unavailable
from reference_impl.errors import MethodNotAllowed
from reference_impl.protocol import JsonObject
from reference_impl.store.port import StoreUnavailable

HTML: Final = "text/html; charset=utf-8"
STATE: Final = "/seatrial/state"
_POLICY: Final = "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_HEADERS: Final = (("Content-Security-Policy", _POLICY), ("X-Content-Type-Options", "nosniff"))

Components = dict[str, JsonObject]
"""By name: `{"state", "starts", "error"}` of each."""


def web_page(servers: list[ApiServer], components: Components) -> Callable[[HttpRequest], Answer | None]:
    """What answers the page's two paths. `components` is looked at anew each time."""
    page = files("reference_impl.apiserver.http").joinpath("page.html").read_bytes()

    def answer(request: HttpRequest) -> Answer | None:
        if request.path not in ("/", STATE):
            return None
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed("the server does not allow this method on the requested resource", details={})
        if request.path == "/":
            return Answer(200, page, HTML, _HEADERS)
        try:
            return Answer(200, orjson.dumps(state(servers, components)))
        except StoreUnavailable as error:
            raise store_unavailable(error) from error

    return answer


def state(servers: list[ApiServer], components: Components) -> JsonObject:
    """What is there: kinds of which there are objects, components, and watches, by resource and namespace."""
    server = servers[0]
    kinds = []
    for resource in server.kinds.resources():
        count = len(server.store.list(resource).items)
        if count:
            info = server.kinds.by_resource(resource)
            root = f"/apis/{info.api_version}" if info.group else f"/api/{info.version}"
            kinds.append({"kind": info.kind, "path": f"{root}/{info.plural}", "count": count})
    streams = Counter((stream.info.resource, stream.namespace or "") for each in servers for stream in each.streams())
    return {
        "revision": server.store.revision,
        "kinds": sorted(kinds, key=lambda each: str(each["kind"])),
        "components": [{"name": name, **found} for name, found in components.items()],
        "watches": [
            {"resource": resource, "namespace": namespace, "count": count}
            for (resource, namespace), count in sorted(streams.items())
        ],
    }

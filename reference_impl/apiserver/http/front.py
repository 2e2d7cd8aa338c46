"""One HTTP request in, one answer out: who asks, for what, and in which form.

The front decides nothing about objects. It turns a URL into an `ApiRequest`, hands it to its backend, and turns what
comes back into bytes; errors become Status objects. Only discovery, health and version are its own.

Not served, and said so with 501: streaming subresources (exec, attach, portforward, proxy), which need WebSockets.

Sources: Kubernetes API concepts; apiserver `pkg/endpoints/handlers`.
"""

import hmac
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from reference_impl.apiserver.http import bodies, pod_log, query
from reference_impl.apiserver.http.answers import event_encoder, object_answer, shaped, status_answer
from reference_impl.apiserver.http.backend import Backend
from reference_impl.apiserver.http.field_validation import check_fields, warning
from reference_impl.apiserver.http.introspection import Introspection
from reference_impl.apiserver.http.messages import TEXT, Answer, Broken, HttpRequest
from reference_impl.apiserver.http.negotiation import Form, negotiate, not_acceptable
from reference_impl.apiserver.http.paths import ApiPath, parse_path
from reference_impl.apiserver.http.watching import DEFAULT_TIMEOUT_S, EventEncoder, WatchAnswer, open_watch
from reference_impl.apiserver.registry import KindRegistry
from reference_impl.apiserver.wording import no_such_resource, not_allowed
from reference_impl.errors import ApiError, InternalError, MethodNotAllowed, NotImplementedByServer, Unauthorized
from reference_impl.kinds import KindInfo
from reference_impl.protocol import ApiRequest, Notes

_STREAMING: Final = ("exec", "attach", "portforward", "proxy")
_PUBLIC: Final = ("/healthz", "/livez", "/readyz")
_UNAUTHORIZED: Final = (("WWW-Authenticate", "Bearer"),)
_LOG: Final = logging.getLogger("seatrial.http")

Responder = Callable[[HttpRequest], Answer | None]


class Front:
    """See the module.

    Args:
        backend: what answers.
        kinds: what is served: the same registry as the servers'.
        now: the clock that ages in tables are counted from.
        token: what a client must present as `Authorization: Bearer`; None: nobody is asked.
        user: under whose name requests are made.
        page: answers paths that are not the API's (a web page), or None.
    """

    def __init__(
        self,
        backend: Backend,
        kinds: KindRegistry,
        *,
        now: Callable[[], datetime],
        token: str | None = None,
        user: str = "",
        page: Responder | None = None,
    ) -> None:
        self._backend = backend
        self._kinds = kinds
        self._now = now
        self._token = None if token is None else f"Bearer {token}".encode("latin-1")
        self._user = user
        self._page = page
        self._introspection = Introspection(kinds)
        self._encoder = EventEncoder()

    async def answer(self, request: HttpRequest) -> Answer | WatchAnswer:
        """Never raises an error of the request's; raises Broken when the backend lost the connection."""
        try:
            if self._token is not None and not self._is_known(request):
                return status_answer(Unauthorized("Unauthorized"), _UNAUTHORIZED)
            path = parse_path(request.path)
            if path is None or path.plural is None:
                return self._about_itself(request)
            return await self._resource(request, path)
        except ApiError as error:
            if error.status == 0:
                raise Broken from None
            return status_answer(error)
        except Exception as error:  # one request must not take the server down with it
            _LOG.exception("%s %s failed", request.method, request.path)
            return status_answer(InternalError(f"Internal error occurred: {type(error).__name__}: {error}"))

    def _is_known(self, request: HttpRequest) -> bool:
        if request.path == "/" or request.path.rstrip("/") in _PUBLIC:
            return True
        sent = request.header("authorization").encode("latin-1")
        return hmac.compare_digest(sent, self._token or b"")

    def _about_itself(self, request: HttpRequest) -> Answer:
        answer = self._introspection.answer(request)
        if answer is None and self._page is not None:
            answer = self._page(request)
        if answer is None:
            raise no_such_resource()
        return answer

    # ---------------------------------------------------------------------------------------------------- resources

    async def _resource(self, http: HttpRequest, path: ApiPath) -> Answer | WatchAnswer:
        info = self._kinds.by_plural(path.api_version, path.plural or "")
        if path.subresource in _STREAMING:
            raise NotImplementedByServer(
                f"subresource {path.subresource!r} of {info.resource} needs a WebSocket or SPDY connection, which this "
                "reference server does not offer"
            )
        if path.rest or (path.subresource is not None and path.subresource not in info.subresources):
            raise no_such_resource()
        if path.namespace is not None and not info.namespaced:
            raise no_such_resource()
        if info.namespaced and path.namespace is None and path.name is not None and not path.watch:
            raise no_such_resource()
        form = negotiate(http.header("accept"))
        if form is None:
            raise not_acceptable()
        options = query.parse_query(http.query)
        method = http.method
        if method == "GET":
            return await self._read(info, path, form, options)
        if path.watch:
            raise _wrong_method(info, method)
        if method == "POST":
            return await self._create(http, info, path, form, options)
        if method == "DELETE":
            return await self._delete(http, info, path, form, options)
        if path.name is None or method not in ("PUT", "PATCH"):
            raise _wrong_method(info, method)
        written = query.write_options(options, http.header("user-agent"))
        if method == "PUT":
            verb, patch_type = "update", None
            body = bodies.decode_body(http.header("content-type"), http.body)
        else:
            verb = "patch"
            patch_type, body = bodies.decode_patch(http.header("content-type"), http.body)
            if patch_type == "apply":
                written["field_manager"] = query.first(options, "fieldManager")
        request = self._request(verb, info, path, body=body, patch_type=patch_type, notes=Notes(), **written)
        return await self._write(request, info, 200, form, options)

    async def _read(self, info: KindInfo, path: ApiPath, form: Form, options: query.Query) -> Answer | WatchAnswer:
        read = query.read_options(options)
        if path.watch or (path.name is None and query.flag(options, "watch")):
            return await self._watch(info, path, form, options, read)
        if path.subresource == "log":
            text = await pod_log.read(self._backend, self._request("get", info, path), options)
            return Answer(200, text, TEXT)
        if path.name is not None:
            request = self._request("get", info, path, resource_version=read.get("resource_version"))
        else:
            request = self._request("list", info, path, **{**read, "allow_bookmarks": False, "timeout_s": None})
        return await self._object(request, info, 200, form, options)

    async def _watch(
        self, info: KindInfo, path: ApiPath, form: Form, options: query.Query, read: dict[str, Any]
    ) -> WatchAnswer:
        read = {**read, "limit": None, "timeout_s": read.get("timeout_s") or DEFAULT_TIMEOUT_S}
        if path.name is not None:
            named = f"metadata.name={path.name}"
            read["fields"] = f"{read['fields']},{named}" if read.get("fields") else named
        request = ApiRequest(
            verb="watch",
            api_version=path.api_version,
            kind=info.kind,
            namespace=path.namespace,
            user=self._user,
            **read,
        )
        encode = event_encoder(info, form, self._now, query.first(options, "includeObject"), self._encoder)
        return await open_watch(self._backend, request, encode)

    async def _create(
        self, http: HttpRequest, info: KindInfo, path: ApiPath, form: Form, options: query.Query
    ) -> Answer:
        if path.name is not None and path.subresource is None:
            raise _wrong_method(info, "POST")
        written = query.write_options(options, http.header("user-agent"))
        body = bodies.decode_body(http.header("content-type"), http.body)
        request = self._request("create", info, path, body=body, notes=Notes(), **written)
        return await self._write(request, info, 201, form, options)

    async def _delete(
        self, http: HttpRequest, info: KindInfo, path: ApiPath, form: Form, options: query.Query
    ) -> Answer:
        if path.subresource is not None:
            raise _wrong_method(info, "DELETE")
        body = bodies.decode_body(http.header("content-type"), http.body) if http.body else None
        deleting = query.delete_options(options, body)
        if path.name is not None:
            request = self._request("delete", info, path, **deleting)
        else:
            chosen = query.read_options(options)
            kept = {name: chosen.get(name) for name in ("labels", "fields", "limit", "continue_token")}
            request = self._request("deletecollection", info, path, **deleting, **kept)
        return await self._object(request, info, 200, form, options)

    def _request(self, verb: str, info: KindInfo, path: ApiPath, **options: Any) -> ApiRequest:
        return ApiRequest(
            verb=verb,
            api_version=path.api_version,
            kind=info.kind,
            namespace=path.namespace,
            name=path.name,
            subresource=path.subresource,
            user=self._user,
            from_wire=verb not in ("get", "list"),
            **options,
        )

    async def _write(
        self, request: ApiRequest, info: KindInfo, status: int, form: Form, options: query.Query
    ) -> Answer:
        mode = query.field_validation(options)
        # Other subresources bring bodies of kinds of their own.
        own_kind = request.subresource in (None, "status")
        warnings = check_fields(info, request.body, mode) if own_kind else ()
        notes = request.notes
        answer = await self._object(request, info, status, form, options)
        assert notes is not None
        warnings = (*warnings, *map(warning, notes.warnings))
        if notes.created:  # apiserver `handlers/patch.go` (wasCreated): 201, although a PATCH
            answer = replace(answer, status=201)
        return answer if not warnings else replace(answer, headers=(*answer.headers, *warnings))

    async def _object(
        self, request: ApiRequest, info: KindInfo, status: int, form: Form, options: query.Query
    ) -> Answer:
        obj = await self._backend.request(request)
        if form.transform is not None:
            obj = shaped(info, obj, form, self._now(), query.first(options, "includeObject"))
        return object_answer(obj, status, form)


def _wrong_method(info: KindInfo, method: str) -> MethodNotAllowed:
    return not_allowed(info, method)

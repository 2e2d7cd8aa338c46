"""What the webhooks of a phase make of a review: mutating ones one after the other, validating ones side by side.

After a round of mutating webhooks those with reinvocationPolicy IfNeeded that were asked before a later one changed the
object are asked once more. A webhook that cannot be asked, or answers nonsense, is passed over (Ignore) or fails the
request (Fail). Of several refusals the first webhook's is answered.

Sources: apiserver `pkg/admission/plugin/webhook/{mutating,validating}/dispatcher.go`,
`.../mutating/reinvocationcontext.go`.
"""

import logging
import random
from dataclasses import replace
from typing import Any, Final

import jsonpatch
import jsonpointer
import trio

from reference_impl.apiserver import names, wording
from reference_impl.apiserver.admission import decoded
from reference_impl.apiserver.custom_kinds import as_version
from reference_impl.apiserver.decoding import check_types
from reference_impl.apiserver.reviewing import MUTATE, Review
from reference_impl.errors import ApiError, BadRequest, InternalError
from reference_impl.kinds import KindInfo
from reference_impl.objects import copy_json
from reference_impl.protocol import JsonObject
from reference_impl.webhooks.admission_review import InvalidResponse, Response, rejection, request_of, response_of
from reference_impl.webhooks.calling import CallFailed, call
from reference_impl.webhooks.configurations import Configurations, Webhook
from reference_impl.webhooks.matching import Matcher, failing_condition

_LOG: Final = logging.getLogger("seatrial.webhooks")


class Dispatcher:
    """Asks the webhooks that are configured."""

    def __init__(self, configurations: Configurations, matcher: Matcher, rng: random.Random) -> None:
        self._configurations = configurations
        self._matcher = matcher
        self._rng = rng

    def wants(self, review: Review) -> bool:
        """Is there a webhook that may have to be asked? Raises `ApiError`."""
        return any(self._matcher.version_for(hook, review) for hook in self._configurations.of(review.phase))

    async def decide(self, review: Review) -> JsonObject | None:
        """The object as they leave it. Raises `ApiError`: the request is refused."""
        if review.phase == MUTATE:
            return await self._mutate(review)
        await self._validate(review)
        return review.obj

    async def _mutate(self, review: Review) -> JsonObject | None:
        asked_before: list[Webhook] = []
        again: dict[int, Webhook] = {}
        hooks = self._configurations.of(MUTATE)
        for round_number in range(2):
            for hook in hooks:
                if round_number and id(hook) not in again:
                    continue
                version = self._matcher.version_for(hook, review)
                if version is None:
                    continue
                changed = await self._changed(hook, review, version)
                if changed is not None:
                    review = replace(review, obj=changed)
                    again |= {id(each): each for each in asked_before}
                    asked_before.clear()
                if hook.reinvoked:
                    asked_before.append(hook)
            if not again:
                break
        return review.obj

    async def _changed(self, hook: Webhook, review: Review, version: KindInfo) -> JsonObject | None:
        """The object as this webhook changes it; None if it does not."""
        response = await self._asked(hook, review, version)
        if response is None or not response.patch:
            return None
        if review.obj is None:
            raise _internal(
                f'admission webhook "{hook.name}" attempted to modify the object, which is not supported for this '
                "operation"
            )
        shown = review.obj if review.obj_kind is not None else as_version(review.obj, version)
        patched = _patched(shown, response.patch)
        kind = review.obj_kind or version
        try:
            check_types(kind, patched, name=_message(review))
        except BadRequest as error:
            raise _internal(error.message) from None
        if review.obj_kind is None:
            patched = decoded(version, patched, review.old)
            patched = as_version(patched, review.info)
        return None if patched == review.obj else patched

    async def _validate(self, review: Review) -> None:
        refused: dict[int, ApiError] = {}

        async def ask(index: int, hook: Webhook, version: KindInfo) -> None:
            try:
                await self._asked(hook, review, version)
            except ApiError as error:
                refused[index] = error

        async with trio.open_nursery() as nursery:
            for index, hook in enumerate(self._configurations.of(review.phase)):
                version = self._matcher.version_for(hook, review)
                if version is not None:
                    nursery.start_soon(ask, index, hook, version)
        if refused:
            raise refused[min(refused)]

    async def _asked(self, hook: Webhook, review: Review, version: KindInfo) -> Response | None:
        """What one webhook says, if it allows the request; None: it was not asked, or failed and may be passed over.

        Raises `ApiError`.
        """
        uid = names.generate_uid(self._rng)
        request = request_of(review, version, uid)
        if hook.conditions and not _conditions_hold(hook, review, request):
            return None
        if review.request.dry_run and not hook.dry:
            raise BadRequest(f'admission webhook "{hook.name}" does not support dry run')
        asked = {
            "kind": "AdmissionReview",
            "apiVersion": f"admission.k8s.io/{hook.review_version}",
            "request": request,
        }
        try:
            response = response_of(await call(hook, asked), review, hook.review_version, uid)
        except (CallFailed, InvalidResponse) as error:
            why = str(error) if isinstance(error, CallFailed) else f"received invalid webhook response: {error}"
            said = f'failed calling webhook "{hook.name}": {why}'
            if hook.fails_open:
                _LOG.warning("%s (its failurePolicy is Ignore)", said)
                return None
            raise _internal(said) from None
        if review.request.notes is not None:
            review.request.notes.warnings.extend(response.warnings)
        if not response.allowed:
            raise rejection(hook.name, response.result)
        return response


def _conditions_hold(hook: Webhook, review: Review, request: JsonObject) -> bool:
    """Raises Forbidden: they cannot be evaluated, and the webhook fails closed."""
    variables = {"object": request.get("object"), "oldObject": request.get("oldObject"), "request": request}
    try:
        return failing_condition(hook, variables) is None
    except ValueError as error:
        if hook.fails_open:
            return False
        raise wording.forbidden(review.info, review.name, str(error)) from None


def _patched(obj: JsonObject, patch: list[JsonObject]) -> JsonObject:
    """Raises InternalError: the patch does not apply, or leaves what is no object of this kind."""
    try:
        result: Any = jsonpatch.JsonPatch(copy_json(patch)).apply(copy_json(obj), in_place=True)
    except (
        jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, KeyError, IndexError, AttributeError,
    ) as error:  # fmt: skip
        raise _internal(str(error)) from None
    if (
        not isinstance(result, dict)
        or (result.get("apiVersion"), result.get("kind")) != (obj.get("apiVersion"), obj.get("kind"))
        or not isinstance(result.get("metadata"), dict)
    ):
        raise _internal("the patch of a mutating webhook takes apiVersion, kind or metadata away")
    return result


def _message(review: Review) -> str | None:
    return {"binding": "core.v1.Binding", "eviction": "policy.v1.Eviction", "scale": "autoscaling.v1.Scale"}.get(
        review.request.subresource or ""
    )


def _internal(why: str) -> InternalError:
    return InternalError(f"Internal error occurred: {why}", details={"causes": [{"message": why}]})

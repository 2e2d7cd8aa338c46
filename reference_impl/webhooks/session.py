"""Handling a request that webhooks are asked about: again and again, until all questions have their answers.

The server's handler runs without waiting, and stops at a question that has no answer yet (`apiserver/reviewing.py`).
Each attempt has the clock and the randomness of the first, so that it comes to the same questions; if the stored object
has changed meanwhile the question is another one, and is asked anew, as with each retry of a write in Kubernetes.
Nothing is committed before the last attempt.
"""

import random
from collections.abc import Callable
from datetime import datetime
from typing import Final, Protocol

import trio

from reference_impl.apiserver.registry import KindRegistry
from reference_impl.apiserver.reviewing import Review, Undecided
from reference_impl.errors import ApiError, Timeout
from reference_impl.objects import copy_json
from reference_impl.protocol import ApiRequest, JsonObject
from reference_impl.store.port import Store
from reference_impl.webhooks.configurations import Configurations
from reference_impl.webhooks.dispatch import Dispatcher
from reference_impl.webhooks.matching import Matcher

REQUEST_S: Final = 60.0
"""kube-apiserver --request-timeout: how long webhooks may keep a request in all."""


class Handler(Protocol):
    """What is asked of an API server here: `ApiServer` has it, and whoever looks after its attempts."""

    def handle(self, request: ApiRequest) -> JsonObject: ...

    def handle_reviewed(
        self,
        request: ApiRequest,
        review: Callable[[Review], JsonObject | None],
        *,
        random: random.Random,
        now: Callable[[], datetime],
    ) -> JsonObject: ...


class Webhooks:
    """The webhooks of one cluster, shared by its servers.

    Args:
        rng: of the uids of reviews, and of what requests are handled with that are reviewed.
    """

    def __init__(self, store: Store, kinds: KindRegistry, rng: random.Random) -> None:
        self._configurations = Configurations(store)
        self._dispatcher = Dispatcher(self._configurations, Matcher(store, kinds), rng)
        self._rng = rng

    def reload(self) -> None:
        """Events of configurations may have been missed: look again. Raises StoreUnavailable."""
        self._configurations.reload()

    def may_ask(self, request: ApiRequest) -> bool:
        """Could a webhook be asked about this request, as far as one can tell without handling it?"""
        return not request.is_read and bool(self._configurations)

    async def handle(self, server: Handler, request: ApiRequest, now: datetime) -> JsonObject:
        """Answer a request as `server.handle` does, with webhooks asked. Raises `ApiError`."""
        if not self.may_ask(request):
            return server.handle(request)
        session = _Session(self._dispatcher)
        seed = self._rng.getrandbits(128)
        with trio.move_on_after(REQUEST_S):
            while True:
                session.begin()
                try:
                    return server.handle_reviewed(request, session.review, random=random.Random(seed), now=lambda: now)
                except Undecided as undecided:
                    review = undecided.review
                await session.decide(review)
        raise Timeout("request did not complete within requested timeout - context deadline exceeded")


class _Session:
    """Questions of one request with their answers, in the order in which the handler comes to them."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._answers: list[tuple[Review, JsonObject | ApiError | None]] = []
        self._next = 0

    def begin(self) -> None:
        self._next = 0

    def review(self, review: Review) -> JsonObject | None:
        """The answer, the caller's own; or raises it. Raises Undecided."""
        if not self._dispatcher.wants(review):
            return review.obj
        if self._next < len(self._answers):
            asked, answer = self._answers[self._next]
            if asked.asks_the_same(review):
                self._next += 1
                if isinstance(answer, ApiError):
                    raise answer
                return copy_json(answer)  # type: ignore[no-any-return]
            del self._answers[self._next :]
        raise Undecided(review)

    async def decide(self, review: Review) -> None:
        try:
            answer: JsonObject | ApiError | None = await self._dispatcher.decide(review)
        except ApiError as error:
            answer = error
        self._answers.append((review, answer))


def comes_from_a_webhook(error: ApiError) -> bool:
    """Was a request refused by a webhook, or for want of one? Told by Kubernetes' words, as clients have to."""
    return error.message.startswith('admission webhook "') or 'failed calling webhook "' in error.message

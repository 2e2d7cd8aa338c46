"""Tests of how a view is asked what a sender had seen."""

from properties.knowledge import knew
from reference_impl.objects import uid_of
from reference_impl.protocol import ApiRequest
from tests.properties.fake_view import FakeView, make


def test_the_view_is_asked_by_uid_and_revision() -> None:
    view = FakeView()
    tls = view.create(make("Secret", "tls"))
    view.sees("website", tls)
    sent = view.sends("website", ApiRequest(verb="create", api_version="v1", kind="Secret"))
    assert knew(view, sent, uid_of(tls), 2)
    assert not knew(view, sent, uid_of(tls), 3)

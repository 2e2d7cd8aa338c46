"""Admission webhooks: which are asked about a request, how they are called, and what comes of what they say."""

from reference_impl.webhooks.session import Webhooks

__all__ = ["Webhooks"]

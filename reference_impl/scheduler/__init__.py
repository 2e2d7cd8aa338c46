"""The scheduler: decides where a Pod runs, and asks the API server to bind it there. Binding is a command, and can be
refused."""

from reference_impl.scheduler.scheduler import scheduler

__all__ = ["scheduler"]

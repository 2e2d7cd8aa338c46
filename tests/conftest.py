"""What all tests need."""

import signal


def pytest_configure() -> None:
    """Ctrl-C is tried on real processes, which inherit whether they hear it; a shell's background job does not."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)

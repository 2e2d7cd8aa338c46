"""What all tests need."""

import shutil
import signal
import tempfile

import pytest

from tests.conformance import planes


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--plane",
        default="memory",
        help=f"what is under tests of the control plane: {', '.join(planes.PLANES)} (see tests/conformance/planes.py)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Ctrl-C is tried on real processes, which inherit whether they hear it; a shell's background job does not."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    directory = tempfile.mkdtemp(prefix="seatrial-plane-")
    config.add_cleanup(lambda: shutil.rmtree(directory, ignore_errors=True))
    config.add_cleanup(planes.CHOSEN.close)
    try:
        planes.choose(config.getoption("--plane"), directory)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_runtest_setup(item: pytest.Item) -> None:
    """What is told in process only (who a request's sender is, how a call is misused) has no form on the wire."""
    marker = item.get_closest_marker("in_process")
    if marker is not None and planes.CHOSEN.name not in planes.IN_PROCESS:
        pytest.skip(f"in process only: {marker.args[0]}")


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Stores on disk or in an etcd end with their test."""
    planes.CHOSEN.close_stores()

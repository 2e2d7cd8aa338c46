"""An API server over HTTP, and over each kind of store: the same answers, the same streams.

A sample, for CI; `python -m tests.conformance.fidelity` runs the tests of all rules on all planes.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.reference_impl.store.etcd_process import Cluster

pytestmark = pytest.mark.slow

TOP = Path(__file__).resolve().parents[3]
SUBJECTS = ("listing", "watching", "reading", "update", "server")
"""Tests of the API server whose subject is what the store does, and how a stream arrives."""
CONTROLLERS = ("tests/reference_impl/controllers/test_replicaset.py",)


def _run(plane: str, *more: str) -> "subprocess.CompletedProcess[str]":
    files = [*(f"tests/reference_impl/apiserver/test_{subject}.py" for subject in SUBJECTS), *more]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--plane", plane, *files]
    return subprocess.run(command, cwd=TOP, capture_output=True, text=True)


@pytest.mark.parametrize("plane", ["http", "sqlite"])
def test_the_api_servers_own_tests_pass_on(plane: str):
    done = _run(plane, *CONTROLLERS)
    assert done.returncode == 0, done.stdout[-4000:]


def test_the_api_servers_own_tests_pass_on_etcd(one_etcd: Cluster):
    done = _run(f"etcd={one_etcd.endpoints[0]}")
    assert done.returncode == 0, done.stdout[-4000:]

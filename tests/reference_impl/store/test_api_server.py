"""An API server over each kind of store: the same answers, the same streams."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reference_impl.store.etcd_process import Cluster

pytestmark = pytest.mark.slow

TOP = Path(__file__).resolve().parents[3]
SUBJECTS = ("listing", "watching", "reading", "update", "server")
"""Tests of the API server whose subject is what the store does."""


def _run(store: str, tmp_path: Path) -> "subprocess.CompletedProcess[str]":
    files = [f"tests/reference_impl/apiserver/test_{subject}.py" for subject in SUBJECTS]
    environment = {**os.environ, "SEATRIAL_TEST_STORE": store, "SEATRIAL_TEST_STORE_DIRECTORY": str(tmp_path)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files]
    return subprocess.run(command, cwd=TOP, env=environment, capture_output=True, text=True)


def test_the_api_servers_own_tests_pass_on_sqlite(tmp_path: Path):
    done = _run("sqlite", tmp_path)
    assert done.returncode == 0, done.stdout[-4000:]
    assert len(list(tmp_path.glob("*/store.db"))) > 50


def test_the_api_servers_own_tests_pass_on_etcd(one_etcd: Cluster, tmp_path: Path):
    done = _run(f"etcd={one_etcd.endpoints[0]}", tmp_path)
    assert done.returncode == 0, done.stdout[-4000:]

"""Same schedule, same bytes: in fresh processes, under any hash seed, on both kernel back ends. Leaks are caught."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
HASH_SEEDS = ("0", "1", "42", "1234", "random")


def _sha(kernel: str, salt: int, hash_seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, str(HERE / "controllers.py"), kernel, str(salt)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.slow
@pytest.mark.parametrize("salt", [0, 7])
def test_five_fresh_processes_under_different_hash_seeds_give_the_same_trace(salt: int) -> None:
    assert len({_sha("direct", salt, hash_seed) for hash_seed in HASH_SEEDS}) == 1


@pytest.mark.slow
@pytest.mark.parametrize("salt", [0, 7])
def test_both_kernel_back_ends_give_the_same_trace(salt: int) -> None:
    assert _sha("direct", salt, "0") == _sha("guest", salt, "1")


def _seatrial(*arguments: str, hash_seed: str = "random") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "seatrial", *arguments]
    return subprocess.run(
        command, env={**os.environ, "PYTHONHASHSEED": hash_seed}, capture_output=True, text=True, cwd=HERE, check=False
    )


@pytest.mark.slow
def test_state_kept_between_runs_is_caught_with_exit_code_3(tmp_path: Path) -> None:
    manifests = _manifests(tmp_path)
    done = _seatrial("check", "controllers.py:stateful", *manifests, "--examples", "30", "--report-dir", str(tmp_path))
    assert (done.returncode, "two runs of one schedule differ" in done.stderr) == (3, True), done.stderr + done.stdout


@pytest.mark.slow
def test_a_set_order_leak_is_caught_with_exit_code_3(tmp_path: Path) -> None:
    manifests = _manifests(tmp_path)
    done = _seatrial(
        "check", "controllers.py:leaky", *manifests, "--examples", "100", "--report-dir", str(tmp_path), hash_seed="3"
    )
    assert done.returncode == 3, done.stderr + done.stdout
    assert "another hash seed" in done.stderr


def _manifests(folder: Path) -> list[str]:
    import json

    import yaml

    sys.path.insert(0, str(HERE))
    try:
        import controllers
    finally:
        sys.path.remove(str(HERE))
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump_all([json.loads(json.dumps(o)) for o in (controllers.CRD, controllers.SITE)]))
    return ["--manifest", str(path)]

"""The Go operator of `examples/go-operator/` lives its normal life, and is killed where its wrong variant must not be.

It is controller-runtime, unmodified: protobuf bodies and DeleteOptions, watch-lists, Leases, Events of their own group.
"""

import base64
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError

import pytest
import yaml

from tests.docs.tables import TOP
from tests.wire.behaviours import CUSTOM, ELECTION, KILLED, LIFE, PROTOBUF, ROLLOUT, WEBHOOKS
from tests.wire.binaries import missing
from tests.wire.certificates import free_port, write_certificate
from tests.wire.crash_proxy import CrashProxy
from tests.wire.served import Served, wait_until

BEHAVIOURS: Final = (CUSTOM, LIFE, ROLLOUT, ELECTION, PROTOBUF, WEBHOOKS, KILLED)
EXAMPLE: Final = TOP / "examples" / "go-operator"
FLEETS: Final = "/apis/harbour.example.com/v1/namespaces/default/fleets"
SHIPS: Final = "/apis/apps/v1/namespaces/default/deployments"
LEASE: Final = "/apis/coordination.k8s.io/v1/namespaces/default/leases/fleet-operator"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The operator, built as its README says. Go keeps modules and objects, so that a second run takes seconds."""
    if shutil.which("go") is None:
        missing("Go", "no `go` on the PATH")
    path = tmp_path_factory.mktemp("go") / "go-operator"
    fetched = _go("mod", "download")
    if fetched.returncode != 0:
        missing("what examples/go-operator/go.mod names", fetched.stderr)
    made = _go("build", "-buildvcs=false", "-o", str(path), ".")
    assert made.returncode == 0, made.stderr
    return path


def _go(*arguments: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "CGO_ENABLED": "0"}
    return subprocess.run(["go", *arguments], cwd=EXAMPLE, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def harbour(served: Served) -> Served:
    if served.gone("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/fleets.harbour.example.com"):
        definition = yaml.safe_load((EXAMPLE / "crd.yaml").read_text())
        served.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition)
    return served


@contextmanager
def _running(
    binary: Path, variant: str, environment: dict[str, str], log: Path, *options: str
) -> Iterator["subprocess.Popen[bytes]"]:
    """The operator's process, gone at the end. What it said is in a failure's message."""
    with log.open("a+") as output:
        process = subprocess.Popen(
            [binary, f"-variant={variant}", *options], env=environment, stdout=output, stderr=output
        )
        try:
            yield process
        except AssertionError as error:
            raise AssertionError(f"{error}\n{log.read_text()}") from error
        finally:
            process.terminate()
            process.wait(timeout=60)


def _asked_for(served: Served, name: str, ships: int) -> Any:
    manifest = yaml.safe_load((EXAMPLE / "fleet.yaml").read_text())
    return served.ask("POST", FLEETS, {**manifest, "metadata": {"name": name}, "spec": {"ships": ships}})


def _edited(served: Served, name: str, **spec: Any) -> int:
    """The user's edit; answers the new generation."""
    fleet = served.ask("GET", f"{FLEETS}/{name}")
    fleet["spec"] |= spec
    return int(served.ask("PUT", f"{FLEETS}/{name}", fleet)["metadata"]["generation"])


def _wait_reported(served: Served, name: str, generation: int, ships: int) -> None:
    wanted = {"observedGeneration": generation, "ships": ships, "ready": ships}
    wait_until(lambda: bool(served.ask("GET", f"{FLEETS}/{name}").get("status") == wanted), f"{name} has {wanted}")


def _ships(served: Served, name: str) -> dict[str, Any]:
    listed = served.ask("GET", SHIPS)["items"]
    return {ship["metadata"]["name"]: ship for ship in listed if ship["metadata"]["name"].startswith(f"{name}-")}


def _image(ship: Any) -> str:
    return str(ship["spec"]["template"]["spec"]["containers"][0]["image"])


def _wait_dismissed(served: Served, name: str) -> None:
    served.ask("DELETE", f"{FLEETS}/{name}")
    wait_until(lambda: served.gone(f"{FLEETS}/{name}") and not _ships(served, name), f"{name} and its ships are gone")


@pytest.mark.parametrize("variant", ["fixed", "wrong"])
def test_an_operator_lives_its_life(harbour: Served, binary: Path, variant: str, tmp_path: Path) -> None:
    name = f"life-{variant}"
    with _running(binary, variant, harbour.environment, tmp_path / "log"):
        uid = _asked_for(harbour, name, ships=2)["metadata"]["uid"]
        _wait_reported(harbour, name, generation=1, ships=2)
        assert harbour.ask("GET", LEASE)["spec"]["holderIdentity"]
        fleet = harbour.ask("GET", f"{FLEETS}/{name}")
        assert (fleet["metadata"]["finalizers"], fleet["spec"]["image"]) == (["harbour.example.com/ships"], "nginx:1")
        ships = _ships(harbour, name)
        assert list(ships) == [f"{name}-0", f"{name}-1"]
        assert [each["metadata"]["ownerReferences"][0]["uid"] for each in ships.values()] == [uid, uid]
        events = f"/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3D{name}"
        wait_until(lambda: {each["reason"] for each in harbour.ask("GET", events)["items"]} == {"Built"}, "it says so")

        generation = _edited(harbour, name, ships=1, image="nginx:2")
        _wait_reported(harbour, name, generation, ships=1)
        wait_until(lambda: [*map(_image, _ships(harbour, name).values())] == ["nginx:2"], "one ship of the new kind")

        def rolled_out() -> bool:
            ship = harbour.ask("GET", f"{SHIPS}/{name}-0")
            status, seen = ship["status"], ship["status"]["observedGeneration"] == ship["metadata"]["generation"]
            return bool(seen and (status.get("replicas"), status.get("updatedReplicas")) == (1, 1))

        wait_until(rolled_out, "its Deployment has rolled out")
        _wait_dismissed(harbour, name)


@pytest.mark.parametrize("variant", ["fixed", "wrong"])
def test_a_second_operator_takes_over_from_one_that_was_killed(
    harbour: Served, binary: Path, variant: str, tmp_path: Path
) -> None:
    def holder() -> str:
        return str(harbour.ask("GET", LEASE)["spec"]["holderIdentity"])

    name = f"heir-{variant}"
    with _running(binary, variant, harbour.environment, tmp_path / "first") as first:
        _asked_for(harbour, name, ships=1)
        _wait_reported(harbour, name, generation=1, ships=1)
        before = holder()
        with _running(binary, variant, harbour.environment, tmp_path / "second"):
            generation = _edited(harbour, name, ships=3)
            first.kill()
            _wait_reported(harbour, name, generation, ships=3)
            assert holder() not in ("", before)
            _wait_dismissed(harbour, name)


class _Voyage:
    """A fleet of three, whose operator is killed right after a write of its choice while it goes down to one."""

    def __init__(self, served: Served, binary: Path, variant: str, folder: Path) -> None:
        self.served, self.binary, self.variant, self.folder = served, binary, variant, folder
        self.name = f"crash-{variant}"

    def lives_of(self, proxy: CrashProxy) -> Any:
        return _running(self.binary, self.variant, proxy.environment, self.folder / "log")

    def down_to_one(self, proxy: CrashProxy, write: int, *, kill: bool) -> list[str]:
        """Scale down, lose the n-th write's answer (from 1), look again. Answers the ships that are left."""
        numbers = count(1)
        with self.lives_of(proxy) as operator:
            _wait_reported(self.served, self.name, _edited(self.served, self.name, ships=3), ships=3)
            # Events are sent beside the work, in no order: they do not count.
            own = (f"{FLEETS}/{self.name}", f"{SHIPS}/{self.name}-")
            proxy.arm(lambda _, path: path.startswith(own) and next(numbers) == write, operator if kill else None)
            generation = _edited(self.served, self.name, ships=1)
            if not kill:
                return self._left(generation, f"nginx:{write}")
            assert operator.wait(timeout=120) == -9
        with self.lives_of(proxy):
            return self._left(generation, f"nginx:{write}")

    def _left(self, generation: int, image: str) -> list[str]:
        """The ships that are left, once its report and the ship that stays show that it was looked at again."""
        _wait_reported(self.served, self.name, generation, ships=1)
        _wait_reported(self.served, self.name, _edited(self.served, self.name, image=image), ships=1)
        wait_until(lambda: _image(_ships(self.served, self.name)[f"{self.name}-0"]) == image, "it was looked at again")
        return list(_ships(self.served, self.name))


@contextmanager
def _voyage(served: Served, binary: Path, variant: str, folder: Path) -> Iterator[tuple[_Voyage, CrashProxy]]:
    voyage = _Voyage(served, binary, variant, folder)
    with ExitStack() as stack:
        proxy = stack.enter_context(CrashProxy(served.url, served.environment, folder))
        _asked_for(served, voyage.name, ships=2)
        yield voyage, proxy
        with voyage.lives_of(proxy):
            _wait_dismissed(served, voyage.name)


def test_the_wrong_operator_forgets_ships_when_it_dies_after_the_write_of_its_status(
    harbour: Served, binary: Path, tmp_path: Path
) -> None:
    with _voyage(harbour, binary, "wrong", tmp_path) as (voyage, proxy):
        left = voyage.down_to_one(proxy, write=1, kill=True)
        assert proxy.struck == [f"PUT {FLEETS}/{voyage.name}/status"]
        assert left == ["crash-wrong-0", "crash-wrong-1", "crash-wrong-2"]
        assert "application/vnd.kubernetes.protobuf" in proxy.content_types


def test_the_wrong_operator_forgets_none_when_it_only_loses_the_answer(
    harbour: Served, binary: Path, tmp_path: Path
) -> None:
    with _voyage(harbour, binary, "wrong", tmp_path) as (voyage, proxy):
        left = voyage.down_to_one(proxy, write=1, kill=False)
        assert (proxy.struck, left) == ([f"PUT {FLEETS}/{voyage.name}/status"], ["crash-wrong-0"])


def test_the_fixed_operator_forgets_none_whichever_write_it_dies_of(
    harbour: Served, binary: Path, tmp_path: Path
) -> None:
    with _voyage(harbour, binary, "fixed", tmp_path) as (voyage, proxy):
        writes = [
            f"DELETE {SHIPS}/crash-fixed-1",
            f"DELETE {SHIPS}/crash-fixed-2",
            f"PUT {FLEETS}/{voyage.name}/status",
        ]
        for number in range(1, len(writes) + 1):
            assert voyage.down_to_one(proxy, number, kill=True) == ["crash-fixed-0"], writes[number - 1]
        assert proxy.struck == writes


@contextmanager
def _configured(served: Served, port: int, authority: bytes) -> Iterator[None]:
    """What webhooks.yaml says, as long as this lasts."""
    text = (EXAMPLE / "webhooks.yaml").read_text().replace("127.0.0.1:PORT", f"127.0.0.1:{port}")
    found = list(yaml.safe_load_all(text.replace("CA_BUNDLE", base64.b64encode(authority).decode())))
    paths = [f"/apis/admissionregistration.k8s.io/v1/{each['kind'].lower()}s" for each in found]
    for path, each in zip(paths, found, strict=True):
        served.ask("POST", path, each)
    try:
        yield
    finally:
        for path, each in zip(paths, found, strict=True):
            served.ask("DELETE", f"{path}/{each['metadata']['name']}")


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


def _refusal(served: Served, name: str, ships: int) -> Any:
    with pytest.raises(HTTPError) as refused:
        _edited(served, name, ships=ships)
    with refused.value as reply:
        return json.load(reply)


def test_the_webhooks_of_an_operator_are_asked_as_kubebuilder_ships_them(
    harbour: Served, binary: Path, tmp_path: Path
) -> None:
    authority, port, name = write_certificate(tmp_path), free_port(), "hooked"
    options = (f"-webhook-port={port}", f"-webhook-cert-dir={tmp_path}")
    with ExitStack() as configured:
        with _running(binary, "fixed", harbour.environment, tmp_path / "log", *options):
            wait_until(lambda: _listens(port), "the webhook server listens")
            configured.enter_context(_configured(harbour, port, authority))
            fleet = {**yaml.safe_load((EXAMPLE / "fleet.yaml").read_text()), "metadata": {"name": name}}
            with harbour.open("POST", FLEETS, fleet) as reply:
                assert reply.headers["Warning"] == '299 - "the harbour is crowded"'
                assert json.load(reply)["metadata"]["labels"] == {"harbour.example.com/registered": "true"}
            _wait_reported(harbour, name, generation=1, ships=3)  # what the operator writes is reviewed too
            status = _refusal(harbour, name, ships=1)
            assert (status["code"], status["message"]) == (
                403,
                'admission webhook "vfleet-v1.kb.io" denied the request: spec.ships: from 3 to 1: '
                "ships leave one by one",
            )
            _wait_reported(harbour, name, _edited(harbour, name, ships=2), ships=2)
        status = _refusal(harbour, name, ships=1)
        assert status["code"] == 500
        assert status["message"].startswith(
            'Internal error occurred: failed calling webhook "mfleet-v1.kb.io": failed to call webhook: Post '
            f'"https://127.0.0.1:{port}/mutate-harbour-example-com-v1-fleet?timeout=10s": dial tcp 127.0.0.1:{port}'
        )
    with _running(binary, "fixed", harbour.environment, tmp_path / "log"):
        _wait_dismissed(harbour, name)

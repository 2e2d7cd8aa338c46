"""A kopf operator, unmodified, lives its normal life against a served cluster."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.wire.behaviours import CUSTOM, LIFE
from tests.wire.binaries import missing
from tests.wire.served import Served, wait_until

BEHAVIOURS: Final = (CUSTOM, LIFE)
OPERATOR: Final = Path(__file__).parent / "programs" / "kopf_operator.py"
SITES: Final = "/apis/example.com/v1/namespaces/default/websites"
MAPS: Final = "/api/v1/namespaces/default/configmaps"


@pytest.mark.slow
def test_an_operator_lives_its_life(served: Served) -> None:
    if importlib.util.find_spec("kopf") is None:
        missing("kopf", "install seatrial[wire]")
    command = [sys.executable, "-m", "kopf", "run", "--standalone", "-A", str(OPERATOR)]
    log = (served.folder / "kopf.log").open("w+")
    with log, subprocess.Popen(command, env=served.environment, stdout=log, stderr=log) as operator:
        try:
            site = {"apiVersion": "example.com/v1", "kind": "Website", "metadata": {"name": "front"}, "spec": {}}
            served.ask("POST", SITES, site)
            wait_until(lambda: served.ask("GET", f"{SITES}/front").get("status") == {"size": 1}, "status is written")
            found = served.ask("GET", f"{SITES}/front")
            assert found["metadata"]["finalizers"] == ["kopf.zalando.org/KopfFinalizerMarker"]
            child = served.ask("GET", f"{MAPS}/front")
            assert (child["data"], child["metadata"]["ownerReferences"][0]["uid"]) == (
                {"size": "1"},
                found["metadata"]["uid"],
            )
            events = "/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dfront"
            wait_until(lambda: bool(served.ask("GET", events)["items"]), "an Event is there")
            served.ask("DELETE", f"{SITES}/front")
            wait_until(lambda: bool(served.ask("GET", f"{MAPS}/front-gone")), "the deletion is handled")
            wait_until(
                lambda: served.gone(f"{SITES}/front") and served.gone(f"{MAPS}/front"),
                "the site and what it owns are gone",
            )
        except AssertionError as error:
            log.seek(0)
            raise AssertionError(f"{error}\n{log.read()}") from None
        finally:
            operator.terminate()
            operator.wait(timeout=30)

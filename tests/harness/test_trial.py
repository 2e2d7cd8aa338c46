import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness import registry
from harness.errors import UsageError
from harness.facts import Facts
from harness.trial import Trial
from reference_impl.apiserver.names import timestamp
from tests.harness.samples import CRD, SETTINGS, SITE, website

IMPORTABLE = timestamp
"""Any function that every process can import; it is never called."""


@pytest.fixture(autouse=True)
def _installed(monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(view: Any) -> None: ...

    faults = (SimpleNamespace(name="crash"), SimpleNamespace(name="stale_read"))
    properties = (
        SimpleNamespace(name="converges", judge=judge),
        SimpleNamespace(name="unique_children", judge=judge, opt_in=True),
    )
    monkeypatch.setattr(registry, "faults", lambda: faults)
    monkeypatch.setattr(registry, "properties", lambda: properties)


def test_manifests_are_read_at_once_definitions_first() -> None:
    assert list(Trial([website], [SITE, CRD]).objects) == [CRD, SITE]


def test_manifest_paths_are_relative_to_the_building_file_then_to_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here.yaml").write_text("{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}")
    with pytest.raises(UsageError, match="looked for it in"):
        Trial([website], ["here.yaml"])
    monkeypatch.chdir(tmp_path)
    assert Trial([website], ["here.yaml"]).objects[0]["metadata"]["name"] == "x"
    module = tmp_path / "built" / "there.py"
    module.parent.mkdir()
    module.write_text("trial = Trial([website], ['near.yaml'])")
    (module.parent / "near.yaml").write_text("{apiVersion: v1, kind: ConfigMap, metadata: {name: near}}")
    scope: dict[str, Any] = {"__name__": "there", "__file__": str(module), "Trial": Trial, "website": website}
    exec(compile(module.read_text(), str(module), "exec"), scope)
    assert scope["trial"].objects[0]["metadata"]["name"] == "near"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"profile": "windows"}, "profile='windows' does not exist: use 'kubernetes' or 'hostile'"),
        ({"faults": ["crsh"]}, "there is no 'crsh'; did you mean 'crash'"),
        ({"no_faults": "crash"}, "write no_faults=\\['crash'\\]"),
        ({"properties": ["convergs"]}, "did you mean 'converges'"),
        ({"properties": [3]}, "neither a name nor a property"),
        ({"built_ins": "some"}, "use 'auto', 'all', 'none'"),
        ({"instances": 0}, "instances must be at least 1"),
        ({"nodes": -1}, "nodes must be at least 0"),
        ({"apiservers": 0}, "apiservers must be at least 1"),
        ({"max_steps": 0}, "max_steps must be at least 1"),
        ({"seed": "x"}, "seed='x' is not a whole number"),
        ({"seed": True}, "seed=True is not a whole number"),
        ({"workload": [{"do": "jump"}]}, r"workload\[0\]: there is no action 'jump'"),
        ({"workload": "no_such_mod_h8:users"}, "workload .* cannot be imported"),
        ({"edits": {"Website": [1]}}, "write it as 'Website.spec.size'"),
        ({"settled": {"Website": 3}}, "cannot be called"),
        ({"ignore": ["converges"]}, "write Known"),
        ({"plane": object()}, "give an object or dict with `store`"),
        ({"plane": {"store": 3}}, "plane.store=3 cannot be called"),
        ({"external": ["cloud"]}, "is not a dict"),
        ({"manifests": ["gone.yaml"]}, "does not exist"),
        ({"manifests": [3]}, "neither a path nor a parsed object"),
    ],
)
def test_values_that_cannot_work_are_refused_before_anything_runs(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        Trial([website], **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("controller", "message"),
    [
        ("no_such_mod_h8:website", "cannot be imported"),
        (7, "is no factory"),
        (SimpleNamespace(argv=["kopf"]), "is no factory"),
        (["kopf", "run"], r"pass Process\(\['kopf', 'run'\]\) to run a command line"),
        ({"argv": ["no-such-program-anywhere"]}, "is no program that can be started"),
    ],
)
def test_controllers_must_be_factories(controller: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Trial([controller])


def test_factories_are_the_code_behind_names() -> None:
    assert Trial(["reference_impl.apiserver.names:timestamp", website]).factories == (IMPORTABLE, website)


def test_opt_in_properties_are_judged_only_if_named() -> None:
    assert [p.name for p in Trial([website]).property_objects] == ["converges"]
    assert [p.name for p in Trial([website], properties=["unique_children"]).property_objects] == ["unique_children"]


def test_facts_are_empty_until_a_run_has_taught_some() -> None:
    before = Trial([website], [SETTINGS])
    after = before.with_facts(Facts(built_ins=("namespace",)))
    assert (before.facts.built_ins, after.facts.built_ins) == ((), ("namespace",))
    assert after.objects is before.objects


def test_replace_checks_again() -> None:
    with pytest.raises(UsageError, match="profile"):
        dataclasses.replace(Trial([website], [SITE, CRD]), profile="windows")

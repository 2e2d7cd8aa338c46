import json
from pathlib import Path

import pytest
import yaml

from harness.errors import UsageError
from harness.manifests import calling_directory, check_manifests, load_manifests
from reference_impl.protocol import JsonObject
from tests.harness.samples import CRD, SETTINGS, SITE


def read(folder: Path, *given: str | JsonObject) -> list[str]:
    return [obj["kind"] for obj in check_manifests(load_manifests(given, directory=folder))]


def test_definitions_come_first_then_namespaces_then_the_rest_as_given(tmp_path: Path) -> None:
    shop = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    (tmp_path / "all.yaml").write_text(yaml.safe_dump_all([SITE, shop, CRD]))
    assert read(tmp_path, SETTINGS, "all.yaml") == ["CustomResourceDefinition", "Namespace", "ConfigMap", "Website"]


def test_lists_json_and_empty_documents_are_read(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [SETTINGS]}))
    (tmp_path / "empty.yaml").write_text("---\n---\n" + yaml.safe_dump(CRD))
    assert read(tmp_path, "list.json", "empty.yaml") == ["CustomResourceDefinition", "ConfigMap"]


def test_an_object_without_a_namespace_goes_to_default() -> None:
    (obj,) = check_manifests(load_manifests([{**SETTINGS, "metadata": {"name": "x"}}], directory=Path()))
    assert obj["metadata"] == {"name": "x", "namespace": "default"}


def test_dates_stay_strings_as_in_kubernetes(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {since: 2024-01-01}}"
    )
    (obj,) = check_manifests(load_manifests(["c.yaml"], directory=tmp_path))
    assert obj["data"] == {"since": "2024-01-01"}


def test_what_only_a_server_sets_is_dropped() -> None:
    exported = {**SETTINGS, "metadata": {**SETTINGS["metadata"], "uid": "u", "resourceVersion": "5"}}
    (obj,) = check_manifests(load_manifests([exported], directory=Path()))
    assert obj == SETTINGS


def test_paths_are_relative_to_the_calling_file() -> None:
    assert calling_directory() == Path(__file__).resolve().parent


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: [", "m.yaml does not parse"),
        ("just text", "m.yaml is a str, not a Kubernetes object"),
        ("{kind: ConfigMap, metadata: {name: x}}", "m.yaml has no apiVersion"),
        ("{apiVersion: v1, kind: ConfigMap}", r"m.yaml \(ConfigMap\) has no metadata.name"),
        ("{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: shop}}", "namespace 'shop' does not exist"),
        ("{apiVersion: example.com/v1, kind: Website, metadata: {name: x}}", "neither built in nor defined"),
        ("{apiVersion: v1, kind: ConfigMap, metadata: {name: Not_A_Name}}", "an API server refuses it"),
        (yaml.safe_dump_all([SETTINGS, SETTINGS]), "m.yaml document 2: ConfigMap default/settings: .*already exists"),
    ],
)
def test_a_manifest_that_cannot_work_is_one_line_with_its_origin(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "m.yaml").write_text(text)
    with pytest.raises(UsageError, match=message) as caught:
        read(tmp_path, "m.yaml")
    assert "\n" not in str(caught.value)


def test_a_missing_file_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'gone\.yaml' does not exist: looked for it in"):
        read(tmp_path, "gone.yaml")


def test_a_directory_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    with pytest.raises(UsageError, match=r"'site' is a directory \(.*\): name each of its files"):
        read(tmp_path, "site")


def test_a_custom_resource_that_fails_its_schema_names_the_field() -> None:
    with pytest.raises(UsageError, match=r"Website default/front: .*spec\.size"):
        read(Path(), CRD, {**SITE, "spec": {"size": 99}})

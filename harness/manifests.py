"""Manifests: what is in the cluster before anything happens, from files or as parsed objects.

Every object is created once on a throw-away API server when the trial is built, so that a manifest that a cluster would
refuse is refused in one line that names the file, the document and the field. Order: CustomResourceDefinitions, then
Namespaces, then the rest as given. A namespaced object without a namespace goes to `default`, as with kubectl.

Not modelled: kubectl's kustomizations, remote files, templating.
"""

import json
import os
import random
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from harness.errors import UsageError
from reference_impl.apiserver.registry import KindRegistry
from reference_impl.apiserver.server import ApiServer
from reference_impl.errors import ApiError, NotFound
from reference_impl.objects import copy_json
from reference_impl.protocol import ApiRequest, JsonObject
from reference_impl.store.memory import MemoryStore

CRD = "CustomResourceDefinition"
_OURS = ("seatrial", "harness", "properties", "reports", "reference_impl", "dataclasses")
_EPOCH = datetime(2030, 1, 1, tzinfo=UTC)
"""Arbitrary: nothing that is looked at depends on it."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object and where it came from, for messages."""

    object: JsonObject
    origin: str


def calling_directory() -> Path:
    """Folder of the nearest calling file that is not seatrial's own: paths in a test are relative to that test."""
    frame = sys._getframe(1)
    while frame is not None:
        module = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if module not in _OURS:
            file = frame.f_globals.get("__file__") or frame.f_code.co_filename
            return Path(file).resolve().parent if os.path.exists(file) else Path.cwd()
        if frame.f_back is None:
            break
        frame = frame.f_back
    return Path.cwd()


def load_manifests(given: Iterable[str | os.PathLike[str] | JsonObject], *, directory: Path) -> tuple[Manifest, ...]:
    """Read and order manifests.

    Args:
        directory: where relative paths are looked up first; the current directory comes second.

    Raises:
        UsageError: a file is missing or does not parse, or a document is no Kubernetes object.
    """
    found: list[Manifest] = []
    for index, item in enumerate(given):
        if isinstance(item, Mapping):
            found.extend(_objects(dict(item), f"manifests[{index}]"))
        elif isinstance(item, str | os.PathLike):
            found.extend(_read(_locate(os.fspath(item), directory)))
        else:
            raise UsageError(f"manifests[{index}]={item!r} is neither a path nor a parsed object: pass a str or a dict")
    return tuple(sorted(found, key=_rank))


def check_manifests(manifests: Sequence[Manifest]) -> tuple[JsonObject, ...]:
    """Create all of them on a throw-away API server; returns the objects, with namespaces filled in.

    Raises:
        UsageError: the server refused one; the message has its origin and the server's reason.
    """
    server = scratch_server()
    objects = []
    for manifest in manifests:
        obj = _with_namespace(manifest, server)
        objects.append(obj)
        try:
            create(server, obj)
        except ApiError as error:
            raise UsageError(f"{manifest.origin}: {_named(obj)}: {_explain(error, obj)}") from error
    return tuple(objects)


def kinds_served(objects: Iterable[JsonObject]) -> KindRegistry:
    """The kinds that a cluster with these objects would serve. Raises UsageError for a CRD that defines none."""
    kinds = KindRegistry()
    for obj in objects:
        if obj.get("kind") != CRD:
            continue
        try:
            kinds.serve(obj)
        except (ApiError, KeyError, TypeError) as error:
            raise UsageError(f"a {CRD} in the manifests cannot be served: {type(error).__name__}: {error}") from error
    return kinds


def scratch_server(objects: Iterable[JsonObject] = ()) -> ApiServer:
    """A fresh API server with an empty store in which `objects` have been created. Raises ApiError."""
    server = ApiServer(MemoryStore(), now=lambda: _EPOCH, random=random.Random(0), kinds=KindRegistry())
    server.bootstrap()
    for obj in objects:
        create(server, obj)
    return server


def create(server: ApiServer, obj: JsonObject) -> JsonObject:
    """Send a create. Raises ApiError."""
    metadata = obj["metadata"]
    request = ApiRequest(
        verb="create",
        api_version=obj["apiVersion"],
        kind=obj["kind"],
        namespace=metadata.get("namespace") or None,
        name=metadata.get("name") or None,
        body=copy_json(obj),
        user="user",
    )
    return server.handle(request)


def _rank(manifest: Manifest) -> int:
    return {CRD: 0, "Namespace": 1}.get(manifest.object["kind"], 2)


def _locate(path: str, directory: Path) -> Path:
    tried = [directory / path, Path.cwd() / path]
    for candidate in tried:
        if candidate.is_file():
            return candidate
        if candidate.is_dir():
            raise UsageError(f"manifest {path!r} is a directory ({candidate}): name each of its files")
    places = " nor in ".join(dict.fromkeys(str(candidate.parent) for candidate in tried))
    raise UsageError(f"manifest {path!r} does not exist: looked for it in {places}. Check the path")


def _read(path: Path) -> Iterator[Manifest]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"manifest {path} cannot be read: {error}. It must be a UTF-8 text file") from error
    try:
        if path.suffix == ".json":
            documents = [json.loads(text)]
        else:
            documents = list(yaml.load_all(text, Loader=_Loader))
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise UsageError(f"manifest {path} does not parse: {reason}. It must be YAML or JSON") from error
    for number, document in enumerate(documents, 1):
        if document is not None:  # "---" with nothing after it
            yield from _objects(document, f"{path.name} document {number}" if len(documents) > 1 else path.name)


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """YAML as Kubernetes reads it: no dates (a timestamp is a string in JSON)."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _objects(document: Any, origin: str) -> Iterator[Manifest]:
    if not isinstance(document, dict):
        raise UsageError(
            f"{origin} is a {type(document).__name__}, not a Kubernetes object: it needs apiVersion and kind"
        )
    kind = document.get("kind")
    if isinstance(kind, str) and kind.endswith("List") and isinstance(document.get("items"), list):
        for index, item in enumerate(document["items"]):
            yield from _objects(item, f"{origin} items[{index}]")
        return
    for name in ("apiVersion", "kind"):
        if not isinstance(document.get(name), str) or not document[name]:
            raise UsageError(f"{origin} has no {name}: each document must be one Kubernetes object")
    metadata = document.get("metadata")
    if not isinstance(metadata, dict) or not (metadata.get("name") or metadata.get("generateName")):
        raise UsageError(f"{origin} ({kind}) has no metadata.name: give it a name, or a generateName")
    # A manifest read back from a cluster carries what only a server sets; a create must not.
    yield Manifest(_as_json(document, origin), origin)


def _as_json(document: JsonObject, origin: str) -> JsonObject:
    try:
        parsed: JsonObject = json.loads(json.dumps(document, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise UsageError(f"{origin} holds what JSON cannot: {error}. Quote it, if it is meant as a string") from error
    for name in ("resourceVersion", "uid", "creationTimestamp", "generation", "managedFields"):
        parsed["metadata"].pop(name, None)
    return parsed


def _with_namespace(manifest: Manifest, server: ApiServer) -> JsonObject:
    obj = manifest.object
    try:
        info = server.kinds.resolve(obj["apiVersion"], obj["kind"])
    except NotFound as error:
        raise UsageError(
            f"{manifest.origin}: kind {obj['kind']} of {obj['apiVersion']} is neither built in nor defined by a "
            f"{CRD} in the manifests: add its {CRD}, or correct apiVersion and kind"
        ) from error
    except ApiError as error:
        raise UsageError(f"{manifest.origin}: {error.message}") from error
    if info.namespaced and not obj["metadata"].get("namespace"):
        return {**obj, "metadata": {**obj["metadata"], "namespace": "default"}}
    return obj


def _named(obj: JsonObject) -> str:
    metadata = obj["metadata"]
    name = metadata.get("name") or metadata.get("generateName")
    return f"{obj['kind']} {metadata['namespace']}/{name}" if metadata.get("namespace") else f"{obj['kind']} {name}"


def _explain(error: ApiError, obj: JsonObject) -> str:
    namespace = obj["metadata"].get("namespace")
    if isinstance(error, NotFound) and namespace:
        return f"namespace {namespace!r} does not exist: add a Namespace manifest, or use 'default'"
    return f"an API server refuses it: {' '.join(error.message.split())}"

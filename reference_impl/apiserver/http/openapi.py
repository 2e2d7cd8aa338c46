"""OpenAPI v3: one document a group version, with what kubectl, Helm and code generators look for.

Operations carry their kind, action and the query parameters `dryRun`, `fieldManager`, `fieldValidation`, without which
kubectl refuses to apply; schemas carry their kind. Schemas of custom resources are their definitions'; those of
built-in kinds come from the table of fields (`builtin_types.py`), without descriptions.

The content types of a patch leave strategic merge out: kubectl then merges with the keys it was built with, which are
right, instead of with ours.

Sources: kubernetes `api/openapi-spec/v3`; kube-openapi `handler3`; kubectl `pkg/cmd/apply/patcher.go`.
"""

import hashlib
from typing import Final

from reference_impl.apiserver import builtin_types
from reference_impl.apiserver.builtin_types import Field
from reference_impl.apiserver.http import discovery
from reference_impl.apiserver.registry import KindRegistry
from reference_impl.kinds import KindInfo
from reference_impl.protocol import JsonObject

_SCALARS: Final[dict[str, JsonObject]] = {
    "string": {"type": "string"},
    "bool": {"type": "boolean"},
    "int": {"type": "integer", "format": "int64"},
    "double": {"type": "number", "format": "double"},
    "bytes": {"type": "string", "format": "byte"},
    "time": {"type": "string", "format": "date-time"},
    "microtime": {"type": "string", "format": "date-time"},
    "duration": {"type": "string"},
    "quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
    "intorstring": {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]},
    "raw": {"x-kubernetes-preserve-unknown-fields": True},
    "schemaorbool": {"x-kubernetes-preserve-unknown-fields": True},
    "schemaorarray": {"x-kubernetes-preserve-unknown-fields": True},
    "schemaorstrings": {"x-kubernetes-preserve-unknown-fields": True},
}
_METHOD_OF: Final = {
    "get": ("get", "get"), "list": ("get", "list"), "create": ("post", "post"), "update": ("put", "put"),
    "patch": ("patch", "patch"), "delete": ("delete", "delete"), "deletecollection": ("delete", "deletecollection"),
}  # fmt: skip
_COLLECTION: Final = ("list", "create", "deletecollection")
_PATCHES: Final = ("application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json")


def group_versions(kinds: KindRegistry) -> list[str]:
    """Names of the documents: "api/v1", "apis/apps/v1"."""
    found = dict.fromkeys(info.api_version for info in kinds.kinds())
    return [f"apis/{each}" if "/" in each else f"api/{each}" for each in found]


def digest(document: bytes) -> str:
    """What a client may cache a document under."""
    return hashlib.sha256(document).hexdigest().upper()


def group_version(kinds: KindRegistry, name: str) -> JsonObject | None:
    """The document of "apis/apps/v1"; None if nothing of it is served."""
    api_version = name.partition("/")[2]
    served = [info for info in kinds.kinds() if info.api_version == api_version]
    if not served or name != (f"apis/{api_version}" if "/" in api_version else f"api/{api_version}"):
        return None
    schemas: dict[str, JsonObject] = {}
    paths: JsonObject = {}
    for info in served:
        root = f"/{name}/namespaces/{{namespace}}/{info.plural}" if info.namespaced else f"/{name}/{info.plural}"
        reference = _kind_schema(info, schemas)
        verbs = discovery.verbs_of(info)
        kind = (info.group, info.version, info.kind)
        paths[root] = _path_item(root, [each for each in verbs if each in _COLLECTION], kind, reference)
        named = [each for each in verbs if each in _METHOD_OF and each not in _COLLECTION]
        if named:
            paths[f"{root}/{{name}}"] = _path_item(f"{root}/{{name}}", named, kind, reference)
        for sub, sub_kind, sub_verbs in discovery.subresources(info):
            path = f"{root}/{{name}}/{sub}"
            target = reference if sub_kind == kind else {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
            paths[path] = _path_item(path, list(sub_verbs), sub_kind, target)
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.34.0"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


# ----------------------------------------------------------------------------------------------------------- operations


def _path_item(path: str, verbs: list[str], kind: tuple[str, str, str], schema: JsonObject) -> JsonObject:
    item: JsonObject = {
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in ("namespace", "name")
            if f"{{{name}}}" in path
        ]
    }
    for verb in verbs:
        method, action = _METHOD_OF[verb]
        item[method] = _operation(verb, action, kind, schema, path)
    return item


def _operation(verb: str, action: str, kind: tuple[str, str, str], schema: JsonObject, path: str) -> JsonObject:
    content = {"application/json": {"schema": schema}}
    code = "201" if verb == "create" else "200"
    operation: JsonObject = {
        "operationId": verb + "".join(part.strip("{}").capitalize() for part in path.split("/")),
        "responses": {code: {"description": "OK", "content": content}},
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": dict(zip(("group", "version", "kind"), kind, strict=True)),
    }
    if verb in ("create", "update", "patch"):
        operation["parameters"] = [_query("dryRun"), _query("fieldManager"), _query("fieldValidation")]
        if verb == "patch":
            operation["parameters"].append(_query("force", "boolean"))
            anything = {"schema": {"x-kubernetes-preserve-unknown-fields": True}}
            operation["requestBody"] = {"required": True, "content": dict.fromkeys(_PATCHES, anything)}
        else:
            operation["requestBody"] = {"required": True, "content": {"*/*": {"schema": schema}}}
    elif verb in ("list", "deletecollection"):
        texts = ("labelSelector", "fieldSelector", "continue", "resourceVersion", "resourceVersionMatch")
        operation["parameters"] = [*map(_query, texts), _query("limit", "integer"), _query("timeoutSeconds", "integer")]
        if verb == "list":
            flags = ("watch", "allowWatchBookmarks", "sendInitialEvents")
            operation["parameters"] += [_query(name, "boolean") for name in flags]
    elif verb == "delete":
        operation["parameters"] = [
            _query("dryRun"), _query("gracePeriodSeconds", "integer"), _query("propagationPolicy"),
            _query("orphanDependents", "boolean"),
        ]  # fmt: skip
    return operation


def _query(name: str, kind: str = "string") -> JsonObject:
    return {"name": name, "in": "query", "schema": {"type": kind}}


# -------------------------------------------------------------------------------------------------------------- schemas


def _kind_schema(info: KindInfo, schemas: dict[str, JsonObject]) -> JsonObject:
    """A reference to the kind's schema, which is among `schemas` afterwards."""
    kind = {"group": info.group, "version": info.version, "kind": info.kind}
    if info.crd is not None:
        domain = ".".join(reversed(info.group.split(".")))
        name = f"{domain}.{info.version}.{info.kind}"
        _message_schema("meta.v1.ObjectMeta", schemas)
        properties = {
            **((info.schema or {}).get("properties") or {}),
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"allOf": [_reference("meta.v1.ObjectMeta")]},
        }
        schemas[name] = {
            "type": "object",
            **(info.schema or {}),
            "properties": properties,
            "x-kubernetes-group-version-kind": [kind],
        }
        return {"$ref": f"#/components/schemas/{name}"}
    name = builtin_types.type_name(info.api_version, info.kind)
    if builtin_types.message(name) is None:
        schemas[_public(name)] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    else:
        _message_schema(name, schemas)
        own = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
        schemas[_public(name)]["properties"] = {**own, **schemas[_public(name)]["properties"]}
    schemas[_public(name)]["x-kubernetes-group-version-kind"] = [kind]
    return _reference(name)


def _message_schema(name: str, schemas: dict[str, JsonObject]) -> None:
    """The schema of a message and of all that it refers to."""
    if _public(name) in schemas:
        return
    found = builtin_types.message(name)
    assert found is not None, name
    schema: JsonObject = {"type": "object"}
    schemas[_public(name)] = schema
    if found.is_list:
        schema.update({"type": "array", "items": {"type": "string"}})
        return
    fields = builtin_types.fields_by_name(found)
    schema["properties"] = {each.name: _field_schema(each, schemas) for each in fields.values()}


def _field_schema(each: Field, schemas: dict[str, JsonObject]) -> JsonObject:
    if each.type in _SCALARS:
        inner: JsonObject = _SCALARS[each.type]
    else:
        _message_schema(each.type, schemas)
        inner = _reference(each.type)
    if each.map:
        return {"type": "object", "additionalProperties": inner}
    if not each.repeated:
        return {"allOf": [inner]} if "$ref" in inner else inner
    schema: JsonObject = {"type": "array", "items": inner}
    if each.merge_key:
        schema |= {"x-kubernetes-patch-merge-key": each.merge_key, "x-kubernetes-patch-strategy": "merge"}
    if each.list_type:
        schema["x-kubernetes-list-type"] = each.list_type
    if each.list_keys:
        schema["x-kubernetes-list-map-keys"] = list(each.list_keys)
    return schema


def _reference(name: str) -> JsonObject:
    return {"$ref": f"#/components/schemas/{_public(name)}"}


def _public(name: str) -> str:
    """The name that Kubernetes gives the schema."""
    return f"io.k8s.apimachinery.pkg.apis.{name}" if name.startswith("meta.") else f"io.k8s.api.{name}"

"""Makes `reference_impl/apiserver/builtin_types.txt` anew: names, numbers and types of the fields of built-in kinds.

    python -m tests.wire.generate_types

Reads the struct tags of Kubernetes' published Go modules, got with the Go tool (`go mod download`). What is kept are
facts of the interface: field names, protobuf numbers, types, whether zero is left out, and how lists merge. Run it when
the Kubernetes version in `builtin_kinds.py` changes.
"""

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from reference_impl.builtin_kinds import BUILTIN_KINDS

VERSION: Final = "v0.34.1"
TARGET: Final = Path(__file__).parents[2] / "reference_impl" / "apiserver" / "builtin_types.txt"
MODULES: Final = ("k8s.io/api", "k8s.io/apimachinery", "k8s.io/apiextensions-apiserver", "k8s.io/kube-aggregator")
FOLDERS: Final = {
    "": "k8s.io/api/core",
    "events.k8s.io": "k8s.io/api/events",
    "apiextensions.k8s.io": "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions",
    "apiregistration.k8s.io": "k8s.io/kube-aggregator/pkg/apis/apiregistration",
    "meta.k8s.io": "k8s.io/apimachinery/pkg/apis/meta",
}
EXTRA_ROOTS: Final = (
    ("meta.k8s.io", "v1", "DeleteOptions"),
    ("meta.k8s.io", "v1", "Status"),
    ("autoscaling", "v1", "Scale"),
    ("policy", "v1", "Eviction"),
    ("authentication.k8s.io", "v1", "TokenRequest"),
)
SCALARS: Final = {
    "string": "string", "bool": "bool", "int": "int", "int32": "int", "int64": "int", "uint32": "int", "uint64": "int",
    "float64": "double", "byte": "byte", "[]byte": "bytes",
    "metav1.Time": "time", "metav1.MicroTime": "microtime", "metav1.Duration": "duration", "types.UID": "string",
    "resource.Quantity": "quantity", "intstr.IntOrString": "intorstring", "runtime.RawExtension": "raw",
    "metav1.FieldsV1": "raw", "types.NodeName": "string", "runtime.Object": "raw", "JSON": "raw",
    "metav1.Timestamp": "time", "JSONSchemaPropsOrBool": "schemaorbool", "JSONSchemaPropsOrArray": "schemaorarray",
    "JSONSchemaPropsOrStringArray": "schemaorstrings",
}  # fmt: skip
FIELD: Final = re.compile(r"^\t(?:(\w+)\s+)?([^\s`]+)\s+`(.*)`")
STRUCT: Final = re.compile(r"^type (\w+) struct \{")
ALIAS: Final = re.compile(r"^type (\w+)\s+(?:= )?(\S+)$")


def main() -> None:
    folders = download()
    package = Package(folders)
    lines: list[str] = []
    seen: dict[str, None] = {}
    roots = [(info.group, info.version, info.kind) for info in BUILTIN_KINDS]
    todo = [package.name(*root) for root in (*roots, *EXTRA_ROOTS)]
    while todo:
        name = todo.pop(0)
        if name in seen:
            continue
        seen[name] = None
        lines.append(f"{name}")
        for field in package.fields(name):
            lines.append(f" {field}")
            inner = re.sub(r"^(\*|\[\]|\{\})+", "", field.split()[2])
            if "." in inner:
                todo.append(inner)
    head = f"# Fields of built-in kinds, Kubernetes {VERSION}. Made by tests/wire/generate_types.py: do not edit.\n"
    TARGET.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


def download() -> dict[str, Path]:
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch, "go.mod").write_text("module types\n\ngo 1.21\n", encoding="utf-8")
        wanted = [f"{module}@{VERSION}" for module in MODULES]
        found = subprocess.run(
            ["go", "mod", "download", "-json", *wanted], cwd=scratch, check=True, capture_output=True, text=True
        ).stdout
    return {each["Path"]: Path(each["Dir"]) for each in map(json.loads, re.split(r"(?<=\})\n(?=\{)", found.strip()))}


class Package:
    """Go files by API group version, and what their structs say."""

    def __init__(self, modules: dict[str, Path]) -> None:
        self.modules = modules
        self.structs: dict[str, dict[str, list[str]]] = {}
        self.aliases: dict[str, dict[str, str]] = {}

    def name(self, group: str, version: str, kind: str) -> str:
        folder = FOLDERS.get(group) or f"k8s.io/api/{group.partition('.')[0]}"
        return f"{self.load(folder, version)}.{kind}"

    def load(self, folder: str, version: str) -> str:
        short = f"{folder.rpartition('/')[2]}.{version}"
        if short in self.structs:
            return short
        module = max((each for each in self.modules if folder.startswith(each)), key=len)
        structs: dict[str, list[str]] = {}
        aliases: dict[str, str] = {}
        self.structs[short], self.aliases[short] = structs, aliases
        for path in sorted((self.modules[module] / folder.removeprefix(module).strip("/") / version).glob("*.go")):
            if path.name.startswith("generated") or path.name.endswith("_test.go"):
                continue
            current: list[str] | None = None
            comment: list[str] = []
            for line in path.read_text(encoding="utf-8").splitlines():
                if match := STRUCT.match(line):
                    current = structs.setdefault(match[1], [])
                elif line == "}":
                    current = None
                elif current is not None and line.strip().startswith("//"):
                    comment.append(line.strip("/ \t"))
                elif current is not None and line.strip():
                    current.append("\n".join([*(each for each in comment if each.startswith("+")), line]))
                    comment = []
                elif current is None and (match := ALIAS.match(line)):
                    if match[2].startswith("struct{"):
                        structs[match[1]] = []
                    else:
                        aliases[match[1]] = match[2]
        return short

    def fields(self, name: str) -> list[str]:
        package, _, struct = name.rpartition(".")
        package, struct = ".".join(name.split(".")[:2]), name.split(".")[2]
        if struct not in self.structs[package]:
            kind = self.aliases[package][struct]  # a named list is a message with one repeated field
            return [f"- 1 {self.type_of(package, kind)} list"]
        found = []
        for entry in self.structs[package][struct]:
            *markers, line = entry.split("\n")
            match = FIELD.match(line)
            if match is None or 'protobuf:"' not in match[3]:
                continue
            tag = re.search(r'protobuf:"\w+,(\d+),', match[3])
            as_json = re.search(r'json:"([^"]*)"', match[3])
            if tag is None or as_json is None:
                continue
            json_name, *options = as_json[1].split(",")
            flags = ["o"] if "omitempty" in options else []
            shown = "-" if "inline" in options else json_name
            if shown == "-" and "inline" not in options:
                continue
            if merge := re.search(r'patchMergeKey:"(\w+)"', match[3]):
                flags.append(f"merge={merge[1]}")
            keys = [each.partition("=")[2] for each in markers if each.startswith("+listMapKey=")]
            kind = next((each.partition("=")[2] for each in markers if each.startswith("+listType=")), "")
            if kind == "map" and keys:
                flags.append(f"map={','.join(keys)}")
            elif kind in ("set", "atomic"):
                flags.append(kind)
            if any(each.startswith(("+structType=atomic", "+mapType=atomic")) for each in markers):
                flags.append("atomic")
            found.append(" ".join([shown, tag[1], self.type_of(package, match[2]), *flags]))
        return found

    def type_of(self, package: str, text: str) -> str:
        meta = package.startswith("meta.")
        if text.startswith("*"):
            return "*" + self.type_of(package, text[1:])
        if text == "[]byte":
            return "bytes"
        if text.startswith("[]"):
            return "[]" + self.type_of(package, text[2:])
        if text.startswith("map["):
            return "{}" + self.type_of(package, text.partition("]")[2])
        if text in SCALARS:
            return SCALARS[text]
        if meta and f"metav1.{text}" in SCALARS:
            return SCALARS[f"metav1.{text}"]
        other, _, bare = text.rpartition(".")
        if other:
            package = self.foreign(other)
        aliased = self.aliases[package].get(bare)
        if aliased is not None and not aliased.startswith("[]"):
            return self.type_of(package, aliased)
        return f"{package}.{bare}"

    def foreign(self, alias: str) -> str:
        group = {
            "metav1": "meta.k8s.io",
            "v1": "",
            "apiv1": "",
            "corev1": "",
            "core": "",
            "authenticationv1": "authentication",
        }[alias]
        return self.load(FOLDERS.get(group) or f"k8s.io/api/{group}", "v1")


if __name__ == "__main__":
    main()

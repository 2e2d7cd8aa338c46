"""What a client accepts, and which of our forms fits: JSON, YAML, a Table, or metadata only.

Protobuf and CBOR are never sent: every client that prefers one also accepts JSON, or `*/*`. One that accepts nothing
else is told with 406.

Source: apiserver `pkg/endpoints/handlers/negotiation`; Kubernetes API concepts ("Resource encodings", "Receiving
resources as Tables").
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from reference_impl.errors import ApiError

_JSON: Final = ("application/json", "*/*", "application/*")
_META: Final = ("Table", "PartialObjectMetadata", "PartialObjectMetadataList")


@dataclass(frozen=True, slots=True)
class Form:
    """How to answer. `transform`: one of Table, PartialObjectMetadata, PartialObjectMetadataList, or None."""

    yaml: bool = False
    transform: str | None = None
    version: str = "v1"


PLAIN: Final = Form()


@lru_cache(maxsize=256)
def negotiate(accept: str) -> Form | None:
    """The first form in the client's order that can be served; None: none can."""
    if not accept:
        return PLAIN
    for clause in accept.split(","):
        media, *parameters = (part.strip() for part in clause.split(";"))
        options = dict(_split(parameter) for parameter in parameters)
        transform = options.get("as")
        if media.lower() == "application/yaml" and transform is None:
            return Form(yaml=True)
        if media.lower() not in _JSON:
            continue
        if transform is None:
            return PLAIN
        if transform in _META and options.get("g") == "meta.k8s.io" and options.get("v") in ("v1", "v1beta1"):
            return Form(transform=transform, version=options["v"])
    return None


@lru_cache(maxsize=256)
def accepts(accept: str, *, group: str, version: str, kind: str) -> bool:
    """Does the client ask for this kind before plain JSON?"""
    for clause in accept.split(","):
        media, *parameters = (part.strip() for part in clause.split(";"))
        if media.lower() not in _JSON:
            continue
        options = dict(_split(parameter) for parameter in parameters)
        if options.get("as") == kind and options.get("g") == group and options.get("v") == version:
            return True
        if "as" not in options:
            return False
    return False


def not_acceptable() -> ApiError:
    return ApiError(
        "only the following media types are accepted: application/json, application/yaml, "
        "application/json;as=Table;v=v1;g=meta.k8s.io, application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
        status=406,
        reason="NotAcceptable",
    )


def _split(parameter: str) -> tuple[str, str]:
    name, _, value = parameter.partition("=")
    return name.strip().lower(), value.strip()

"""One controller that looks wrong and is right, with all that is needed to try it.

What a chaos checker says of these is a false alarm, unless somebody finds the mistake in them. Each is honest work: no
knowledge of the weather, no precaution that its real cousins do not take.

An entry's code uses only names that a stranger may use (`reference_impl.runtime`, `reference_impl.errors`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reference_impl.runtime import Client, Part

Factory = Callable[[Client], Part | list[Part]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Awkward:
    """See the module.

    Args:
        id: short, in words joined by hyphens.
        about: one sentence: why it looks wrong, and why it is not.
        controller: a factory; several are as many processes.
        manifests: parsed objects, CRDs first; never changed.
        trial_options: further arguments of a trial, such as `workload` and `instances`.
    """

    id: str
    about: str
    controller: Factory | Sequence[Factory]
    manifests: Sequence[dict[str, Any]]
    trial_options: Mapping[str, Any] = field(default_factory=dict)

"""What the API server fills into Pods and pod templates.

The defaults of the types apply to both; what admission plugins add (ServiceAccount, Priority, DefaultTolerationSeconds)
to Pods only. Not modelled: the token volume that the ServiceAccount plugin mounts (its name is random), LimitRange
defaults, and the defaults of volume sources that no controller here looks into.

Sources: kubernetes `pkg/apis/core/v1/defaults.go`; `plugin/pkg/admission/{serviceaccount,priority,
defaulttolerationseconds}`.
"""

from typing import Any, Final

from reference_impl.protocol import JsonObject

_TEMPLATE: Final[JsonObject] = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "schedulerName": "default-scheduler",
    "securityContext": {},
}
_POD: Final[JsonObject] = {
    "enableServiceLinks": True,
    "serviceAccountName": "default",
    "priority": 0,
    "preemptionPolicy": "PreemptLowerPriority",
}
_CONTAINER: Final[JsonObject] = {
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "resources": {},
}
_PROBE: Final[JsonObject] = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
_NOT_READY: Final = "node.kubernetes.io/not-ready"
_UNREACHABLE: Final = "node.kubernetes.io/unreachable"
_TOLERATION_S: Final = 300


def filled(value: JsonObject, defaults: JsonObject) -> JsonObject:
    """`value` with the defaults for what it lacks (null is lacking); the same object if it lacks nothing."""
    missing = {key: default for key, default in defaults.items() if value.get(key) is None}
    return {**value, **missing} if missing else value


def changed(value: JsonObject, key: str, new: Any) -> JsonObject:
    """`value` with `new` for the key; the same object if that is what it has."""
    return value if value.get(key) is new else {**value, key: new}


def default_pod_spec(spec: JsonObject) -> JsonObject:
    """A pod template's spec, or the part of a Pod's spec that it shares with templates."""
    spec = filled(spec, _TEMPLATE)
    for key in ("containers", "initContainers", "ephemeralContainers"):
        containers = spec.get(key)
        if isinstance(containers, list):
            spec = changed(spec, key, _each(containers, _default_container))
    volumes = spec.get("volumes")
    if isinstance(volumes, list):
        spec = changed(spec, "volumes", _each(volumes, _default_volume))
    name = spec.get("serviceAccountName") or spec.get("serviceAccount")
    return filled(spec, {"serviceAccountName": name, "serviceAccount": name}) if name else spec


def default_pod(pod: JsonObject) -> JsonObject:
    """A whole Pod."""
    spec = pod.get("spec")
    if not isinstance(spec, dict):
        return pod
    spec = default_pod_spec(filled(spec, _POD))
    for key in ("containers", "initContainers"):
        containers = spec.get(key)
        if isinstance(containers, list):
            spec = changed(spec, key, _each(containers, _requests_from_limits))
    return changed(pod, "spec", _tolerating(spec))


def default_template(owner_spec: JsonObject) -> JsonObject:
    """The spec of a workload, with its pod template defaulted."""
    template = owner_spec.get("template")
    if not isinstance(template, dict) or not isinstance(template.get("spec"), dict):
        return owner_spec
    return changed(owner_spec, "template", changed(template, "spec", default_pod_spec(template["spec"])))


def _each(items: list[Any], default: Any) -> list[Any]:
    done = [default(item) if isinstance(item, dict) else item for item in items]
    return items if all(a is b for a, b in zip(done, items, strict=True)) else done


def _default_container(container: JsonObject) -> JsonObject:
    done = filled(container, _CONTAINER)
    done = filled(done, {"imagePullPolicy": _pull_policy(str(done.get("image", "")))})
    ports = done.get("ports")
    if isinstance(ports, list):
        done = changed(done, "ports", _each(ports, _default_protocol))
    for key in _PROBES:
        probe = done.get(key)
        if isinstance(probe, dict):
            done = changed(done, key, _default_probe(probe))
    env = done.get("env")
    if isinstance(env, list):
        done = changed(done, "env", _each(env, _default_env))
    return done


def _default_protocol(port: JsonObject) -> JsonObject:
    return filled(port, {"protocol": "TCP"})


def _default_probe(probe: JsonObject) -> JsonObject:
    done = filled(probe, _PROBE)
    http = done.get("httpGet")
    return changed(done, "httpGet", filled(http, {"scheme": "HTTP", "path": "/"})) if isinstance(http, dict) else done


def _default_env(variable: JsonObject) -> JsonObject:
    source = variable.get("valueFrom")
    reference = source.get("fieldRef") if isinstance(source, dict) else None
    if not isinstance(source, dict) or not isinstance(reference, dict):
        return variable
    return changed(variable, "valueFrom", changed(source, "fieldRef", filled(reference, {"apiVersion": "v1"})))


def _default_volume(volume: JsonObject) -> JsonObject:
    for key in ("configMap", "secret", "projected", "downwardAPI"):
        source = volume.get(key)
        if isinstance(source, dict):
            volume = changed(volume, key, filled(source, {"defaultMode": 420}))
    return volume if len(volume) > 1 else {**volume, "emptyDir": {}}


def _pull_policy(image: str) -> str:
    """Always for the tag latest, named or implied."""
    tail = image.rpartition("/")[2]
    if "@" in tail:
        return "IfNotPresent"
    return "Always" if tail.partition(":")[2] in ("", "latest") else "IfNotPresent"


def _requests_from_limits(container: JsonObject) -> JsonObject:
    resources = container.get("resources") or {}
    limits, requests = resources.get("limits"), resources.get("requests") or {}
    if not limits or all(name in requests for name in limits):
        return container
    return {**container, "resources": {**resources, "requests": {**limits, **requests}}}


def _tolerating(spec: JsonObject) -> JsonObject:
    """With the two tolerations that let a Pod stay five minutes on a node that went away."""
    tolerations = spec.get("tolerations") or []
    added = [
        {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": _TOLERATION_S}
        for key in (_NOT_READY, _UNREACHABLE)
        if not any(_tolerates(toleration, key) for toleration in tolerations)
    ]
    return {**spec, "tolerations": [*tolerations, *added]} if added else spec


def _tolerates(toleration: JsonObject, key: str) -> bool:
    if toleration.get("effect") not in ("NoExecute", "", None):
        return False
    return toleration.get("key") == key or (not toleration.get("key") and toleration.get("operator") == "Exists")

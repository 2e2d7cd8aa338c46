from reference_impl.store.memory import MemoryStore
from reference_impl.webhooks.configurations import Configurations

VALIDATING = "validatingwebhookconfigurations.admissionregistration.k8s.io"


def put(store: MemoryStore, name: str) -> None:
    hook = {"name": f"{name}.example.com", "clientConfig": {}, "rules": [], "admissionReviewVersions": ["v1"]}
    store.put((VALIDATING, "", name), {"metadata": {"name": name}, "webhooks": [hook]})


def names(found: Configurations) -> list[str]:
    return [hook.name for hook in found.of("validate")]


def test_configurations_of_an_earlier_life_are_in_force():
    store = MemoryStore()
    put(store, "a")
    assert names(Configurations(store)) == ["a.example.com"]


def test_reloading_takes_what_is_stored_and_drops_what_is_not():
    store, later = MemoryStore(), MemoryStore()
    put(store, "a")
    found = Configurations(store)
    put(later, "b")
    found._store = later
    found.reload()
    assert names(found) == ["b.example.com"]

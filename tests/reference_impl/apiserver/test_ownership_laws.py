"""What holds of any story of appliers and updaters, whatever they say: laws, not cases."""

from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_impl.apiserver import structured_merge
from reference_impl.objects import copy_json
from tests.reference_impl.apiserver.ssa_story import Story, type_from

TYPE = type_from("""
keyed:
  type: array
  x-kubernetes-list-type: map
  x-kubernetes-list-map-keys: [name]
  items:
    type: object
    properties:
      name: {type: string}
      one: {type: integer}
      tags: {type: array, x-kubernetes-list-type: set, items: {type: string}}
whole: {type: array, items: {type: integer}}
labels: {type: object, additionalProperties: {type: integer}}
struct: {type: object, properties: {a: {type: integer}, b: {type: object, properties: {c: {type: integer}}}}}
""")
_NUMBER = st.integers(0, 2)
_ITEM = st.fixed_dictionaries({}, optional={"one": _NUMBER, "tags": st.lists(st.sampled_from("xyz"), unique=True)})


def _keyed(items: dict[str, Any]) -> list[Any]:
    return [{"name": name, **rest} for name, rest in items.items()]


OBJECTS = st.fixed_dictionaries(
    {},
    optional={
        "keyed": st.dictionaries(st.sampled_from("pqr"), _ITEM).map(_keyed),
        "whole": st.lists(_NUMBER, max_size=2),
        "labels": st.dictionaries(st.sampled_from("lmn"), _NUMBER),
        "struct": st.fixed_dictionaries(
            {}, optional={"a": _NUMBER, "b": st.fixed_dictionaries({}, optional={"c": _NUMBER})}
        ),
    },
)
ACTS = st.tuples(st.sampled_from(["apply", "force", "update"]), st.sampled_from(["ann", "bob"]), OBJECTS)


def play(acts: list[tuple[str, str, Any]]) -> Story:
    story = Story(TYPE)
    for act, who, obj in acts:
        text = yaml.safe_dump(obj)
        if act == "update":
            story.update(who, text)
        else:
            story.apply(who, text, force=act == "force")
    return story


@settings(deadline=None)
@given(st.lists(ACTS, max_size=6), OBJECTS)
def test_a_forced_apply_succeeds_and_what_it_names_is_so(acts: list[Any], config: Any) -> None:
    story = play(acts)
    assert story.apply("carl", yaml.safe_dump(config), force=True) == []
    change = structured_merge.compare(story.obj, config, TYPE)
    assert not change.added
    assert not change.modified


@settings(deadline=None)
@given(st.lists(ACTS, max_size=6), OBJECTS)
def test_an_apply_after_itself_changes_nothing(acts: list[Any], config: Any) -> None:
    story = play(acts)
    story.apply("carl", yaml.safe_dump(config), force=True)
    obj, owned = story.obj, story.owned()
    assert story.apply("carl", yaml.safe_dump(config)) == []
    assert story.obj is obj
    assert story.owned() == owned


@settings(deadline=None)
@given(st.lists(ACTS, max_size=6), OBJECTS)
def test_nothing_that_exists_is_taken_from_an_owner_but_by_a_change(acts: list[Any], config: Any) -> None:
    story = play(acts)
    before, owned = copy_json(story.obj), story.owned()
    story.apply("carl", yaml.safe_dump(config))
    for path in (path for name, paths in owned.items() if name != "carl" for path in paths):
        # Without force nobody loses what is still there.
        assert any(path in paths for name, paths in story.owned().items() if name != "carl"), path
    change = structured_merge.compare(before, story.obj, TYPE)
    assert not change.removed


@settings(deadline=None)
@given(st.lists(ACTS, max_size=6))
def test_an_object_that_appliers_alone_made_is_empty_once_they_apply_nothing(acts: list[Any]) -> None:
    story = play([("force", who, obj) for _, who, obj in acts])
    for who in ("ann", "bob"):
        story.apply(who, "{}")
    assert story.claims == {}
    assert _leaves(story.obj) == []


def _leaves(value: Any) -> list[Any]:
    """Values that are no objects and lists. What was named empty may stay, as a field that nobody has ever owned."""
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in _leaves(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in _leaves(part)]
    return [] if value is None else [value]

"""The same weather with an impatient user and a claim of one's own: a Hypothesis state machine to subclass."""

from contextlib import suppress

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from website import website

from seatrial import ControlPlaneMachine, NotFound, Trial


class Websites(ControlPlaneMachine):
    trial = Trial(controllers=[website], manifests=["crd.yaml", "site.yaml"])

    def __init__(self) -> None:
        super().__init__()
        self.asked = ["Welcome"]

    @rule(title=st.sampled_from(["Closed", "Soon"]))
    def the_owner_changes_the_title(self, title: str) -> None:
        self.asked.append(title)
        with suppress(NotFound):  # the generated workload deletes Websites too
            self.world.user.patch("example.com/v1", "Website", "front", "default", body={"spec": {"title": title}})

    @invariant()
    def a_page_shows_a_title_that_was_asked_for(self) -> None:
        """Judged between rules, on the true state: what may never be, however late the controller is."""
        if not hasattr(self, "world"):
            return  # the plane has not come up yet
        for page in self.world.list("v1", "ConfigMap", "default"):
            assert page["data"]["index.html"] in [f"<h1>{title}</h1>" for title in self.asked]


TestWebsites = Websites.TestCase
TestWebsites.settings = settings(
    max_examples=15, stateful_step_count=8, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)

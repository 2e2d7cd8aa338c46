"""The same weather with an impatient user and a claim of one's own: a Hypothesis state machine to subclass."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from seatrial import ControlPlaneMachine, NotFound, Trial
from website import website


class Websites(ControlPlaneMachine):
    trial = Trial(controllers=[website], manifests=["crd.yaml", "site.yaml"])

    @rule(title=st.sampled_from(["Welcome", "Closed", "Soon"]))
    def the_owner_changes_the_title(self, title: str) -> None:
        body = {"spec": {"title": title}}
        try:
            self.world.user.patch("example.com/v1", "Website", "front", "default", body=body)
        except NotFound:
            pass  # the generated workload deletes Websites too

    @invariant()
    def no_page_has_two_titles(self) -> None:
        """Judged between rules, on the true state: what may never be, however late the controller is."""
        if not hasattr(self, "world"):
            return  # before the plane has come up
        for page in self.world.list("v1", "ConfigMap", "default"):
            assert page.get("data", {}).get("index.html", "").count("<h1>") <= 1


TestWebsites = Websites.TestCase
TestWebsites.settings = settings(
    max_examples=15, stateful_step_count=8, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)

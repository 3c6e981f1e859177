"""What the stories of cases from a partner platform share: who is in them, and how they begin."""

from typing import Any

from demo.output.outcome import Outcome
from demo.people.partner_platform import Platform
from demo.steps import application_steps, partner_steps
from demo.story.case import StoryCase
from demo.story.stage_times import StageTimes
from demo.story.story import StoryRun, expect


class PartnerStory:
    """The steps of such a story, in order; `_times` collects what each stage really took.

    `program` is what it is about, `customer` the key of whose case it is, `manager` the number of who should
    get it.
    """

    program: str
    customer: str
    manager: str

    def __init__(self, run: StoryRun) -> None:
        self._run = run
        self._customer = run.customer(self.customer)
        self._times = StageTimes(run.line)
        self._platform: Platform
        self._case: StoryCase

    @classmethod
    def play_on(cls, run: StoryRun) -> Outcome:
        """Play the story. Raises `StoryFailedError` at the first step that is not as told."""
        return cls(run).play()

    def play(self) -> Outcome:
        """Play every step, in order; the result."""
        raise NotImplementedError

    def _platform_submits(
        self, heading: tuple[str, str], at: str, path: str, document: dict[str, Any], stage: str
    ) -> dict[str, Any]:
        """The staff are there, and the platform brings the matter in, which opens `stage`; its answer."""
        application_steps.staff_arrive(self._run)
        self._run.heading(*heading)
        self._platform = partner_steps.register(self._run)
        self._times.opened[stage] = self._run.at(at)
        taken = partner_steps.submit_matter(self._run, self._platform, path, document)
        self._run.wait_for_jobs()
        return taken

    def _customer_finds_case(self, at: str, number: str) -> StoryCase:
        """The customer logs in for the first time, and finds the case there, with its manager."""
        self._run.at(at)
        application_steps.log_in(self._run, self._customer, self.program)
        self._case = partner_steps.find_case(self._run, self._customer, number)
        expect(self._case.manager["number"] == self.manager, f"客户管家应为 {self.manager}")
        return self._case

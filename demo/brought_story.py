"""What the stories of cases from a partner platform share: who is in them, and how they begin."""

from typing import Any

from demo import brought, opening
from demo.case import ToldCase
from demo.course import Course
from demo.outcome import Outcome
from demo.platform import Ear, Platform
from demo.story import Telling, expect


class BroughtStory:
    """The acts of such a story, in order; `_course` collects what each stage really took.

    `program` is what it is about, `customer` the key of whose case it is, `manager` the number of who should
    get it.
    """

    program: str
    customer: str
    manager: str

    def __init__(self, telling: Telling, ear: Ear) -> None:
        self._telling = telling
        self._narrator = telling.narrator
        self._ear = ear
        self._customer = telling.customer(self.customer)
        self._course = Course(telling.line)
        self._platform: Platform
        self._case: ToldCase

    @classmethod
    def tell(cls, telling: Telling) -> Outcome:
        """Play the story. Raises `StoryFailedError` at the first step that is not as told."""
        with Ear() as ear:
            return cls(telling, ear).play()

    def play(self) -> Outcome:
        """Every act, and what came of it."""
        raise NotImplementedError

    def _is_brought_in(
        self, heading: str, at: str, path: str, document: dict[str, Any], stage: str
    ) -> dict[str, Any]:
        """The staff are there, and the platform brings the matter in, which opens `stage`; its answer."""
        opening.staff_arrive(self._telling)
        self._narrator.heading(heading)
        self._platform = brought.enrol(self._telling, self._ear)
        self._course.opened[stage] = self._telling.at(at)
        taken = brought.bring(self._telling, self._platform, path, document)
        self._telling.settle()
        return taken

    def _is_found(self, at: str, number: str) -> ToldCase:
        """The customer logs in for the first time, and finds the case there, with its manager."""
        self._telling.at(at)
        opening.log_in(self._telling, self._customer, self.program)
        self._case = brought.find(self._telling, self._customer, number)
        expect(self._case.manager["number"] == self.manager, f"客户管家应为 {self.manager}")
        return self._case

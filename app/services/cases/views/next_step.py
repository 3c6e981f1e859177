"""What a case waits for the customer to do: choose from a quote, confirm a paper."""

from app.services.cases.views.snapshot_query import CaseRecord
from app.services.installation import city
from app.services.money import quotes
from app.services.papers import paper_records


def customer_next_step(found: CaseRecord) -> str | None:
    """The one thing that an open case waits for the customer to do on the phone, as a sentence, or None.

    Queries the database only while a task is open that the program lets wait for the customer.
    """
    for waiting in found.open_tasks:
        spec = found.program.stage(waiting.stage_key).task(waiting.key)
        if spec.requires_choice:
            quote = quotes.quote_in_force(found.head.id)
            if quote is not None and quote.chosen_key is None:
                return "费用已出具，请打开“费用方案”查看并选择。"
        if spec.requires_paper is not None:
            paper = paper_records.newest_paper(found.head.id, spec.requires_paper)
            if paper is not None and paper.confirmed_at is None:
                return f"请阅读并确认《{city.current().papers[paper.kind].name}》。"
    return None

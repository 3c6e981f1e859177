"""The customer's copy of their conversation as text or PDF: everything they can see, no staff notes."""

from app.core import clock
from app.core.db import db
from app.models import Case, Staff
from app.services.conversations.views import polling
from app.services.conversations.views.message_view import MessageLine
from app.services.conversations.views.polling import Page
from app.services.installation import city
from app.services.papers.render_pdf import render
from app.services.people import phones

TEMPLATE = "conversation.typ"
_PAGE = 100
_LAST = 2**53


def as_text(case: Case, customer_id: str) -> str:
    """The whole conversation of the customer's own case, one line for each message."""
    said = [f"{_at(line)} {line.author_name}：{_words(line)}" for line in _all(case, customer_id)]
    return "\n".join([*_heading(case), "", *said, ""])


def as_pdf(case: Case, customer_id: str) -> bytes:
    """The same as a PDF from the city's template (papers/conversation.typ). Raises `PaperError`."""
    bundle = city.current()
    data = {
        "utility": bundle.city.utility,
        "heading": _heading(case),
        "lines": [
            {"at": _at(line), "who": line.author_name, "words": _words(line)}
            for line in _all(case, customer_id)
        ],
    }
    return render(bundle.folder / "papers" / TEMPLATE, data)


def _heading(case: Case) -> list[str]:
    manager = db.session.get_one(Staff, case.manager_id)
    taken = clock.now().astimezone(city.zone())
    return [
        f"{city.current().city.utility} 沟通记录",
        f"项目：{case.project_name}（编号{case.number}）",
        f"客户管家：{manager.name}，电话{phones.shown(manager.phone)}",
        f"导出时间：{taken:%Y-%m-%d %H:%M}",
    ]


def _all(case: Case, customer_id: str) -> list[MessageLine]:
    """Every message in order, read page by page from the end."""
    pages: list[Page] = []
    before: int | None = _LAST
    while before is not None:
        pages.append(polling.page_for_owner(customer_id, case.id, before, _PAGE))
        before = pages[-1].before
    return [line for page in reversed(pages) for line in page.items]


def _at(line: MessageLine) -> str:
    return f"{line.sent_at.astimezone(city.zone()):%Y-%m-%d %H:%M}"


def _words(line: MessageLine) -> str:
    if line.document is not None:
        return f"[资料] {line.document.name} {line.text}".rstrip()
    if line.location is not None:
        return f"[位置] {line.text}（{line.location['latitude_gcj02']}，{line.location['longitude_gcj02']}）"
    return line.text

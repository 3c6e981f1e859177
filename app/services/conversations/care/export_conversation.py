"""The customer's copy of their conversation as text or PDF: everything they can see, no staff notes.

A conversation of 50,000 messages took two gigabytes as one PDF. Here no more than one page of the text, or
one part of the PDF, is in memory.
"""

from sqlalchemy import func, select

from app.core import clock
from app.core.db import db
from app.domain.errors import NotFoundError
from app.models import Case, Message, Staff
from app.services.conversations.views import polling
from app.services.conversations.views.message_view import MessageLine
from app.services.installation import city
from app.services.papers.render_pdf import render
from app.services.people import phones

TEMPLATE = "conversation.typ"
PAGE = 500
PART = 200
"""Messages in one PDF. The typesetter keeps what it made of the last ten or so, to be quicker next time."""


def text_heading(case: Case) -> str:
    """What the text begins with, before its pages."""
    return "".join(f"{line}\n" for line in [*_heading(case), ""])


def text_page(case_id: str, customer_id: str, after: int) -> tuple[str, int | None]:
    """The messages after number `after`, one line for each, and after which one the next page begins."""
    found = polling.messages_for_owner(customer_id, case_id, after, PAGE)
    text = "".join(f"{_at(line)} {line.author_name}：{_words(line)}\n" for line in found)
    return text, found[-1].seq if len(found) == PAGE else None


def as_pdf(case: Case, customer_id: str, part: int) -> bytes:
    """The same as a PDF from the city's template, of which a long conversation has several parts, from 1 on.

    Raises `NotFoundError` beyond the last part, and `PaperError`.
    """
    bundle, of_case = city.current(), Message.conversation_id == case.id
    parts = max(-(-(db.session.scalar(select(func.count()).where(of_case)) or 0) // PART), 1)
    if part > parts:
        raise NotFoundError
    after = 0
    if part > 1:
        last = select(Message.seq).where(of_case).order_by(Message.seq).offset((part - 1) * PART - 1).limit(1)
        after = db.session.scalar(last) or 0
    data = {
        "utility": bundle.city.utility,
        "heading": [*_heading(case), *([f"第{part}部分，共{parts}部分"] if parts > 1 else [])],
        "lines": [
            {"at": _at(line), "who": line.author_name, "words": _words(line)}
            for line in polling.messages_for_owner(customer_id, case.id, after, PART)
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


def _at(line: MessageLine) -> str:
    return f"{line.sent_at.astimezone(city.zone()):%Y-%m-%d %H:%M}"


def _words(line: MessageLine) -> str:
    if line.document is not None:
        return f"[资料] {line.document.name} {line.text}".rstrip()
    if line.location is not None:
        return f"[位置] {line.text}（{line.location['latitude_gcj02']}，{line.location['longitude_gcj02']}）"
    return line.text

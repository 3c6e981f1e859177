"""Who follows the 服务号, also before anybody knows which customer or member of staff it is."""

from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.models.column_types import Instant, WeChatId


class Follower(Base):
    """An openid of the 服务号 that follows it, and its unionid once WeChat has named it.

    `asked_at`: when WeChat was last asked for the unionid. The row goes when the person leaves.
    """

    __tablename__ = "followers"

    openid: Mapped[WeChatId] = mapped_column(primary_key=True)
    unionid: Mapped[WeChatId | None] = mapped_column(index=True)
    asked_at: Mapped[Instant]

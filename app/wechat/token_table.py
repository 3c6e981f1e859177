"""The table of access tokens, for all processes of an installation."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.crypto import EncryptedText
from app.core.db import Base, UtcDateTime


class AccessTokenRow(Base):
    """The token of one account, and who is fetching the next one until `lease_until`.

    `forced_at`: when a valid token was last replaced by force, which WeChat allows 20 times a day.
    """

    __tablename__ = "access_tokens"

    appid: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str | None] = mapped_column(EncryptedText)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    forced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

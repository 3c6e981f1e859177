"""Column shapes that several nouns share."""

from datetime import datetime
from typing import Annotated

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import mapped_column

from app.core.db import UtcDateTime
from app.core.ids import LENGTH, new_id

Id = Annotated[str, mapped_column(String(LENGTH), primary_key=True, default=new_id)]
# A log's own row number; SQLite counts by itself only in an INTEGER column.
RowNumber = Annotated[
    int, mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
]
Key = Annotated[str, mapped_column(String(64))]
Name = Annotated[str, mapped_column(String(200))]
Hash = Annotated[str, mapped_column(String(64))]
Instant = Annotated[datetime, mapped_column(UtcDateTime)]
WeChatId = Annotated[str, mapped_column(String(128))]

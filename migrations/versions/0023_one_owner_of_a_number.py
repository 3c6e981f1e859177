"""one owner of a number"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# Who of several customers proved a number last is not known; each of them proves theirs again, with one tap.
_NOBODYS = """
UPDATE customers SET phone = NULL, phone_hash = NULL
WHERE phone_hash IN (SELECT phone_hash FROM customers GROUP BY phone_hash HAVING COUNT(*) > 1)
"""


def upgrade() -> None:
    op.add_column("customers", sa.Column("phone_proved_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(_NOBODYS)
    op.drop_index("ix_customers_phone_hash", table_name="customers")
    op.create_index(
        "uq_customers_phone_hash",
        "customers",
        ["phone_hash"],
        unique=True,
        sqlite_where=sa.text("phone_hash IS NOT NULL"),
        postgresql_where=sa.text("phone_hash IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("uq_customers_phone_hash", table_name="customers")
    op.create_index("ix_customers_phone_hash", "customers", ["phone_hash"], unique=False)
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.drop_column("phone_proved_at")

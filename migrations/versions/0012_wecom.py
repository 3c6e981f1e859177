"""wecom"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.add_column(sa.Column("wecom_id", sa.String(length=128), nullable=True))
        batch_op.create_unique_constraint(batch_op.f("uq_staff_wecom_id"), ["wecom_id"])

    op.create_index(
        "ix_outbox_messages_wecom",
        "outbox_messages",
        ["openid", "handed_at"],
        unique=False,
        sqlite_where=sa.text("channel = 'wecom'"),
        postgresql_where=sa.text("channel = 'wecom'"),
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_messages_wecom", table_name="outbox_messages")
    with op.batch_alter_table("staff", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_staff_wecom_id"), type_="unique")
        batch_op.drop_column("wecom_id")

"""failed callbacks, and replies that WeChat's chat takes in several parts"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_inbox_events_failed",
        "inbox_events",
        ["handled_at"],
        unique=False,
        sqlite_where=sa.text("outcome = 'failed'"),
        postgresql_where=sa.text("outcome = 'failed'"),
    )
    with op.batch_alter_table("chat_sends", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sent_parts", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("carriage_cause", sa.String(length=64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_column("carriage_cause")
    with op.batch_alter_table("chat_sends", schema=None) as batch_op:
        batch_op.drop_column("sent_parts")
    op.drop_index("ix_inbox_events_failed", table_name="inbox_events")

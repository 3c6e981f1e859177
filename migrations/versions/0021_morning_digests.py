"""What is told together each morning"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

NOT_TOLD_YET = sa.text("state = 'gathered' AND digest_id IS NULL")
TO_STAFF = sa.text("audience = 'staff' AND state <> 'gathered'")
TOLD = sa.text("digest_id IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("outbox_messages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("needed_by", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("digest_id", sa.String(length=16), nullable=True))
        batch_op.create_index(
            "ix_outbox_messages_gathered",
            ["recipient_id"],
            sqlite_where=NOT_TOLD_YET,
            postgresql_where=NOT_TOLD_YET,
        )
        batch_op.create_index(
            "ix_outbox_messages_staff",
            ["recipient_id", "handed_at"],
            sqlite_where=TO_STAFF,
            postgresql_where=TO_STAFF,
        )
        batch_op.create_index(
            "ix_outbox_messages_digest_id", ["digest_id"], sqlite_where=TOLD, postgresql_where=TOLD
        )


def downgrade() -> None:
    # The notices stay readable in the app; an earlier version knows no such state.
    op.execute(
        sa.text(
            "UPDATE outbox_messages SET state = 'expired', failure_class = 'over' WHERE state = 'gathered'"
        )
    )
    with op.batch_alter_table("outbox_messages", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_messages_digest_id")
        batch_op.drop_index("ix_outbox_messages_staff")
        batch_op.drop_index("ix_outbox_messages_gathered")
        batch_op.drop_column("digest_id")
        batch_op.drop_column("needed_by")

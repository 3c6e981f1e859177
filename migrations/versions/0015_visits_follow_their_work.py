"""visits follow their work"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.add_column(sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("joined_to", sa.String(length=64), nullable=True))
        batch_op.create_index(batch_op.f("ix_visits_joined_to"), ["joined_to"], unique=False)

    with op.batch_alter_table("outbox_messages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("subject_id", sa.String(length=64), nullable=True))

    # Visits that are booked already are ended after their day, too; the jobs find the instant.
    op.execute(
        sa.text(
            "INSERT INTO visit_dues (visit_id, kind, due_at)"
            " SELECT id, 'end_of_day', ends_at FROM visits WHERE state = 'confirmed'"
        )
    )


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM visit_dues WHERE kind IN ('end_of_day', 'unended', 'delay')"))
    with op.batch_alter_table("outbox_messages", schema=None) as batch_op:
        batch_op.drop_column("subject_id")

    with op.batch_alter_table("visits", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_visits_joined_to"))
        batch_op.drop_column("joined_to")
        batch_op.drop_column("changed_at")
        batch_op.drop_column("warned_at")

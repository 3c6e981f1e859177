"""tries of return visits"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("stages", schema=None) as batch_op:
        batch_op.add_column(sa.Column("made_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "contact_tries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("way", sa.String(length=64), nullable=False),
        sa.Column("entered_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["entered_by"], ["staff.id"], name=op.f("fk_contact_tries_entered_by_staff")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_contact_tries_task_id_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_tries")),
    )
    op.create_index(op.f("ix_contact_tries_task_id"), "contact_tries", ["task_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_contact_tries_task_id"), table_name="contact_tries")
    op.drop_table("contact_tries")
    with op.batch_alter_table("stages", schema=None) as batch_op:
        batch_op.drop_column("made_at")

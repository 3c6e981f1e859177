"""files of wechats chats"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "message_media",
        sa.Column("message_id", sa.String(length=16), nullable=False),
        sa.Column("medium", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("media_id", sa.String(length=128), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_message_media_message_id_messages")
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_message_media")),
    )
    with op.batch_alter_table("message_media", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_message_media_due_at"), ["due_at"], unique=False)

    op.create_table(
        "doomed_bytes",
        sa.Column("object_key", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("object_key", name=op.f("pk_doomed_bytes")),
    )
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.alter_column("case_id", existing_type=sa.String(length=64), nullable=True)
        batch_op.add_column(sa.Column("withheld_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("access_records", schema=None) as batch_op:
        batch_op.alter_column("case_id", existing_type=sa.String(length=64), nullable=True)


def downgrade() -> None:
    # What stands in enquiries alone has no place before.
    op.execute("DELETE FROM access_records WHERE case_id IS NULL")
    op.execute(
        "UPDATE messages SET document_id = NULL"
        " WHERE document_id IN (SELECT id FROM documents WHERE case_id IS NULL)"
    )
    op.execute("DELETE FROM documents WHERE case_id IS NULL")
    with op.batch_alter_table("access_records", schema=None) as batch_op:
        batch_op.alter_column("case_id", existing_type=sa.String(length=64), nullable=False)

    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.drop_column("withheld_at")
        batch_op.alter_column("case_id", existing_type=sa.String(length=64), nullable=False)

    op.drop_table("doomed_bytes")
    with op.batch_alter_table("message_media", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_message_media_due_at"))

    op.drop_table("message_media")

"""skills of members of staff"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff_skills",
        sa.Column("staff_id", sa.String(length=16), nullable=False),
        sa.Column("skill", sa.String(length=64), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("certificate", sa.LargeBinary(), nullable=True),
        sa.Column("entered_by", sa.String(length=64), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["entered_by"], ["staff.id"], name=op.f("fk_staff_skills_entered_by_staff")),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_skills_staff_id_staff")),
        sa.PrimaryKeyConstraint("staff_id", "skill", name=op.f("pk_staff_skills")),
    )
    op.create_index("ix_staff_skills_valid_until", "staff_skills", ["valid_until"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_staff_skills_valid_until", table_name="staff_skills")
    op.drop_table("staff_skills")

"""People who left and their cases, and indexes over leave that never read what is over"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "staff_departures",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("staff_id", sa.String(length=64), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by", sa.String(length=64), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_departures_staff_id_staff")),
        sa.ForeignKeyConstraint(
            ["entered_by"], ["staff.id"], name=op.f("fk_staff_departures_entered_by_staff")
        ),
        sa.ForeignKeyConstraint(
            ["returned_by"], ["staff.id"], name=op.f("fk_staff_departures_returned_by_staff")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_departures")),
    )
    op.create_index(
        "uq_staff_departures_gone",
        "staff_departures",
        ["staff_id"],
        unique=True,
        sqlite_where=sa.text("returned_at IS NULL"),
        postgresql_where=sa.text("returned_at IS NULL"),
    )
    op.create_table(
        "case_handovers",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("departure_id", sa.String(length=64), nullable=False),
        sa.Column("former_id", sa.String(length=64), nullable=False),
        sa.Column("proposed_id", sa.String(length=64), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_handovers_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["departure_id"],
            ["staff_departures.id"],
            name=op.f("fk_case_handovers_departure_id_staff_departures"),
        ),
        sa.ForeignKeyConstraint(["former_id"], ["staff.id"], name=op.f("fk_case_handovers_former_id_staff")),
        sa.ForeignKeyConstraint(
            ["proposed_id"], ["staff.id"], name=op.f("fk_case_handovers_proposed_id_staff")
        ),
        sa.ForeignKeyConstraint(["ended_by"], ["staff.id"], name=op.f("fk_case_handovers_ended_by_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_handovers")),
    )
    op.create_index(
        "uq_case_handovers_open",
        "case_handovers",
        ["case_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(op.f("ix_case_handovers_departure_id"), "case_handovers", ["departure_id"])
    op.create_index(
        op.f("ix_staff_leaves_staff_id_staff_leaves_ends_at"), "staff_leaves", ["staff_id", "ends_at"]
    )
    op.create_index(op.f("ix_staff_leaves_ends_at"), "staff_leaves", ["ends_at"])
    op.drop_index("ix_staff_leaves_staff_id", table_name="staff_leaves")


def downgrade() -> None:
    op.create_index("ix_staff_leaves_staff_id", "staff_leaves", ["staff_id"])
    op.drop_index(op.f("ix_staff_leaves_ends_at"), table_name="staff_leaves")
    op.drop_index(op.f("ix_staff_leaves_staff_id_staff_leaves_ends_at"), table_name="staff_leaves")
    op.drop_table("case_handovers")
    op.drop_table("staff_departures")

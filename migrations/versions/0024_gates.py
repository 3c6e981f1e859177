"""gates: exceptions, refusals of the plan, several meters of one task, work due before a visit"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gate_exceptions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("field", sa.String(length=64), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("level", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("passed_by", sa.String(length=64), nullable=False),
        sa.Column("passed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_gate_exceptions_case_id_cases")),
        sa.ForeignKeyConstraint(["passed_by"], ["staff.id"], name=op.f("fk_gate_exceptions_passed_by_staff")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_gate_exceptions_task_id_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gate_exceptions")),
    )
    op.create_index(op.f("ix_gate_exceptions_case_id"), "gate_exceptions", ["case_id"], unique=False)
    op.create_table(
        "plan_refusals",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("task_id", sa.String(length=64), nullable=False),
        sa.Column("plan_version", sa.Integer(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_plan_refusals_case_id_cases")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_plan_refusals_task_id_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_refusals")),
        sa.UniqueConstraint("task_id", "plan_version", name=op.f("uq_plan_refusals_task_id_plan_version")),
    )
    op.create_index(op.f("ix_plan_refusals_case_id"), "plan_refusals", ["case_id"], unique=False)
    with op.batch_alter_table("plan_confirmations", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_plan_confirmations_task_id"), type_="unique")
        batch_op.create_index(op.f("ix_plan_confirmations_task_id"), ["task_id"], unique=False)
    with op.batch_alter_table("meters", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_meters_task_id"), type_="unique")
        batch_op.create_index(op.f("ix_meters_task_id"), ["task_id"], unique=False)
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.add_column(sa.Column("due_by", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.drop_column("due_by")
    with op.batch_alter_table("meters", schema=None) as batch_op:
        batch_op.drop_index(op.f("ix_meters_task_id"))
        batch_op.create_unique_constraint(op.f("uq_meters_task_id"), ["task_id"])
    with op.batch_alter_table("plan_confirmations", schema=None) as batch_op:
        batch_op.drop_index(op.f("ix_plan_confirmations_task_id"))
        batch_op.create_unique_constraint(op.f("uq_plan_confirmations_task_id"), ["task_id"])
    op.drop_index(op.f("ix_plan_refusals_case_id"), table_name="plan_refusals")
    op.drop_table("plan_refusals")
    op.drop_index(op.f("ix_gate_exceptions_case_id"), table_name="gate_exceptions")
    op.drop_table("gate_exceptions")

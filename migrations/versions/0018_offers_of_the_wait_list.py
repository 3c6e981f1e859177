"""offers of the wait-list"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("visit_waits", schema=None) as batch_op:
        batch_op.add_column(sa.Column("offers", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("visit_waits", schema=None) as batch_op:
        batch_op.drop_column("offers")

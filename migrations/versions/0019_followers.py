"""who follows the service account, also before anybody knows who they are"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

# Who has been joined already follows; WeChat need not be asked about them.
_KNOWN = """
INSERT INTO followers (openid, unionid, asked_at)
SELECT service_openid, MAX(unionid), CURRENT_TIMESTAMP
FROM (
    SELECT service_openid, unionid FROM customers WHERE service_openid IS NOT NULL
    UNION ALL
    SELECT service_openid, unionid FROM staff WHERE service_openid IS NOT NULL
) AS known
GROUP BY service_openid
"""


def upgrade() -> None:
    op.create_table(
        "followers",
        sa.Column("openid", sa.String(length=128), nullable=False),
        sa.Column("unionid", sa.String(length=128), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("openid", name=op.f("pk_followers")),
    )
    op.create_index(op.f("ix_followers_unionid"), "followers", ["unionid"], unique=False)
    op.execute(_KNOWN)


def downgrade() -> None:
    op.drop_index(op.f("ix_followers_unionid"), table_name="followers")
    op.drop_table("followers")

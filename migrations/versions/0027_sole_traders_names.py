"""names of sole traders in the form alone"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Which of them are a person's is said by the encrypted form only: a search finds all of them there.
    op.execute("UPDATE conversations SET organisation = NULL")


def downgrade() -> None:
    """The names stay in the forms, where the search finds them."""

"""The newest migration is known without Alembic, which a web server does not import."""

from alembic.config import Config
from alembic.script import ScriptDirectory

from app.core import migrations
from app.services.operations import readiness


def test_the_newest_migration_by_its_file_name_is_alembics_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations.FOLDER))
    assert readiness.newest_migration() == ScriptDirectory.from_config(config).get_current_head()

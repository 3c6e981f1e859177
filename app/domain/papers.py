"""The papers that the utility makes and the customer confirms (协议、合同), as data: papers/papers.toml."""

from dataclasses import dataclass
from pathlib import Path

from app.domain.toml_reader import Source, check_unique

FOLDER = "papers"


@dataclass(frozen=True, slots=True)
class PaperKind:
    """One kind of paper: its title, its Typst template, and the letters that its numbers begin with.

    One that `states_amount` is only good for the sum that the customer chose.
    """

    key: str
    name: str
    template: Path
    prefix: str
    states_amount: bool
    cite: str


def load_papers(folder: Path) -> dict[str, PaperKind]:
    """The papers of the city in `folder`, by key.

    :raises ConfigError: with every fault of the file; a template that is not there is one.
    """
    source = Source(folder / FOLDER / "papers.toml")
    rows = source.root.tables("papers")
    kinds = []
    for row in rows:
        name = row.text("template")
        template = folder / FOLDER / name
        # A name with a folder in it would lead out of what the renderer may read.
        if name and (Path(name).name != name or not template.is_file()):
            row.fault("template", f"there is no {FOLDER}/{name}")
        kinds.append(
            PaperKind(
                key=row.text("key"),
                name=row.text("name"),
                template=template,
                prefix=row.text("prefix"),
                states_amount=row.flag("states_amount"),
                cite=row.cite(),
            )
        )
    check_unique(rows, [kind.key for kind in kinds])
    source.finish()
    return {kind.key: kind for kind in kinds}

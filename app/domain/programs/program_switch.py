"""A case that goes on in another program keeps what happened before as its history."""

from dataclasses import replace

from app.domain.programs.definition import Program, StageKind


def continued(program: Program, former: Program) -> Program:
    """`program` as a case lives it that was first checked under `former`.

    The approval stages of `former` come first, so that its tasks, times and history keep their names; every
    promise, limit and stop reason is that of `program`.
    """
    own = {stage.key for stage in program.stages}
    checked = tuple(
        stage for stage in former.stages if stage.kind is StageKind.APPROVAL and stage.key not in own
    )
    return replace(program, stages=checked + program.stages)

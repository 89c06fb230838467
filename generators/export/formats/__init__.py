"""The export formats, one file each; a new format is one line more in the table."""

from generators.export.formats import (
    aligned,
    caa,
    causalgym,
    cvector,
    icl,
    mcq,
    model_written,
    pairs,
    preference,
    probe,
    repe,
)
from generators.export.formats.base import Format

FORMATS: dict[str, Format] = {
    each.name: each
    for each in (
        pairs.FORMAT,
        caa.FORMAT,
        model_written.FORMAT,
        mcq.FORMAT,
        icl.FORMAT,
        aligned.FORMAT,
        repe.FORMAT,
        cvector.FORMAT,
        probe.FORMAT,
        causalgym.FORMAT,
        preference.FORMAT,
    )
}

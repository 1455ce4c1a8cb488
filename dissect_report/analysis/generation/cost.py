"""What changing a generator's units will cost, before it is begun."""

from __future__ import annotations

from collections.abc import Sequence

from dissect_report.analysis.generation.experiment import open_pass
from dissect_report.analysis.generation.forecast import (
    count_edits,
    edit_bytes,
    expected_concepts,
    likely_layer,
    measure_edit,
    stage_lines,
)
from dissect_report.analysis.generation.gradient_check import check_choice, learning_latents
from dissect_report.analysis.held_maps import held_bytes
from dissect_report.analysis.setup import Setup
from dissect_report.config import Config


def cost(config: Config, setup: Setup, images: int, labels: Sequence[str | None]) -> tuple[str, ...]:
    """A line about the first layer that will be changed; none where none is.

    Args:
        config: of the site.
        setup: of a trial on the first batch.
        images: of the whole probe.
        labels: none, they are of classifiers.

    Raises:
        DissectError: what stops the edits.
    """
    generation = setup.run.generation
    if generation is None:
        return ()
    info = likely_layer(generation, setup.network.chosen)
    check_choice(setup, generation, info, images)
    work = open_pass(setup, info, 2, {}, int(generation.memory_gb * 1e9))
    seconds = measure_edit(work)
    latents = min(generation.latents, images)
    concepts = expected_concepts(generation, [concept.name for concept in setup.segmenter.catalogue])
    counts = count_edits(generation, info, latents, concepts, info.units, setup.grid)
    held = held_bytes(setup, work.editor.tail, learning_latents(generation, images).stop)
    disk = held + edit_bytes(counts, len(setup.segmenter.catalogue))
    return (stage_lines(info.name, counts, seconds, disk),)

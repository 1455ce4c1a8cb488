"""A segmenter for the page: the one that knows most of the concepts painted with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor

from dissect_report.analysis.painting.parity import runner
from dissect_report.analysis.setup import Setup
from dissect_report.errors import ExportError
from dissect_report.exporting.cost import multiplications
from dissect_report.exporting.labels import IMAGE, export_labels
from dissect_report.findings.painting import LabelGraph

#: A larger segmenter is not worth its download.
MOST_BYTES = 40_000_000

#: Nor one that a reader waits for after every stroke.
MOST_MULTIPLICATIONS = 20_000_000_000

#: Cells that may be labelled otherwise: where two concepts come out almost the same.
MOST_DIFFERING = 0.02


def graph_of_labels(
    setup: Setup, image: Tensor, concepts: Sequence[int]
) -> tuple[LabelGraph | None, bytes, tuple[str, ...]]:
    """The exported segmenter, its graph, and why there is none.

    Args:
        image: of a scene, [1, 3, y, x] in the generator's range.
        concepts: ids that are painted with.
    """
    merged = setup.segmenter
    owners = Counter(merged.owners[concept - 1] for concept in concepts)
    if not owners:
        return None, b"", ()
    owner = owners.most_common(1)[0][0]
    segmenter = merged.segmenters[owner]
    low, high = setup.run.model.output_range
    try:
        graph, module = export_labels(segmenter, image, setup.grid, (low, high))
        if len(graph) > MOST_BYTES:
            raise ExportError(f"it takes {len(graph) / 1e6:,.0f} MB")
        steps = multiplications(module, [image])
        if steps > MOST_MULTIPLICATIONS:
            raise ExportError(f"an image takes {steps / 1e9:,.0f} thousand million multiplications")
        name, run = runner(graph, module)
        differing = None
        if name != "torch":
            with torch.inference_mode():
                truth = module(image).cpu().numpy()
            differing = float((run({IMAGE: image}) != truth).mean())
            if differing > MOST_DIFFERING:
                raise ExportError(f"it labels {differing:.0%} of an image otherwise when exported")
    except ExportError as error:
        why = f"no pixels are counted, the segmenter {segmenter.source} cannot go along: {error}"
        return None, b"", (why,)
    first = merged.owners.index(owner)
    record = LabelGraph(segmenter.source, first, len(segmenter.catalogue), setup.grid, len(graph), differing)
    return record, graph, ()

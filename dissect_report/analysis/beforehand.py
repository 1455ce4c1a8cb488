"""What is looked at before anything is spent: minutes later it would cost the work until then."""

from __future__ import annotations

import shutil

import torch

from dissect_report.activations.untouched import untouched
from dissect_report.analysis.first_forward import example_input, first_line
from dissect_report.analysis.passes.batches import out_of_memory
from dissect_report.analysis.setup import Setup
from dissect_report.analysis.storage import storage
from dissect_report.errors import DissectError, ModelError, ProbeError, StorageError

#: One image has no other to be compared with, and no second half.
FEWEST = 2

#: Bytes of a thumbnail with a segmentation, and of a unit's records: as measured.
IMAGE_BYTES, UNIT_BYTES = 9_000, 30_000

#: What stays free.
RESERVE = 64 << 20


def check_beforehand(setup: Setup) -> None:
    """Refuses what would fail in the middle of the work or at its end.

    Raises:
        DissectError: the first of it.
    """
    _check_enough(setup)
    _check_last_batch(setup)
    _check_disk(setup)


def _check_enough(setup: Setup) -> None:
    found = len(setup.survey)
    if found < FEWEST:
        what = "[probe] latents" if setup.run.is_generator else "images that can be read in [probe] images"
        raise ProbeError(f"{what}: {found}, and at least {FEWEST} are needed; some hundreds tell more")


def _check_last_batch(setup: Setup) -> None:
    """The last batch may be of one image, which some networks take for none.

    Raises:
        ModelError: it fails on one, or gives something of another shape.
    """
    count, size, network = len(setup.survey), setup.batches.size, setup.network
    if size == 1 or count % size != 1:
        return
    one = example_input(setup.run, [k for k, _ in setup.network.conditions])[:1].to(network.device)
    found = network.images or network.output
    try:
        with torch.inference_mode(), untouched(network.model):
            if network.output is not None:
                given = network.output.read(lambda: network.model(one))
            else:
                given = network.model(one)
                given = network.images.take(given) if network.images else given
            problem = "" if found is None or len(given) == 1 else f"it gives {list(given.shape)}"
    except DissectError as error:
        problem = str(error)
    except Exception as error:  # the network's own code: it may raise anything at all
        if out_of_memory(error):
            return
        problem = first_line(error)
    if problem:
        raise ModelError(
            f"{setup.run.model.source} fails on a batch of one, and the last of {count} in batches of {size} "
            f"is one ({problem}); set another [compute] batch_size, or 1"
        )


def _check_disk(setup: Setup) -> None:
    """Compares what the cache and the findings will take with what is free.

    Raises:
        StorageError: naming both, and what makes it less.
    """
    folder = setup.cache.folder
    there = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    needed = max(0, cache_bytes(setup) - there) + findings_bytes(setup)
    free = shutil.disk_usage(folder).free - RESERVE
    if needed > free:
        raise StorageError(
            f"{folder}: about {needed / 1e9:.1f} GB needed for the whole run, {max(0, free) / 1e9:.1f} GB "
            "free; make room, or lower [compute] cache_gb, [probe] limit or the number of [model] layers"
        )


def cache_bytes(setup: Setup) -> int:
    """Bytes of the label maps, the pictures, and the activations or what is kept in their place."""
    return storage(setup, setup.grid**2 * 2, len(setup.survey)).cache


def findings_bytes(setup: Setup) -> int:
    """Bytes of the findings: until they are whole they lie beside those that stand."""
    units = sum(info.units for info in setup.network.chosen)
    return units * UNIT_BYTES + len(setup.survey) * IMAGE_BYTES

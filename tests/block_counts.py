"""Made-up counts by block, for the tests of splits and intervals."""

from __future__ import annotations

import numpy as np

from dissect_report.stats.block_counts import BlockCounts


def make_counts(
    seed: int, units: int = 5, concepts: int = 6, blocks: int = 9, places: int = 4
) -> BlockCounts:
    """Counts of made-up masks and concepts: intersections never exceed either."""
    generator = np.random.default_rng(seed)
    area = generator.integers(0, 40, (concepts + 1, blocks))
    area[0] = 0
    mask = generator.integers(0, 30, (units, blocks))
    listed = np.stack([generator.permutation(concepts)[:places] + 1 for _ in range(units)]).astype(np.int32)
    listed[:, places - 1] *= generator.integers(0, 2, units).astype(np.int32)
    share = generator.random((units, places, blocks)) * (generator.random((units, places, blocks)) < 0.7)
    common = (share * np.minimum(mask[:, None], area[listed])).astype(np.int64)
    common[listed == 0] = 0
    return BlockCounts(listed, mask, common, area)

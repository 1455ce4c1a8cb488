"""The same run on a GPU: networks there, counting here."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from dissect_report import dissect
from tests.small_site import change, write_small_site

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


def test_a_gpu_finds_what_the_cpu_finds(tmp_path):
    (here,) = dissect(write_small_site(tmp_path / "cpu"))
    config = change(write_small_site(tmp_path / "gpu"), 'device = "cpu"', 'device = "cuda"')
    (there,) = dissect(config)
    assert there.record.provenance.device == torch.cuda.get_device_name()
    for name, layer in here.layers.items():
        other = there.layers[name]
        np.testing.assert_allclose(other.arrays["level"], layer.arrays["level"], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(other.arrays["iou"], layer.arrays["iou"], atol=0.01)
        np.testing.assert_array_equal(other.arrays["concept"], layer.arrays["concept"])


def test_arithmetic_that_repeats_is_asked_of_the_gpu(tmp_path):
    config = change(write_small_site(tmp_path, images=6), 'device = "cpu"', 'device = "cuda"')
    (first,) = dissect(config, force=True)
    levels = first.layers["conv2"].arrays["level"]
    for path in (tmp_path / "cache").rglob("*.f32"):
        path.unlink()
    (second,) = dissect(config, force=True)
    np.testing.assert_array_equal(second.layers["conv2"].arrays["level"], levels)
    assert not torch.backends.cuda.matmul.allow_tf32
    assert not torch.backends.cudnn.benchmark

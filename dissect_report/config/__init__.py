"""What a ``dissect.toml`` can say: frozen dataclasses, every default stated here and only here.

One file a table. The help text of every key lives in its field's metadata: ``dissect-report init`` and the
configuration reference are written from it. A table refuses values that it cannot have wherever they come
from, a file or Python.
"""

from dissect_report.config.ablation import AblationConfig
from dissect_report.config.compute import ComputeConfig
from dissect_report.config.directions import DirectionsConfig
from dissect_report.config.dissection import DissectionConfig
from dissect_report.config.generation import GenerationConfig
from dissect_report.config.model import IMAGENET_MEAN, IMAGENET_STD, ModelConfig, TokensConfig
from dissect_report.config.photo import PhotoConfig
from dissect_report.config.probe import ProbeConfig
from dissect_report.config.reading import load_config, parse_config
from dissect_report.config.run import OPTIONAL, SECTIONS, Config, RunConfig
from dissect_report.config.segmenter import SegmenterConfig
from dissect_report.config.site import SiteConfig

__all__ = [
    "IMAGENET_MEAN",
    "IMAGENET_STD",
    "OPTIONAL",
    "SECTIONS",
    "AblationConfig",
    "ComputeConfig",
    "Config",
    "DirectionsConfig",
    "DissectionConfig",
    "GenerationConfig",
    "ModelConfig",
    "PhotoConfig",
    "ProbeConfig",
    "RunConfig",
    "SegmenterConfig",
    "SiteConfig",
    "TokensConfig",
    "load_config",
    "parse_config",
]

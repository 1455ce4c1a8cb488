"""The demo among the sources, registered as any other package's would be."""

from dissect_report.schemes import Scheme

SCHEME = Scheme(
    "demo",
    {"segmenter": "demo", "images": "demo"},
    "the drawn scenes of the demo, and the network that labels them",
    segmenter="dissect_report.demo.sources:open_demo",
    images="dissect_report.demo.sources:draw_scenes",
    alone=True,
)

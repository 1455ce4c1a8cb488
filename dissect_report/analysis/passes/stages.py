"""What every stage of an analysis depends on: its key, from one description of the inputs.

Equal keys mean equal numbers. A stage names what it is made from and no more: what changes anything else
leaves it current.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from importlib.metadata import version

from dissect_report.activations.class_output import ClassOutput
from dissect_report.activations.layers import LayerInfo
from dissect_report.analysis.cache import digest
from dissect_report.analysis.provenance import versions
from dissect_report.config import AblationConfig, GenerationConfig, PhotoConfig, ProbeConfig, RunConfig
from dissect_report.findings.records import SCHEMA_VERSION

#: Keys of ``[generation]`` that are about painting alone.
PAINTING = ("paint", "paint_scenes", "paint_max_mb")


def pixels_key(fingerprint: str, probe: ProbeConfig) -> str:
    """Of the decoded images: before the first of them is read."""
    return digest("survey", 2, fingerprint, *_shown(probe), version("pillow"))


def drawn_key(run: RunConfig, network: str, device: str) -> str:
    """Of the images that a generator makes, its latents excepted."""
    return digest("images", network, run.model.output_range, run.compute.batch_size, device, versions(run))


def _options(table: AblationConfig | GenerationConfig | PhotoConfig | None, *but: str) -> dict[str, object]:
    """A table of the configuration without keys on which no number depends."""
    options = dataclasses.asdict(table) if table else {}
    return {name: value for name, value in options.items() if name not in but}


def _shown(probe: ProbeConfig) -> tuple[object, ...]:
    """How an image is laid before network and segmenter."""
    rule = () if probe.interpolation == "bilinear" else (probe.interpolation,)
    return (probe.resize, probe.resize_mode, probe.crop, probe.full_scale, *rule)


@dataclass(frozen=True)
class Stages:
    """The keys of one run's stages.

    Attributes:
        run: the configuration.
        network: digest of everything that the model is made of.
        weights: sha256 of every number within its reach.
        device: kind of the one that it runs on.
        output: where its class scores are and how they decide.
        classes: names of its outputs.
        segmenters: digest of all of them.
        labelled: images that are segmented at a time.
        grid: side of the segmentation grid.
        images: digest of the probe's contents, in order.
        names: of the images.
        facts: digest of names, folder labels, groups and what was skipped.
        groups: digest of which images belong together.
        directions: of each layer whose units are directions, what it is recorded as.
    """

    run: RunConfig
    network: str
    weights: str
    device: str
    output: ClassOutput | None
    classes: tuple[str, ...]
    segmenters: str
    labelled: int
    grid: int
    images: str
    names: tuple[str, ...]
    facts: str
    groups: str
    directions: tuple[str, ...] = ()

    def _forward(self, images: str, batch: int) -> tuple[object, ...]:
        """What the network gives on images depends on it."""
        model = self.run.model
        seen = (images, *_shown(self.run.probe), model.mean, model.std)
        return (self.network, self.device, batch, *seen, versions(self.run))

    def maps(self, layer: LayerInfo) -> str:
        """Of a layer's maps as they are kept, and of their extremes and means."""
        options = self.run.dissection
        return digest(
            "maps", *self._forward(self.images, self.run.compute.batch_size), layer.recorded_as,
            self.grid, options.upsampling, options.registration,
        )  # fmt: skip

    def fitted(self, layer: LayerInfo) -> str:
        """Of directions that are fitted on the images."""
        forward = self._forward(self.images, self.run.compute.batch_size)
        return digest("directions", *forward, layer.recorded_as)

    def answers(self) -> str:
        """Of the network's answers."""
        return digest("answers", *self._forward(self.images, self.run.compute.batch_size), self.output)

    def labels(self) -> str:
        """Of the label maps."""
        made = (self.network, self.run.model.output_range) if self.run.is_generator else None
        return digest(
            "labels", self.images, self.names, self.segmenters, self.grid, self.labelled,
            *_shown(self.run.probe), self.device, versions(self.run), made,
        )  # fmt: skip

    def concepts(self) -> str:
        """Of what is counted of the label maps alone."""
        return digest("concepts", self.labels(), self.groups)

    def counts(self, layer: LayerInfo) -> str:
        """Of everything that is counted of a layer."""
        options = self.run.dissection
        return digest("counts", self.maps(layer), self.concepts(), options.quantile, options.seed)

    def pictures(self, layer: LayerInfo) -> str:
        """Of what is drawn of a layer's units."""
        return digest("pictures", self.counts(layer), self.run.dissection.top_images)

    def records(self, layer: LayerInfo) -> str:
        """Of the records of a layer's units."""
        return digest("records", self.pictures(layer), self.run.dissection.iou_threshold)

    def probe_pictures(self, colors: tuple[str, ...]) -> str:
        """Of what is drawn of the images themselves.

        Args:
            colors: of the concepts.
        """
        return digest("probe pictures", self.labels(), colors)

    def head(self, layer: LayerInfo, path: str, images: str, batch: int) -> str:
        """Of what a layer's tail starts from, on some images.

        Args:
            path: how the network was cut.
            images: digest of their contents.
            batch: images at a time.
        """
        return digest("head", *self._forward(images, batch), layer.recorded_as, path)

    def removals(self, layer: LayerInfo, path: str, step: str, batch: int) -> str:
        """Of predictions without units, the images and what stands in for the units excepted.

        Args:
            path: how the network was cut.
            step: how the change goes on from the layer.
            batch: images at a time.
        """
        return digest(
            "removals", *self._forward(self.images, batch), self.output, layer.recorded_as, path, step
        )

    def edits(self, layer: LayerInfo, path: str, batch: int, labelled: int) -> str:
        """Of edited images, the edits excepted.

        Args:
            path: how the network was cut.
            batch: latents at a time.
            labelled: images that are segmented at a time.
        """
        return digest(
            "edits", *self._forward(self.images, batch), layer.recorded_as, path,
            self.run.model.output_range, self.segmenters, self.grid, labelled,
        )  # fmt: skip

    def ablation(self, layer: LayerInfo, ranking: str) -> str:
        """Of the findings of a layer's ablation.

        Args:
            ranking: digest of the images that rank, where they are not the probe's; else "".
        """
        options = _options(self.run.ablation, "memory_gb")
        return self._of_experiment("ablation", self.counts(layer), options, ranking)

    def generation(self, layer: LayerInfo, choice: object) -> str:
        """Of the findings of a layer's edits.

        Args:
            choice: what of the layer's findings decides what is tried; JSON can hold it.
        """
        options = _options(self.run.generation, "memory_gb", *PAINTING)
        return self._of_experiment("generation", self.counts(layer), options, choice)

    def painting(self, edits: tuple[str, ...]) -> str:
        """Of what is exported for painting.

        Args:
            edits: keys of the edits of all layers that may be painted with.
        """
        table = self.run.generation
        options = [getattr(table, name) for name in PAINTING if name != "paint_max_mb"] if table else []
        return self._of_experiment("painting", list(edits), options, version("onnx"))

    def photo(self, layer: LayerInfo) -> str:
        """Of a classifier's export with the units of a layer."""
        return self._of_experiment("photo", self.maps(layer), _options(self.run.photo), version("onnx"))

    def _of_experiment(self, name: str, *parts: object) -> str:
        return digest(name, SCHEMA_VERSION, self.facts, self.classes, self.output, *parts)

    def inputs(self) -> dict[str, str]:
        """Digests of what the numbers are measured on."""
        return {
            "model": self.weights,
            "network": self.network,
            "probe": self.images,
            "names": self.facts,
            "segmenters": self.segmenters,
            "classes": digest(self.classes),
        }

    def findings(self) -> str:
        """Of a whole dissection."""
        run = self.run
        config = dataclasses.asdict(dataclasses.replace(run, ablation=None, generation=None, photo=None))
        del config["photo"]  # keys of runs from before there was such a table still hold
        if not run.model.directions:
            del config["model"]["directions"]  # nor was there such a key
        config["compute"] = {"device": self.device, "batch_size": run.compute.batch_size}
        return digest("findings", SCHEMA_VERSION, config, self.inputs(), versions(run), *self.directions)

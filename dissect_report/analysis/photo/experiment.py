"""Trying a photo, read top to bottom: the classifier as a graph, photos to pick, how maps reach the grid."""

from __future__ import annotations

import io
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from dissect_report.activations.layers import LayerInfo
from dissect_report.analysis.ablation.targets import choose_layers
from dissect_report.analysis.map_plans import plan_maps
from dissect_report.analysis.photo.parity import MOST_DIFFERENCE, Answer, Difference, ask_network, compare
from dissect_report.analysis.setup import Setup
from dissect_report.config import AblationConfig, Config, PhotoConfig
from dissect_report.errors import ExportError, FindingsError, LayerError, ModelError, nearest
from dissect_report.exporting.cost import multiplications
from dissect_report.exporting.networks import NetworkModule, Normalisation, export_network, network_inputs
from dissect_report.exporting.running import open_graph
from dissect_report.findings.disk import write_atomically
from dissect_report.findings.paths import RunPaths, layer_records
from dissect_report.findings.photo import Photo, pattern_photo
from dissect_report.findings.records import SCHEMA_VERSION
from dissect_report.findings.store import LoadedRun, write_arrays, write_record

#: A browser does some 3 to 5 thousand million multiplications a second, and every tick asks it again.
MOST_MULTIPLICATIONS = 15_000_000_000


def check(setup: Setup) -> LayerInfo | None:
    """The layer whose units are shown; None where no page is asked for.

    Raises:
        ModelError, LayerError: the network gives no classes, or has no such layer.
    """
    config = setup.run.photo
    if config is None:
        return None
    if setup.network.output is None:
        raise ModelError("[photo] needs a classifier: this network gives no row of class scores an image")
    return choose_layer(config, setup.run.ablation, setup.network.chosen)


def choose_layer(
    config: PhotoConfig, ablation: AblationConfig | None, dissected: Sequence[LayerInfo]
) -> LayerInfo:
    """The layer that is named, else the last that units are removed of.

    Raises:
        LayerError: no dissected layer has that name.
    """
    if not config.layer:
        return choose_layers(ablation or AblationConfig(), dissected)[-1]
    for info in dissected:
        if info.name == config.layer:
            return info
    known = nearest(config.layer, [info.name for info in dissected])
    raise LayerError(
        f"[photo] layer: {config.layer!r} is no dissected layer; {known} "
        "([model] layers chooses what is dissected)"
    )


def is_current(setup: Setup, run: LoadedRun) -> bool:
    """Whether what ``run_photo`` would write is there, of this configuration, and no more."""
    layer = check(setup)
    try:
        found = [each.photo.key for each in run.layers.values() if each.photo]
    except FindingsError:
        return False
    return found == ([setup.stages.photo(layer)] if layer else [])


def current(setup: Setup, run: LoadedRun) -> frozenset[str]:
    """Names of the layers whose findings hold: of the one that is exported, or of none."""
    layer = check(setup)
    return frozenset([layer.name] if layer and is_current(setup, run) else [])


def forget(paths: RunPaths, but: Collection[str] = ()) -> None:
    """Drops what an earlier configuration left.

    Args:
        but: folders of layers whose files stay.
    """
    for record in layer_records(paths, "photo.json", but):
        folder = record.parent.name
        for path in (record, paths.photo_arrays(folder), paths.network_graph(folder)):
            path.unlink(missing_ok=True)
        crops = paths.photo_crop(folder, 0).parent
        for crop in crops.glob("*.webp"):
            crop.unlink()
        if crops.is_dir() and not any(crops.iterdir()):
            crops.rmdir()


def cost(config: Config, setup: Setup, images: int, labels: object) -> tuple[str, ...]:
    """No line: an export takes seconds."""
    return ()


def run_photo(
    setup: Setup, run: LoadedRun, maps: Mapping[str, np.ndarray], done: Collection[str] = ()
) -> Photo | None:
    """Exports the classifier with some photos to pick, and writes both.

    Raises:
        DissectError: no space or no permission. A network that cannot be exported is noted, and no error.
    """
    layer, config = check(setup), setup.run.photo
    if layer is None or config is None:
        return None
    begun = time.perf_counter()
    blank = _blank(setup, run, layer)
    try:
        made = _Export(setup, config, run, layer).write(blank)
    except (ExportError, LayerError) as error:
        setup.progress.note(f"{setup.run.name}: no page to try a photo on: {error}")
        made = replace(blank, obstacle=str(error))
    made = replace(made, seconds=round(time.perf_counter() - begun, 3))
    write_record(run.paths.photo(run.layers[layer.name].summary.folder), made)
    return made


def _blank(setup: Setup, run: LoadedRun, layer: LayerInfo) -> Photo:
    return Photo(
        schema_version=SCHEMA_VERSION, key=setup.stages.photo(layer),
        layer=layer.name, obstacle="", map_size=(0, 0), side=0, outside=setup.run.dissection.upsampling,
        photos=(), precision="", scores_difference=0.0, maps_difference=0.0, checked_with="",
        multiplications=0, bytes=0, seconds=0.0,
    )  # fmt: skip


def choose_photos(labels: Sequence[str | None], wanted: int) -> tuple[int, ...]:
    """Images of ``wanted`` classes as far apart as the list has them; without classes, images far apart."""
    first: dict[str | None, int] = {}
    for image, label in enumerate(labels):
        first.setdefault(label, image)
    from_classes = len(first) >= wanted
    able = sorted(first.values()) if from_classes else list(range(len(labels)))
    count = min(wanted, len(able))
    return tuple(able[(2 * place + 1) * len(able) // (2 * count)] for place in range(count))


@dataclass(frozen=True, eq=False)
class _Export:
    """The export of one classifier with the units of one layer."""

    setup: Setup
    config: PhotoConfig
    run: LoadedRun
    layer: LayerInfo

    def write(self, blank: Photo) -> Photo:
        """Graph, arrays and photos; the record of them.

        Raises:
            ExportError: what stands in the way.
        """
        setup, layer = self.setup, self.layer
        photos = choose_photos(setup.survey.labels, self.config.photos)
        crops = [pattern_photo(setup.network.side), *(setup.survey.read(n, n + 1)[0] for n in photos)]
        answers = [ask_network(setup, layer, pixels) for pixels in crops]
        graph, precision, difference, checked_with, steps = self._graph(crops, answers)
        paths, folder = self.run.paths, self.run.layers[layer.name].summary.folder
        write_atomically(paths.network_graph(folder), graph)
        for place, pixels in enumerate(crops[1:]):
            write_atomically(paths.photo_crop(folder, place), _lossless(pixels))
        write_arrays(paths.photo_arrays(folder), self._arrays(answers))
        return replace(
            blank, map_size=layer.map_size, side=setup.network.side, photos=photos, precision=precision,
            scores_difference=difference.scores, maps_difference=difference.maps, checked_with=checked_with,
            multiplications=steps, bytes=len(graph),
        )  # fmt: skip

    def _graph(
        self, crops: Sequence[np.ndarray], answers: Sequence[Answer]
    ) -> tuple[bytes, str, Difference, str, int]:
        """The graph with halves for weights, or with whole ones where a reader could tell.

        Raises:
            ExportError: it is too large or too slow, or says something else than the network.
        """
        setup, model = self.setup, self.setup.run.model
        assert setup.network.output is not None, "checked before anything is measured"
        module = NetworkModule(
            setup.network.model, self.layer, setup.network.output, Normalisation(model.mean, model.std)
        )
        difference = Difference()
        for precision in ("float16", "float32"):
            graph = export_network(module, setup.network.side, precision == "float16")
            self._check_size(graph)
            name, run = open_graph(graph, module, precision == "float16")
            difference = compare(setup, self.layer, run, crops, answers)
            if difference.worst <= MOST_DIFFERENCE:
                return graph, precision, difference, name, self._steps(module)
        raise ExportError(
            f"the exported network's answers differ from its own by {difference.worst:.3g} of their range, "
            f"more than {MOST_DIFFERENCE:g}"
        )

    def _check_size(self, graph: bytes) -> None:
        if len(graph) > self.config.max_mb * 1e6:
            raise ExportError(
                f"the network takes {len(graph) / 1e6:,.0f} MB, more than [photo] max_mb = "
                f"{self.config.max_mb:g}"
            )

    def _steps(self, module: NetworkModule) -> int:
        device = self.setup.network.device
        blank = network_inputs(pattern_photo(self.setup.network.side), self.layer.units)
        steps = multiplications(module, [value.to(device) for value in blank.values()])
        if steps > MOST_MULTIPLICATIONS:
            raise ExportError(
                f"a photo takes {steps / 1e9:,.0f} thousand million multiplications, more than the "
                f"{MOST_MULTIPLICATIONS / 1e9:.0f} that a browser does in time"
            )
        return steps

    def _arrays(self, answers: Sequence[Answer]) -> dict[str, np.ndarray]:
        plan = plan_maps(self.setup)[self.layer.name]
        taps = (plan.shrink or plan.to_grid).taps
        scores = np.concatenate([answer.scores for answer in answers]).astype(np.float32)
        peaks = np.concatenate([answer.maps.max((2, 3)) for answer in answers]).astype(np.float32)
        return {
            "y_index": taps.y_index, "y_weight": taps.y_weight,
            "x_index": taps.x_index, "x_weight": taps.x_weight,
            "pattern_scores": scores[0], "pattern_peaks": peaks[0], "scores": scores[1:], "peaks": peaks[1:],
        }  # fmt: skip


def _lossless(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "WEBP", lossless=True, method=4)
    return stream.getvalue()

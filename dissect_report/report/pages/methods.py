"""The methods page: every parameter, definition and digest of a run, from its findings."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from dissect_report.findings.records import ConceptRecord
from dissect_report.findings.store import LoadedRun
from dissect_report.report.addresses import RunAddresses, concept_page, link
from dissect_report.report.cards import LayerView, run_glossary, setting
from dissect_report.report.concept_units import remark
from dissect_report.report.experiments import EXPERIMENTS
from dissect_report.report.formatting import count, number, plural, score, share
from dissect_report.report.network_words import network_words, scores_sentence
from dissect_report.report.page import Page
from dissect_report.report.pages.concept import iou_threshold
from dissect_report.report.site import SiteFindings, layers_of

UPSAMPLING = {
    "border": "bilinear with half-pixel centres; beyond the edge the map continues with its edge cells",
    "zeros": "bilinear with half-pixel centres; beyond the edge the map is 0, so its outer half cell fades",
}
REGISTRATION = {
    "center": "the map is stretched over the whole image",
    "convolution": "each cell lies where the strides, kernels and paddings up to the layer put its centre",
}

#: Keys that say nothing about the other kind of network: with their defaults they would mislead.
OF_GENERATORS = {
    "model": ("latent_shape", "output_range"),
    "probe": ("latents", "seed", "classes", "truncation"),
}
OF_CLASSIFIERS = {
    "model": ("classes", "decision", "mean", "std"),
    "probe": ("images", "resize", "resize_mode", "crop", "full_scale", "limit"),
}


def methods_page(site: SiteFindings, run: LoadedRun) -> Page:
    """How one run was measured."""
    path = RunAddresses(run.record.name).methods
    body = site.templates.get_template("pages/methods.html").render(methods_context(site, run, path))
    description = f"Every parameter, definition and digest behind the numbers of {run.record.name}."
    words = f"methods {run.record.name} parameters definitions provenance segmenter quality"
    return Page(path, f"Methods of {run.record.name}", description, body, words, (run.record.name, "Methods"))


def methods_context(site: SiteFindings, run: LoadedRun, path: PurePosixPath) -> dict[str, Any]:
    """What the methods page says."""
    views = [LayerView(site, run, layer) for layer in layers_of(run)]
    return {
        "run": run.record,
        "words": network_words(run),
        "scores": scores_sentence(run),
        "parameters": parameters(run),
        "upsampling": UPSAMPLING.get(str(setting(run, "dissection", "upsampling")), ""),
        "registration": REGISTRATION.get(str(setting(run, "dissection", "registration")), ""),
        "quantile": setting(run, "dissection", "quantile"),
        "seed": setting(run, "dissection", "seed"),
        "terms": run_glossary(run).values(),
        "layers": [(view.layer.summary, link(path, view.addresses.page)) for view in views],
        "halves": [sum(image.half == half for image in run.record.images) for half in (0, 1)],
        "labelled": sum(image.label is not None for image in run.record.images),
        "undetectable": _unreachable(site, run, path, iou_threshold(views)),
        "quality": _quality(site, run, path),
        "data": link(path, RunAddresses(run.record.name).data),
        "experiments": [part for each in EXPERIMENTS if (part := each.methods(site, run, path))],
        "count": count, "number": number, "plural": plural, "score": score, "share": share,
    }  # fmt: skip


def parameters(run: LoadedRun) -> list[tuple[str, list[tuple[str, str]]]]:
    """Every configured value that counts, by section; a list of sections (segmenters) is numbered."""
    result = []
    idle = OF_CLASSIFIERS if network_words(run).generator else OF_GENERATORS
    for section, value in run.record.config.items():
        if isinstance(value, dict):
            counting = {key: item for key, item in value.items() if key not in idle.get(section, ())}
            if section == "probe" and not counting.get("classes", True):  # latents that take none
                del counting["classes"]
            result.append((section, [(key, written(item)) for key, item in counting.items()]))
        elif isinstance(value, list | tuple) and all(isinstance(item, dict) for item in value):
            for place, item in enumerate(value, 1):
                result.append((f"{section} {place}", [(key, written(v)) for key, v in item.items()]))
    return result


def written(value: object) -> str:
    """A configured value as the configuration file writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(written(item) for item in value) or "(none)"
    if isinstance(value, dict):
        return ", ".join(f"{key} = {written(item)}" for key, item in value.items()) or "(none)"
    return "(empty)" if value == "" else str(value)


def _concept_link(site: SiteFindings, path: PurePosixPath, concept: ConceptRecord) -> str:
    return link(path, concept_page(site.concept_files[concept.name]))


def _unreachable(
    site: SiteFindings, run: LoadedRun, path: PurePosixPath, least: float
) -> list[tuple[str, str, str, str]]:
    """Concepts that no unit can match: name, address, attainable IoU, why."""
    images = f"the {network_words(run).images}"
    reasons = [(concept, remark(concept, least, images)) for concept in run.record.concepts]
    return [(c.name, _concept_link(site, path, c), score(c.attainable_iou), why) for c, why in reasons if why]


def _quality(site: SiteFindings, run: LoadedRun, path: PurePosixPath) -> list[tuple[str, list[Any]]]:
    """Of every segmenter that came with known truth: its source and IoU a concept."""
    by_name = {concept.name: concept for concept in run.record.concepts}
    return [
        (
            segmenter.source,
            [
                (by_name[name], _concept_link(site, path, by_name[name]), iou)
                for name, iou in segmenter.quality.items()
                if name in by_name
            ],
        )
        for segmenter in run.record.segmenters
        if segmenter.quality
    ]

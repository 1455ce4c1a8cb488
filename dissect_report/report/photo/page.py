"""The page on which a reader drops a photo."""

from __future__ import annotations

from typing import Any

from dissect_report.report.addresses import link
from dissect_report.report.cards import setting
from dissect_report.report.experiment_page import experiment_page
from dissect_report.report.formatting import listing, share
from dissect_report.report.page import Page
from dissect_report.report.photo.files import SCRIPT, network_file, picture_file, units_file
from dissect_report.report.photo.view import SETS, PhotoView
from dissect_report.report.runtime import runtime_file

TITLE = "What does it see in your photo?"

#: What base64 makes of a byte; gzip takes little off weights.
_GROWTH = 4 / 3


def photo_page(photo: PhotoView) -> Page:
    """The page."""
    view, record, path = photo.view, photo.record, photo.page
    context = {
        "record": record,
        "layer": view.layer.summary.name,
        "layer_href": link(path, view.addresses.page),
        "units": view.layer.summary.units,
        "extra_tokens": view.layer.summary.extra_tokens,
        "config": page_config(photo),
        "photos": _photos(photo),
        "megabytes": max(1, round(megabytes(photo))),
        "tips": view.tips,
        "preprocessing": preprocessing(photo),
        "replacement": other_replacement(photo),
        "difference": max(record.scores_difference, record.maps_difference),
        "share": share,
        "script": link(path, SCRIPT),
    }
    name = view.run.record.name
    description = f"Drop a photo: {name} runs in your browser and shows what it says and which units fire."
    return experiment_page(view, path, "photo", TITLE, description, context)


def page_config(photo: PhotoView) -> dict[str, Any]:
    """What the page's script is told before anything is loaded."""
    record, run = photo.record, photo.view.run
    scores = run.record.scores
    return {
        "network": _name(network_file(photo)),
        "units": _name(units_file(photo)),
        "photos": [_name(picture_file(photo, place)) for place in range(len(photo.photos))],
        "side": record.side,
        "resize": setting(run, "probe", "resize"),
        "mode": setting(run, "probe", "resize_mode"),
        "size": list(record.map_size),
        "outside": record.outside,
        "each": scores is not None and scores.decision == "sigmoid",
        "sets": list(SETS),
        "megabytes": max(1, round(megabytes(photo))),
    }


def _name(path: Any) -> str:
    return str(path.with_suffix(""))


def _photos(photo: PhotoView) -> list[dict[str, str]]:
    images, addresses = photo.view.run.record.images, photo.view.run_addresses
    return [
        {"src": link(photo.page, addresses.thumbnail(image)), "name": images[image].name}
        for image in photo.photos
    ]


def megabytes(photo: PhotoView) -> float:
    """What a reader loads to begin."""
    return (photo.record.bytes * _GROWTH + len(runtime_file().text)) / 1e6


def preprocessing(photo: PhotoView) -> str:
    """How a photo becomes the network's input, in words."""
    run = photo.view.run
    resize, crop = setting(run, "probe", "resize"), setting(run, "probe", "crop")
    how = (
        f"squeezed to {resize} × {resize} pixels"
        if setting(run, "probe", "resize_mode") == "squash"
        else f"resized so that its short side has {resize} pixels"
    )
    grey = ["made grey"] if len(setting(run, "model", "mean")) == 1 else []
    return listing(["turned upright", how, f"cut to the middle {crop} × {crop}", *grey])


def other_replacement(photo: PhotoView) -> str:
    """What the run's removed units become where that is not 0, in words; "" where it is."""
    kind = setting(photo.view.run, "ablation", "replacement") if photo.ablation else "zero"
    return {"mean": "its mean", "quantile": "one of its quantiles"}.get(str(kind), "")

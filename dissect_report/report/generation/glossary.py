"""Words about changing a generator's units, with a layer's own parameters written into them."""

from __future__ import annotations

from dissect_report.findings.generation import Generation
from dissect_report.report.formatting import count, plural, share
from dissect_report.report.glossary import Term


def generation_glossary(record: Generation) -> dict[str, Term]:
    """Definitions by key."""
    rows, columns = record.places
    terms = {
        "removed": ("removed unit", "A unit whose whole map is replaced by 0 before the next layer sees it."),
        "inserted": (
            "inserted unit",
            f"A unit whose map is replaced by its insertion value: the activation that "
            f"{share(record.insert_quantile)} of all grid pixels of the probe dataset exceed.",
        ),
        "place": (
            "place",
            f"One of {rows} × {columns} parts of the layer's map; a set of units is inserted there and "
            "nowhere else.",
        ),
        "area": (
            "area",
            "The part of the image's grid pixels that carry the concept, mean over latents.",
        ),
        "portion": (
            "portion removed",
            "Of the concept's pixels: minus the sum of their changes over all latents, divided by their sum "
            "in the intact images. Below 0 where there are more than before.",
        ),
        "effect_ranking": (
            "by effect",
            "Units go first whose learned strength is largest: how far each is moved to its insertion value, "
            "from 0 to 1, was learned by gradient through the rest of the generator and the segmenter, so "
            "that the concept appears where units are inserted, with a penalty on the sum. Learned on other "
            "latents than anything is measured on.",
        ),
        "strength": (
            "strength",
            "How far a unit's map is moved to its insertion value: 1 is the whole way, as by IoU.",
        ),
        "painted": (
            "share of the place",
            "The share of the place's own grid pixels that carry the concept with the units inserted there; "
            "mean over places and latents.",
        ),
        "gained": (
            "gain of the place",
            "The share of the place's own grid pixels that carry the concept with the units inserted there, "
            "minus the same in the intact image; mean over places and latents.",
        ),
        "lot": (
            "by lot",
            "The control: at every place as many units that are not dead, drawn anew, at the same strengths.",
        ),
        "iou_ranking": (
            "by IoU",
            "Units with the largest IoU with the concept go first.",
        ),
        "ace_ranking": (
            "by ACE",
            "Units go first whose own average causal effect on the concept is largest; only those that were "
            "changed one by one have one.",
        ),
        "random_ranking": (
            "random units",
            "As many units that are not dead, drawn with a seed; draws are pooled. What a removal does when "
            "it does not matter which units are chosen.",
        ),
        "ace": (
            "average causal effect (ACE)",
            "The concept's mean area with the units inserted everywhere, minus its mean area with them "
            "removed, over the same latents.",
        ),
        "added": (
            "added area",
            "What an insertion adds to the concept's area; below 0 where it covers some up.",
        ),
        "context": (
            "context",
            "The label of the intact image in the middle of the place.",
        ),
        "interval": (
            "99 % interval",
            "Over latents: of removed portions bootstrap-t with 5,000 seeded draws, of all other means "
            f"Student's t. Sets of units were removed from {plural(record.latents, 'latent')}, single units "
            f"changed in {count(record.unit_latents)}, units inserted in {count(record.insert_latents)}. A "
            "dash where fewer than 12 latents show a change.",
        ),
        "outline": (
            "outline",
            "Around what differs visibly between the edited and the intact image.",
        ),
    }
    return {key: Term(*term) for key, term in terms.items()}

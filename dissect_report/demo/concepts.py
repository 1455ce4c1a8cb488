"""What the drawn world is made of: the catalogue of its concepts and the triples a pixel carries."""

from functools import cache
from typing import NamedTuple


class DemoConcept(NamedTuple):
    """One entry of the catalogue.

    Attributes:
        id: 1 .. number of concepts, dense; 0 is the label of a pixel without a concept.
        name: unique over all categories, so that a part is never mistaken for an object.
        category: "object", "part" or "material": the label channel the concept lives in.
    """

    id: int
    name: str
    category: str


CHANNELS: tuple[str, ...] = ("object", "part", "material")

_NAMES: dict[str, tuple[str, ...]] = {
    "object": (
        "sky", "cloud", "sun", "moon", "mountain", "hill", "meadow", "field", "dune", "shore",
        "sea", "lake", "road", "path", "tree", "pine", "palm", "cactus", "bush", "flower",
        "rock", "mushroom", "house", "church", "barn", "skyscraper", "lighthouse", "windmill", "boat", "car",
        "tractor", "balloon", "person", "sheep", "cow", "camel", "bird", "fence", "pier", "chairlift",
        "parasol", "fountain", "streetlamp", "bench", "haystack", "snowman", "tent",
    ),
    "part": (
        "treetop", "trunk", "roof", "facade", "door", "window", "chimney", "tower", "peak", "hull",
        "sail", "mast", "wheel", "cab", "head", "torso", "leg", "blossom", "canopy", "pole",
        "lamp", "blade", "seat", "basket",
    ),
    "material": (
        "snow", "water", "sand", "grass", "leaves", "stone", "wood", "brick", "plaster", "tile",
        "glass", "metal", "fabric", "asphalt", "soil", "straw",
    ),
}  # fmt: skip


def _catalogue() -> tuple[DemoConcept, ...]:
    pairs = [(name, category) for category in CHANNELS for name in _NAMES[category]]
    return tuple(
        DemoConcept(number, name, category) for number, (name, category) in enumerate(pairs, start=1)
    )


CONCEPTS: tuple[DemoConcept, ...] = _catalogue()

_IDS: dict[tuple[str, str], int] = {(concept.category, concept.name): concept.id for concept in CONCEPTS}

Label = tuple[int, int, int]
"""Object, part and material id of a painted surface; 0 where it has none."""


@cache
def label(thing: str = "", part: str = "", material: str = "") -> Label:
    """The ids of a surface, from names; "" means that the surface carries nothing in that channel.

    Raises:
        KeyError: a name is not in the catalogue (a mistake in the drawing code, never in user input).
    """
    names = zip(CHANNELS, (thing, part, material), strict=True)
    first, second, third = (_IDS[channel, name] if name else 0 for channel, name in names)
    return first, second, third


def concept_ids(category: str) -> tuple[int, ...]:
    """Ids of one category's concepts, ascending and without a gap."""
    return tuple(concept.id for concept in CONCEPTS if concept.category == category)

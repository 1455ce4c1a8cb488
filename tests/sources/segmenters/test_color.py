from __future__ import annotations

import numpy as np
import pytest
import torch

from dissect_report.sources.segmenters.color import PROTOTYPES, TERMS, ColorSegmenter, to_lab, to_linear

SWATCHES = {
    "ink": ("#0a0a0c", "black"),
    "charred wood": ("#1c1a19", "black"),
    "snow": ("#fbfcfe", "white"),
    "paper": ("#f4f2ea", "white"),
    "concrete": ("#8f8f8c", "grey"),
    "ash": ("#c2c4c4", "grey"),
    "slate": ("#4d5257", "grey"),
    "fire engine": ("#ce2029", "red"),
    "tomato": ("#d8301f", "red"),
    "dried blood": ("#7c0a10", "red"),
    "carrot": ("#ed7117", "orange"),
    "tangerine": ("#ff9f1c", "orange"),
    "lemon": ("#fff44f", "yellow"),
    "sunflower": ("#ffc512", "yellow"),
    "straw": ("#e4d96f", "yellow"),
    "meadow": ("#4a9b3c", "green"),
    "pine needles": ("#234f2b", "green"),
    "olive leaf": ("#6b7a3a", "green"),
    "mint": ("#98e0a5", "green"),
    "clear sky": ("#7fb8e6", "blue"),
    "navy cloth": ("#10205c", "blue"),
    "deep sea": ("#1f6fa8", "blue"),
    "turquoise water": ("#1fb5d6", "blue"),
    "plum": ("#5e2a66", "purple"),
    "lavender blossom": ("#a584d1", "purple"),
    "rose petal": ("#f4a6b7", "pink"),
    "flamingo": ("#fc74a4", "pink"),
    "chocolate": ("#5a3219", "brown"),
    "oak plank": ("#a9744a", "brown"),
    "wet earth": ("#6f523b", "brown"),
}


def picture(*colors: str) -> torch.Tensor:
    """One image of vertical stripes, 8 pixels each."""
    values = [[int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)] for color in colors]
    return (
        torch.tensor(values).T[None, :, None, :].repeat_interleave(8, 3).expand(-1, -1, 8 * len(colors), -1)
    )


def terms(images: torch.Tensor, grid: int) -> np.ndarray:
    labels = ColorSegmenter().label(images, ["x"] * len(images), grid)
    return np.array(["", *TERMS])[labels.numpy()]


@pytest.mark.parametrize("swatch", SWATCHES)
def test_a_swatch_gets_the_name_that_people_give_it(swatch: str) -> None:
    color, expected = SWATCHES[swatch]
    assert terms(picture(color), 1).item() == expected


def test_there_are_thirty_swatches_and_eleven_terms_each_with_a_swatch() -> None:
    assert len(SWATCHES) == 30
    assert {term for _, term in SWATCHES.values()} == set(TERMS)
    assert len(TERMS) == 11


def test_every_prototype_is_called_by_its_own_name() -> None:
    for term, colors in PROTOTYPES.items():
        for color in colors:
            assert terms(picture("#" + bytes(color).hex()), 1).item() == term


def test_lab_is_that_of_the_textbook() -> None:
    white, red, blue = to_lab(to_linear(torch.tensor([[1.0, 1, 1], [1, 0, 0], [0, 0, 1]])))
    assert white.tolist() == pytest.approx([100, 0, 0], abs=0.02)
    assert red.tolist() == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
    assert blue.tolist() == pytest.approx([32.30, 79.19, -107.86], abs=0.02)


def test_cells_are_named_one_by_one() -> None:
    found = terms(picture("#ce2029", "#4a9b3c"), 2)
    assert found.shape == (1, 1, 2, 2)
    assert found[0, 0].tolist() == [["red", "green"], ["red", "green"]]


def test_a_cell_is_mixed_in_linear_light() -> None:
    board = torch.zeros(1, 3, 8, 8)
    board[:, :, ::2, ::2] = board[:, :, 1::2, 1::2] = 1
    # Half black, half white is light grey (L 76), not the middle of the sRGB scale (L 53).
    level = to_lab(to_linear(board).mean((2, 3)))[0, 0].item()
    assert level == pytest.approx(76.07, abs=0.01)
    assert terms(board, 1).item() == "grey"


def test_every_cell_has_a_color_and_the_catalogue_names_them() -> None:
    segmenter = ColorSegmenter()
    labels = segmenter.label(torch.rand(3, 3, 50, 50), ["x"] * 3, 7)
    assert labels.shape == (3, 1, 7, 7)
    assert labels.min() >= 1
    assert [concept.name for concept in segmenter.catalogue] == list(TERMS)
    assert {concept.category for concept in segmenter.catalogue} == {"color"}

"""Names of a made-up run: concepts by category, classes, and names that break careless pages."""

from __future__ import annotations

NAMES = {
    "object": [
        *("sky", "sea", "mountain", "tree", "house", "boat", "car", "person"),
        *("dog", "airplane", "bridge", "fence", "lamp", "chair", "bird"),
    ],
    "part": ["roof", "window", "treetop", "trunk", "wheel", "hull"],
    "material": ["wood", "glass", "brick", "snow"],
    "texture": ["striped", "dotted"],
    "color": ["red", "green", "blue", "yellow", "white"],
    "scene": ["beach", "street"],
}
HOSTILE = [
    "</script><script>alert(1)</script>",
    'a & "b"',
    "../..",
    "x" * 300,
    "naïve – 日本語 🌳",
    "con",
    "{{ 7*7 }}",
]
CLASSES = ["village", "harbor", "ski resort", "forest"]

"""``[[model.directions]]``: units that are no channels, but directions among a layer's channels."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

from dissect_report.config.keys import bounded, key, refuse
from dissect_report.config.tables import settle_types

#: Kinds that no file holds.
MADE = ("rotation", "pca", "nmf")

#: Parts of nmf at most: each place is a least-squares problem of so many unknowns.
MOST_PARTS = 256


@dataclass(frozen=True)
class DirectionsConfig:
    """Directions among a layer's channels as units of their own: a dictionary's latents, or another basis."""

    layer: str = key("", "the layer whose channels they combine; it is dissected too, for comparison")
    kind: Literal["dictionary", "rotation", "pca", "nmf"] = key(
        "dictionary",
        "dictionary: of file (sparse autoencoder, transcoder, probes); rotation: a random orthogonal basis, "
        "the control; pca, nmf: fitted on the probe",
    )
    file: str = key("", "dictionary: safetensors file of encoder, biases and decoder")
    name: str = key("", "what the layer is called behind its own name; default: the kind, or the file's name")
    count: int = key(0, "pca, nmf: how many; 0: as many as channels, of nmf 16", most=65_536)
    seed: int = key(0, "rotation and nmf; and what pca and nmf are fitted on", most=2**32)
    activation: Literal["auto", "relu", "top-k", "jump-relu", "none"] = key(
        "auto",
        "dictionary: what makes latents of the encoder's output; auto: jump-relu where the file holds "
        "thresholds, top-k where k is given, else relu",
    )
    k: int = key(0, "top-k: latents that stay at each place")
    encoder: str = key("", "dictionary: name of the encoder's weight in the file, [unit, channel]")
    bias: str = key("", 'dictionary: name of what is added behind the encoder; "none": nothing')
    pre_bias: str = key(
        "",
        "dictionary: name of what is subtracted before the encoder; default: pre_bias or the decoder's bias, "
        'of jump-relu nothing; "none": nothing',
    )
    threshold: str = key("", "jump-relu: name of the thresholds")
    decoder: str = key("", "dictionary: name of the decoder's weight, [unit, channel]: for removals")

    def __post_init__(self) -> None:
        settle_types(self, "[[model.directions]]")
        of_file = self.kind == "dictionary"
        where = f"[[model.directions]] of {self.layer!r}"
        named = (self.encoder, self.bias, self.pre_bias, self.threshold, self.decoder)
        refuse(
            [
                (bool(self.layer), "[[model.directions]] layer is missing: whose channels they combine"),
                (
                    not of_file or bool(self.file),
                    f'{where}: file is missing, or kind = "rotation", "pca" or "nmf"',
                ),
                (
                    of_file or not (self.file or any(named) or self.k or self.activation != "auto"),
                    f"{where}: file and what is in it are for a dictionary, not for kind = {self.kind!r}",
                ),
                (
                    self.kind in ("pca", "nmf") or not self.count,
                    f"{where}: count is for pca and nmf; "
                    + (
                        "a rotation has as many as the layer has channels"
                        if not of_file
                        else "a file has its own"
                    ),
                ),
                (
                    self.kind != "nmf" or self.count <= MOST_PARTS,
                    f"{where}: nmf has at most {MOST_PARTS} parts",
                ),
                (
                    self.count >= 0 and self.seed >= 0 and self.k >= 0,
                    f"{where}: count, seed and k: 0 or more",
                ),
                (
                    self.activation != "top-k" or self.k > 0,
                    f'{where}: activation = "top-k" needs k, the latents that stay at each place',
                ),
                (
                    self.activation in ("auto", "top-k") or not self.k,
                    f'{where}: k is for activation = "top-k", not for {self.activation!r}',
                ),
                (
                    self.activation in ("auto", "jump-relu") or not self.threshold,
                    f'{where}: threshold is for activation = "jump-relu", not for {self.activation!r}',
                ),
                (not self.k or not self.threshold, f"{where}: k or threshold, not both"),
                (
                    not re.search(r"[\x00-\x1f()]", self.name) and self.name == self.name.strip(),
                    f"{where}: name = {self.name!r}: one line without brackets",
                ),
                (
                    self.label != "channels",
                    f"{where}: what they are compared with is called channels; set another name",
                ),
                *bounded(self, where),
            ]
        )

    @property
    def label(self) -> str:
        """What the layer is called behind its own name."""
        if self.name:
            return self.name
        stem = re.sub(r"[\x00-\x1f()]", "", PurePath(self.file).stem).strip()
        return self.kind if self.kind in MADE else stem or self.kind

    @property
    def layer_name(self) -> str:
        """Of the layer whose units they are, such as "layer4 (rotation)"."""
        return f"{self.layer} ({self.label})"

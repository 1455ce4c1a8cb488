"""Dictionaries of directions out of files: encoder, biases, thresholds and decoder."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from dissect_report.config import DirectionsConfig
from dissect_report.errors import WeightsError, nearest
from dissect_report.sources.checkpoints import read_checkpoint

#: What files call the parts, the commonest first; of a weight, whether units are its rows.
ENCODERS = {"encoder.weight": True, "W_enc": False, "w_enc": False, "enc.weight": True, "encoder": True}
DECODERS = {"W_dec": True, "decoder.weight": False, "w_dec": True, "dec.weight": False, "decoder": True}
BIASES = ("encoder.bias", "b_enc", "latent_bias", "enc.bias", "encoder_bias")
#: Subtracted before the encoder whatever the activation; the decoder's bias, of others than jump-relu.
PRE_BIASES = ("pre_bias", "b_pre", "pre_encoder_bias")
DECODER_BIASES = ("b_dec", "decoder.bias", "dec.bias", "bias")
THRESHOLDS = ("threshold", "log_threshold", "jumprelu.threshold", "thresholds")

NONE = "none"


@dataclass(frozen=True, eq=False)
class DictionaryFile:
    """What a file holds of a dictionary, float32.

    Attributes:
        encoder: [unit, channel].
        bias: [unit]; 0 where there is none.
        pre_bias: [channel], subtracted first; 0 where nothing is.
        decoder: [unit, channel]; None where the file has none.
        activation: "relu", "top-k", "jump-relu" or "none".
        k: of top-k.
        threshold: [unit] of jump-relu; else None.
        said: what was taken, for a reader: "relu, b_dec subtracted first".
        digest: of the file's content, 12 hexadecimal digits.
    """

    encoder: Tensor
    bias: Tensor
    pre_bias: Tensor
    decoder: Tensor | None
    activation: str
    k: int
    threshold: Tensor | None
    said: str
    digest: str


def read_dictionary(config: DirectionsConfig, folder: Path, channels: int) -> DictionaryFile:
    """The dictionary of a table.

    Args:
        folder: that a relative file is relative to.
        channels: of the layer.

    Raises:
        WeightsError: there is no such file or tensor, or one is not of the layer's shape.
    """
    path = folder / config.file
    tree = read_checkpoint(path, False, folder).tree
    tensors = {name: value for name, value in _flat(tree) if value.is_floating_point()}
    return _Reader(config, path, tensors, channels).read()


def _flat(tree: object, before: str = "") -> list[tuple[str, Tensor]]:
    if isinstance(tree, Tensor):
        return [(before, tree)]
    if not isinstance(tree, Mapping):
        return []
    return [
        one for key, value in tree.items() for one in _flat(value, f"{before}.{key}" if before else str(key))
    ]


@dataclass(frozen=True)
class _Reader:
    """A file's tensors, asked for by what a table or custom calls them."""

    config: DirectionsConfig
    path: Path
    tensors: Mapping[str, Tensor]
    channels: int

    def read(self) -> DictionaryFile:
        name = self._find(self.config.encoder, ENCODERS, "encoder")
        if not name:
            raise WeightsError(
                f"{self.path}: no tensor is called as encoders are ({', '.join(ENCODERS)}); say which it is: "
                f"encoder = one of {', '.join(sorted(self.tensors)) or 'none'}"
            )
        encoder = self._weight(name, ENCODERS.get(name, True), 0)
        units, config = len(encoder), self.config
        threshold = self._find(config.threshold, THRESHOLDS, "threshold")
        activation = self._activation(threshold)
        bias = self._find(config.bias, BIASES, "bias")
        customary = PRE_BIASES if activation == "jump-relu" else (*PRE_BIASES, *DECODER_BIASES)
        before = self._find(config.pre_bias, customary, "pre_bias")
        decoder = self._find(config.decoder, DECODERS, "decoder")
        return DictionaryFile(
            encoder=encoder,
            bias=self._vector(bias, units, "units") if bias else torch.zeros(units),
            pre_bias=self._vector(before, self.channels, "channels")
            if before
            else torch.zeros(self.channels),
            decoder=self._weight(decoder, DECODERS.get(decoder, True), units) if decoder else None,
            activation=activation,
            k=config.k,
            threshold=self._thresholds(threshold, units) if activation == "jump-relu" else None,
            said=self._said(activation, units, before),
            digest=hashlib.sha256(self.path.read_bytes()).hexdigest()[:12],
        )

    def _find(self, given: str, customary: Mapping[str, bool] | tuple[str, ...], key: str) -> str:
        """The name of a tensor; "" where nothing is called so, or none is asked for."""
        if given == NONE:
            return ""
        if given and given not in self.tensors:
            raise WeightsError(f"{self.path}: {key} = {given!r}: {nearest(given, sorted(self.tensors))}")
        return given or next((name for name in customary if name in self.tensors), "")

    def _activation(self, threshold: str) -> str:
        """The one that is asked for, or that the file asks for.

        Raises:
            WeightsError: thresholds are missing.
        """
        found = self.config.activation
        if found == "auto":
            found = "top-k" if self.config.k else "jump-relu" if threshold else "relu"
        if found == "jump-relu" and not threshold:
            raise WeightsError(
                f"{self.path}: jump-relu, and no tensor holds thresholds; name it: threshold ="
            )
        return found

    def _weight(self, name: str, units_first: bool, units: int) -> Tensor:
        """[unit, channel], turned where the layer's channels are on the other axis alone.

        Raises:
            WeightsError: neither axis is the layer's channels.
        """
        weight = self.tensors[name].float()
        shape, wanted = tuple(weight.shape), self.channels
        fits = [
            weight.ndim == 2 and shape[1 - axis] == wanted and units in (0, shape[axis]) for axis in (0, 1)
        ]
        if not any(fits):
            of = f" of {units:,} units" if units else ""
            raise WeightsError(
                f"{self.path}: {name} is {list(shape)}, and layer {self.config.layer!r} has {wanted} "
                f"channels: [unit, channel]{of} is needed"
            )
        rows = units_first if all(fits) else fits[0]
        return (weight if rows else weight.T).contiguous()

    def _vector(self, name: str, wanted: int, what: str) -> Tensor:
        vector = self.tensors[name].float().reshape(-1)
        if len(vector) != wanted:
            raise WeightsError(
                f"{self.path}: {name} is {list(self.tensors[name].shape)}, and there are {wanted} {what}"
            )
        return vector

    def _thresholds(self, name: str, units: int) -> Tensor:
        held = self.tensors[name].float().reshape(-1)
        found = held.expand(units) if len(held) == 1 else self._vector(name, units, "units")
        return found.exp() if name.startswith("log_") else found

    def _said(self, activation: str, units: int, before: str) -> str:
        if activation == "top-k":
            if self.config.k > units:
                raise WeightsError(f"{self.path}: k = {self.config.k}, and there are {units} latents")
            activation = f"top {self.config.k}"
        kind = "no activation" if activation == "none" else activation
        return kind + (f", {before} subtracted first" if before else "")

"""Which outputs [image, a, b, c] are maps [image, unit, y, x], proved and not guessed from their sizes.

What convolutions, batch normalisations and 2-d pools make of a map is a map by construction, and what leaves
a map's places where they are gives a map. Where a function came before them they may have been given
something else, a turned picture or attention weights: they stay maps unless it clearly shows. Of anything
else a changed stripe of the input must move what it should: rows axis 2, columns axis 3. A generator has no
picture to change: a changed stripe of one of its maps must move the picture it makes, and through that map
the layers behind it are seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from torch import Tensor, nn

from dissect_report.activations.causes import fault_line
from dissect_report.activations.changes import (
    IMAGE,
    Changes,
    catch_calls,
    change_input,
    change_map,
    noting,
)
from dissect_report.activations.evidence import Evidence
from dissect_report.activations.lineage import Lineage, Step
from dissect_report.activations.modes import quiet
from dissect_report.activations.steadiness import Fault
from dissect_report.activations.stripes import VARIANTS, draw_picture, each_batch, striped
from dissect_report.errors import ModelError

#: Pictures tried where the first leaves a layer open.
DRAWS = 3


def find_misfits(
    model: nn.Module, example: Tensor, lineage: Lineage, names: Sequence[str], makes_images: bool = False
) -> dict[str, str]:
    """Which of the layers ``names`` are no maps over the picture, and why, as the end of a sentence.

    Costs nothing where known layers alone make every layer of the input; else 6 inputs, run
    ``len(example)`` at a time, and up to 24 where a layer stays open. Of a generator, as many latents per map
    that is tried.

    Args:
        model: left as it was.
        example: inputs, or latents of a generator, on the model's device; as many as the network takes.
        lineage: of a forward pass of ``example``.
        names: layers whose output [image, a, b, c] holds numbers, in execution order, each run once.
        makes_images: it is a generator.

    Raises:
        ModelError: the model fails on a drawn picture.
    """
    proof = _Proof(model, example, lineage.steps, tuple(names), makes_images)
    if not proof.open() and (makes_images or not proof.makers_astray()):
        return {}
    with quiet(model):
        if makes_images:
            proof.try_maps()
        else:
            proof.try_pictures()
    return proof.reasons()


@dataclass
class _Proof:
    """What is known so far.

    Attributes:
        model, example, steps, names, makes_images: see ``find_misfits``.
        seen: what changed stripes of the picture, or of an earlier map, did to a layer.
        inside: what changed stripes of a layer's own input, a map, did to it.
        unsteady: why nothing can be seen: values change by themselves; "" where they do not.
    """

    model: nn.Module
    example: Tensor
    steps: Sequence[Step]
    names: tuple[str, ...]
    makes_images: bool
    seen: dict[str, Evidence] = field(default_factory=dict)
    inside: dict[str, Evidence] = field(default_factory=dict)
    unsteady: str = ""

    def maps(self) -> set[int]:
        """Numbers of the tensors that are known to be maps."""
        root = next((step for step in self.steps if not step.name), None)
        maps = set() if root is None or self.makes_images else {root.given} - {-1}
        before = -1
        while before < len(maps):  # a part that hands on its tensor is known when the whole is
            before = len(maps)
            maps |= {step.made for step in self.steps if self._is_map(step, maps)}
        return maps

    def open(self) -> list[str]:
        """The layers that neither what made them nor what was seen of them shows to be maps."""
        maps = self.maps()
        shown = {step.name for step in self.steps if self._is_map(step, maps)}
        return [name for name in self.names if name not in shown]

    def makers_astray(self) -> bool:
        """Whether a convolution was given what is not known to be a map, perhaps by a function."""
        maps = self.maps()
        return any(step.maker and step.given not in maps for step in self.steps if step.name in self.names)

    def _is_map(self, step: Step, maps: set[int]) -> bool:
        seen, inside = self.seen.get(step.name), self.inside.get(step.name)
        given = step.given in maps
        if step.maker or step.made in maps or (step.keeper and given):
            return seen is None or not seen.crossed
        if seen is None or seen.verdict == "map":
            return seen is not None
        if step.akin and seen.flat:  # a convolution that shows nothing: dead, or not trained yet
            return True
        if not given or seen.crossed:
            return False
        if inside is not None and inside.verdict == "map":
            return True
        idle = seen.flat or (inside is not None and inside.possible)
        return step.same_places and idle and not seen.hopeless

    def _watched(self) -> dict[str, str]:
        """The layers to look at, each with the first that puts out the same tensor: convolutions, for they
        may run over something else than a picture, and what is not known to be a map.
        """
        sought = {*self.open(), *(step.name for step in self.steps if step.maker)}.intersection(self.names)
        made = {step.name: step.made for step in self.steps}
        first: dict[int, str] = {}
        return {name: first.setdefault(made[name], name) for name in self.names if name in sought}

    def _settled(self) -> bool:
        """Whether another look can change nothing: what is left is clearly something else."""
        return bool(self.unsteady) or all(
            name in self.seen and self.seen[name].hopeless for name in self.open()
        )

    def reasons(self) -> dict[str, str]:
        """Of the layers left open."""
        if self.unsteady:
            return dict.fromkeys(self.open(), self.unsteady)
        shapes = {step.name: step.kind[1] for step in self.steps}
        source = "map" if self.makes_images else "picture"
        return {name: self.seen.get(name, Evidence(shapes[name])).reason(source) for name in self.open()}

    def try_pictures(self) -> None:
        """Looks at pictures with a stripe changed at a time until no layer is left open."""
        for draw in range(DRAWS):
            base, other = (draw_picture(self.example, 2 * draw + k) for k in (0, 1))
            changes, watched = Changes(), self._watched()
            try:
                with noting(self.model, set(watched.values()), changes):
                    each_batch(striped(base, other), len(self.example), self.model)
            except Exception as error:  # the network's own code: it may raise anything at all
                line = " ".join(str(error).split())
                raise ModelError(
                    f"the model fails on a drawn picture: {type(error).__name__}: {line}"
                ) from error
            if self._is_unsteady(changes):
                return
            changes.of(watched)
            for name in watched:
                _add(self.seen, name, changes)
            self._look_inside(draw)
            if self._settled():
                return

    def try_maps(self) -> None:
        """Changes stripes of one map after another, the earliest first, until no layer is left open.

        One of a kind and shape is enough: a generator's forward is dear, and the first map that moves the
        image shows all that lies behind it.
        """
        kinds = {step.name: step.kind for step in self.steps}
        tried: set[tuple[str, tuple[int, ...]]] = set()
        for name in self.names:
            shape = kinds[name][1]
            known = name in self.seen and self.seen[name].verdict != "unclear"
            if kinds[name] in tried or min(shape[2:]) < 2 or known:
                continue
            tried.add(kinds[name])
            self._look_from(name, shape)
            self._look_inside(0)
            if self._settled():
                return

    def _look_from(self, source: str, shape: tuple[int, ...]) -> None:
        """Changes stripes of one layer's map: the image tells of it, and it of the layers behind."""
        watched = self._watched()
        try:
            changes = change_map(self.model, self.example, source, set(watched.values()))
        except Exception:  # the network's own code: a map that is not its own may not suit it
            return
        if self._is_unsteady(changes):
            return
        changes.of(watched)
        found: dict[str, Evidence] = {}
        for name in (IMAGE, *watched):
            _add(found, name, changes)
        image = found.pop(IMAGE, None)
        if image is None:
            return
        self.seen[source] = replace(image, layer=shape, flat=False)
        if image.verdict == "map":
            self.seen = {name: each for name, each in found.items() if each.moved} | self.seen

    def _is_unsteady(self, changes: Changes) -> bool:
        """Whether values change by themselves: then stripes show nothing."""
        name = changes.unsteady()
        if name:
            fault: tuple[Fault, str] = ("again", f"layer {name!r}")
            run = partial(self.model, self.example.clone())
            self.unsteady = fault_line("the network", fault, [self.model], run)
        return bool(name)

    def _look_inside(self, draw: int) -> None:
        """Changes stripes of the maps that layers still open are given, and looks at what they make of them.

        Deep in a network every place may depend on the whole picture; from one layer to the next it does not.
        """
        waiting, maps = self.open(), self.maps()
        if not any(step.name in waiting and step.given in maps for step in self.steps):
            return
        calls = catch_calls(self.model, self.example, waiting)
        for step in self.steps:
            if step.name in calls and step.given in self.maps():
                changes = change_input(step.name, calls[step.name], len(self.example), draw)
                if changes is not None:
                    _add(self.inside, step.name, changes)


def _add(seen: dict[str, Evidence], name: str, changes: Changes) -> None:
    profiles = changes.profiles.get(name, [])
    if len(profiles) >= VARIANTS:
        shape = (1, *(len(axis) for axis in profiles[0]))
        seen[name] = seen.get(name, Evidence(shape)).add(changes, name)

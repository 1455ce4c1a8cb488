"""Values in a forward pass, what made them, and what used them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef


@dataclass(eq=False)
class Value:
    """What a storage holds between two writings.

    Attributes:
        storage: a weak reference; None where tensors have no storage.
        born: when it was made.
        maker: the activation function that made it; "" if another did.
        uses: what has used it.
        current: nothing has been written over it.
        prints: its fingerprints, by how a tensor reads it.
    """

    storage: StorageWeakRef | None
    born: int
    maker: str = ""
    uses: list[Use] = field(default_factory=list)
    current: bool = True
    prints: dict[object, bytes] = field(default_factory=dict)

    @property
    def kept(self) -> bool:
        """Somebody still holds it, as it is."""
        return self.current and (self.storage is None or not self.storage.expired())  # type: ignore[no-untyped-call]


@dataclass(eq=False)
class Call:
    """One call of a module.

    Attributes:
        name: of the module.
        index: how many calls of it went before.
        start: when it began.
        parent: the call it was made in.
        parts: the calls made in it.
        argument: the only tensor it was given; None if there are none or several.
        like: an empty tensor of its type, on its device.
        shape: its shape.
        product: what the module made of it, of its shape; None if it made anything else.
        print: fingerprint of the product.
    """

    name: str
    module: nn.Module
    index: int
    start: int
    parent: Call | None
    parts: list[Call] = field(default_factory=list)
    argument: Value | None = None
    like: Tensor | None = None
    shape: tuple[int, ...] = ()
    product: Value | None = None
    print: bytes = b""

    @property
    def chain(self) -> list[Call]:
        """The calls around it and itself, from the outside."""
        return [*(self.parent.chain if self.parent else ()), self]


@dataclass(eq=False)
class Use:
    """A value used by a function.

    Attributes:
        activation: name of the function if it is an activation, applied to the value alone; else "".
        call: the module it happened in.
        product: what that made of it.
        print: fingerprint of the product.
    """

    activation: str
    call: Call | None
    product: Value | None = None
    print: bytes = b""


def fingerprint(values: Tensor) -> bytes:
    """Equal for equal maps; b"" for a constant one, which says nothing about being the same."""
    if values.numel() == 0 or bool((values == values.flatten()[0]).all()):
        return b""
    numbers = values.detach().float().contiguous().cpu().numpy()
    return hashlib.blake2b(numbers.tobytes() + str(numbers.shape).encode()).digest()

"""What travels along the links of a graph besides numbers and strings.

IMAGE is float32 `[B, H, W, 3 or 4]`, MASK is float32 `[B, H, W]`, both in 0..1. The model sockets carry small frozen
records instead of weights: a `Conditioning` *is* its text and pictures, a `Latent` *is* the picture it stands for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Image = Array
"""float32 `[B, H, W, 3 or 4]` in 0..1."""
Mask = Array
"""float32 `[B, H, W]` in 0..1."""
Picture = Array
"""One image of a batch: float32 `[H, W, 3]` in 0..1."""
Bits = NDArray[np.bool_]
"""An area: bool `[H, W]`."""

_EDITORS = re.compile(r"edit|kontext|flux[-_. ]?2|klein|omni|layered|fill|instruct|pix2pix", re.IGNORECASE)
_TEXT_ONLY = re.compile(
    r"qwen[-_. ]?image|z[-_. ]?image|\bsd[-_.]?\d|sdxl|sd[-_. ]?xl|stable|flux[-_. ]?1|flux|hidream|lumina",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Control:
    """A picture that guides the composition (ControlNet and its relatives). `strength` 0 switches it off."""

    image: Picture
    strength: float = 1.0


@dataclass(frozen=True)
class Model:
    """A diffusion model, known by its file name."""

    name: str
    loras: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()
    controls: tuple[Control, ...] = ()

    @property
    def reads_references(self) -> bool:
        """Whether this family looks at reference latents: edit models do, plain text-to-image models ignore them.

        An unknown name is taken for a model that uses whatever it is given.
        """
        return bool(_EDITORS.search(self.name)) or not _TEXT_ONLY.search(self.name)

    def patched(self, patch: str) -> Model:
        """The same model with one more patch on it (shift, guidance, cache: they do not change what is painted)."""
        return replace(self, patches=(*self.patches, patch))


@dataclass(frozen=True)
class Clip:
    """A text encoder, known by its file names and the type it was loaded as."""

    names: tuple[str, ...]
    kind: str = ""


@dataclass(frozen=True)
class Vae:
    """An autoencoder. `factor` is how many pixels one latent cell covers per side."""

    name: str
    factor: int = 8


@dataclass(frozen=True)
class ControlNet:
    """A control network, known by its file name."""

    name: str


@dataclass(frozen=True)
class ModelPatch:
    """A model patch file (DiffSynth or Fun control), known by its file name."""

    name: str


@dataclass(frozen=True)
class UpscaleModel:
    """An upscaler; `scale` is read from its file name (`4x-UltraSharp` is 4), 4 when it does not say."""

    name: str
    scale: int = 4


@dataclass(frozen=True)
class Conditioning:
    """What steers a sampler: words, and for edit models the pictures that were encoded with them.

    `references` are pictures carried as latents (the sampler starts from them); `seen` are pictures that only the
    vision part of the text encoder saw.
    """

    text: str
    references: tuple[Picture, ...] = ()
    seen: tuple[Picture, ...] = ()
    controls: tuple[Control, ...] = ()


@dataclass(frozen=True)
class Latent:
    """A batch of latents, kept as the pictures they stand for.

    `pixels` is float32 `[B, H, W, 3 or 4]`; `empty` says that nothing was encoded into it yet. `noise_mask` is float32
    `[B or 1, h, w]`, 1 where the sampler may paint. `frames` counts the time dimension (layers of a layered model).
    `indices` keeps the place in the original batch, so that one item taken from a batch is painted as it was.
    """

    pixels: Image
    empty: bool = False
    noise_mask: Mask | None = None
    frames: int = 1
    indices: tuple[int, ...] | None = None

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[2])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[1])

    @property
    def batch(self) -> int:
        """Number of pictures."""
        return int(self.pixels.shape[0])


@dataclass(frozen=True)
class Noise:
    """Where the randomness comes from; `seed` None adds no noise."""

    seed: int | None


@dataclass(frozen=True)
class Sampler:
    """A sampling method, by name."""

    name: str


@dataclass(frozen=True)
class Sigmas:
    """A noise schedule. `values` has one entry more than there are steps; `top` is where the full schedule starts."""

    values: tuple[float, ...]
    top: float = 1.0

    @property
    def steps(self) -> int:
        """Number of model calls."""
        return max(0, len(self.values) - 1)

    @property
    def share(self) -> float:
        """How much of the picture is repainted, 0..1."""
        if self.steps == 0:
            return 0.0
        return float(min(1.0, max(0.0, self.values[0] / self.top)))


@dataclass(frozen=True)
class Guider:
    """A model together with the conditioning it follows."""

    model: Model
    positive: Conditioning
    negative: Conditioning = field(default_factory=lambda: Conditioning(""))
    cfg: float = 1.0

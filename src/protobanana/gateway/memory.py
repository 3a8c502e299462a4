"""How the gateway's process keeps house: large pieces come and go with every picture."""

from __future__ import annotations

import ctypes
import gc

_M_ARENA_MAX = -8
_ARENAS = 2
"""Heaps of the C library; glibc's own number is eight for each core, and each keeps what it once had.

That large pieces go back to the system at once (M_MMAP_THRESHOLD) saved another 30 MB under 32 edits at once, and cost
each picture 5 ms for fresh pages: not worth it.
"""


def few_heaps() -> None:
    """Keep what is freed where it can be used again. Does nothing where the C library is not glibc."""
    try:
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)
    except (AttributeError, OSError, TypeError):
        return


def settle() -> None:
    """Call it when everything is loaded: what is there now stays, and the collector need not look through it again.

    LiteLLM alone brings 680,000 objects: a full collection of them was measured to stop the event loop for 460 ms.
    """
    gc.collect()
    gc.freeze()

"""Getting one job out of ComfyUI, and never another one."""

from __future__ import annotations

import asyncio
import logging

from protobanana.comfy.snapshot import look_at_queue
from protobanana.comfy.tracker import Tracker
from protobanana.comfy.transport import Transport
from protobanana.errors import ProtoBananaError

_LOG = logging.getLogger(__name__)


async def cancel(transport: Transport, tracker: Tracker) -> bool:
    """Delete the job from the queue or interrupt it, confirm, repeat; at most `cancel_timeout` seconds.

    False: it was still there at the end.

    Both requests answer 200 whether or not they did anything, and an interrupt in the first moments of a job is lost.
    A node without progress callbacks stops only when it returns: then the job ends after this has given up waiting.
    Nothing is raised: whoever cancels has no use for the server's troubles.
    """
    try:
        async with asyncio.timeout(transport.options.cancel_timeout):
            await _until_gone(transport, tracker)
    except TimeoutError:
        _LOG.warning("Job %s is still in ComfyUI; its interrupt takes effect at the next step.", tracker.prompt_id)
        return False
    except ProtoBananaError as error:
        _LOG.warning("Job %s could not be cancelled: %s", tracker.prompt_id, error)
    return True


async def _until_gone(transport: Transport, tracker: Tracker) -> None:
    pause = 0.02
    while not tracker.finished:
        if tracker.started is None:
            await transport.post("queue", document={"delete": [tracker.prompt_id]})
        else:
            # Only for a job known to run: versions of ComfyUI that do not read the id stop whatever runs.
            await transport.post("interrupt", document={"prompt_id": tracker.prompt_id})
            if await tracker.over(within=pause):
                return
        queue = await look_at_queue(transport)
        if tracker.prompt_id in queue.running:
            tracker.start()
        elif tracker.prompt_id not in queue:
            return
        pause = min(2 * pause, 1.0)

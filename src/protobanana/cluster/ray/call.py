"""One request to Serve: a stream that is waited for with patience, and cancelled with certainty."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, cast

from ray.exceptions import RayError, RayTaskError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, RayServeException
from ray.serve.handle import DeploymentHandle, DeploymentResponseGenerator

from protobanana.cluster.errand import JobEvent
from protobanana.cluster.ray.connection import UNREACHABLE
from protobanana.cluster.ray.wire import Ended, model_id
from protobanana.comfy import Job
from protobanana.errors import JobLostError, ServerBusyError, ServerProtocolError, ServerUnreachableError


class Call:
    """`while await call.news(seconds): call.take()`. Sent when it is made."""

    def __init__(self, handle: DeploymentHandle[Any], job: Job, models: frozenset[str]) -> None:
        self.arrived = False
        """Whether a replica has it."""
        options = handle.options(method_name="run", stream=True, multiplexed_model_id=model_id(models))
        self._over = False
        # A stream was asked for, so that is what comes.
        self._response = cast("DeploymentResponseGenerator[JobEvent | Ended]", options.remote(job, models))
        self._step = asyncio.create_task(self._next(), name="ray-call")

    async def news(self, seconds: float | None) -> bool:
        """Wait for something to `take`, for so long at most."""
        done, _ = await asyncio.wait({self._step}, timeout=seconds)
        return bool(done)

    def take(self) -> JobEvent | Ended | None:
        """What came; None at the end. Raises ServerBusyError for a full line."""
        self.arrived = self._over = True
        said = self._step.result()
        if said is not None and not isinstance(said, Ended):
            self._over = False
            self._step = asyncio.create_task(self._next(), name="ray-call")
        return said

    def cancel(self) -> None:
        """Give up the place in line, or cancel the job where it is."""
        with suppress(RayError, RayServeException):  # how it ended already, where it did
            self._response.cancel()  # type: ignore[no-untyped-call]  # Ray's own

    async def close(self) -> None:
        """Cancel what is not over, and forget it."""
        if not self._over:
            self.cancel()
        self._step.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait({self._step})

    async def _next(self) -> JobEvent | Ended | None:
        try:
            said = await anext(self._response)
        except StopAsyncIteration:
            return None
        except BackPressureError as error:
            raise ServerBusyError(f"The queue is full: it takes {error.args[1]} at a time.") from None
        except DeploymentUnavailableError:
            gone = ServerUnreachableError("The Serve application is gone or cannot be deployed.", code=UNREACHABLE)
            return Ended(gone, submitted=False)
        except RayTaskError as error:
            return Ended(ServerProtocolError(f"The replica failed: {error.cause}."), submitted=True)
        except (RayError, RayServeException) as error:
            lost = JobLostError(f"The replica went away with the job ({type(error).__name__}).")
            lost.restarted = True
            return Ended(lost, submitted=True)
        return said

"""The Hugging Face hub, through its own library into its own cache; the one place where its failures become ours."""

from __future__ import annotations

import errno
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protobanana.errors import ProtoBananaError, ServerUnreachableError, SettingsError
from protobanana.workflows.header import ModelFile

WEBSITE = "https://huggingface.co"
"""Where licences are accepted, whichever mirror HF_ENDPOINT names."""
Report = Callable[[int], None]
"""Told how many bytes of a file have arrived."""


@dataclass(frozen=True)
class Remote:
    """What the hub says of a file. `size` is in bytes, None where it does not say; `cached`: no download is needed."""

    size: int | None
    cached: bool


class Hub:
    """Files of repositories. `token`: send the one of HF_TOKEN, or that `hf auth login` has saved."""

    def __init__(self, *, token: bool = False) -> None:
        try:
            import huggingface_hub  # noqa: PLC0415 - of the extra `models`
            from huggingface_hub import constants  # noqa: PLC0415 - as above
        except ImportError:
            raise SettingsError("Downloading needs huggingface_hub: pip install 'protobanana[models]'.") from None
        self._library = huggingface_hub
        self._token = token
        self.cache = Path(constants.HF_HUB_CACHE)
        """The library's cache: HF_HUB_CACHE, else `hub` in HF_HOME, else in the user's cache folder."""

    def ask(self, file: ModelFile) -> Remote:
        """Size of a file, without downloading it. Raises SettingsError or ServerUnreachableError."""
        with _mapped(file, token=self._token):
            about = self._library.hf_hub_download(file.repo, file.path, token=self._token, dry_run=True)
            return Remote(about.file_size, not about.will_download)

    def fetch(self, file: ModelFile, report: Report) -> Path:
        """The file in the cache, downloaded where it is not there; a connection that breaks is taken up again.

        Raises SettingsError or ServerUnreachableError.
        """
        with _mapped(file, token=self._token):
            bar = _bar(report)
            return Path(self._library.hf_hub_download(file.repo, file.path, token=self._token, tqdm_class=bar))


def _bar(report: Report) -> type:
    """A bar in the library's sense that draws nothing and passes on how far it is."""
    from huggingface_hub.utils import tqdm  # type: ignore[attr-defined]  # noqa: PLC0415 - see Hub; not in its __all__

    class Bar(tqdm):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "disable": False, "file": io.StringIO()})  # type: ignore[no-untyped-call]  # tqdm has no types

        def update(self, n: float | None = 1) -> bool | None:
            shown: bool | None = super().update(n)
            report(int(self.n))
            return shown

    return Bar


@contextmanager
def _mapped(file: ModelFile, *, token: bool) -> Iterator[None]:
    """Turn what the library raises into SettingsError (something to do first) or ServerUnreachableError."""
    import httpx  # noqa: PLC0415 - comes with huggingface_hub
    from huggingface_hub import errors  # noqa: PLC0415 - see Hub

    name = f"{file.repo}/{file.path}"
    try:
        yield
    except errors.GatedRepoError:
        raise SettingsError(_gated(file, token=token)) from None
    except errors.LocalTokenNotFoundError:
        raise SettingsError("--token-from-env: there is no token. Set HF_TOKEN, or run `hf auth login`.") from None
    except (errors.RepositoryNotFoundError, errors.RemoteEntryNotFoundError, errors.RevisionNotFoundError):
        more = "" if token else " A private one needs HF_TOKEN and --token-from-env."
        raise SettingsError(f"The hub has no {name}.{more}") from None
    except errors.HFValidationError:
        raise SettingsError(f"'{file.repo}' is no name of a repository on the hub.") from None
    except (errors.HfHubHTTPError, errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled) as error:
        raise ServerUnreachableError(f"{name}: the hub does not answer ({_reason(error)}).") from error
    except httpx.HTTPError as error:
        raise ServerUnreachableError(
            f"{name}: the connection keeps breaking ({_reason(error)}). Run the command again; finished files are kept."
        ) from error
    except (errors.XetDownloadError, OSError, RuntimeError, ValueError) as error:
        raise _local(name, error) from error


def _gated(file: ModelFile, *, token: bool) -> str:
    page = f"{WEBSITE}/{file.repo}"
    if token:
        return f"{file.repo} is gated, and your account has no access yet. Accept its licence at {page}."
    return (
        f"{file.repo} is gated. Accept its licence at {page}, make a token at {WEBSITE}/settings/tokens, "
        "then run the command again with HF_TOKEN set and --token-from-env."
    )


def _local(name: str, error: Exception) -> ProtoBananaError:
    """Failures of this machine's disk, and transfers that do not add up; the library raises bare ones for both."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return SettingsError(f"{name}: the disk is full. HF_HOME moves the cache to another one.")
    if isinstance(error, OSError) and error.errno is not None:
        return SettingsError(f"{name}: the cache cannot be written ({error.strerror}). HF_HOME moves it.")
    return ServerUnreachableError(f"{name}: the download failed ({_reason(error)}).")


def _reason(error: Exception) -> str:
    """The first line of the innermost cause, which says more than the library's advice around it."""
    while error.__cause__ is not None and isinstance(error.__cause__, Exception):
        error = error.__cause__
    return str(error).partition("\n")[0][:200].rstrip(". ") or type(error).__name__


__all__ = ["Hub", "Remote"]

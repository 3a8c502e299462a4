"""The key behind handles and signed addresses: the operator's, else one made once and kept beside the pictures."""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import secrets
import tempfile
from functools import lru_cache
from pathlib import Path

from protobanana.settings import get_settings

log = logging.getLogger("protobanana")
FILE = "secret"


def mac(purpose: str, *parts: bytes) -> bytes:
    """32 bytes that only holders of the secret can compute, different for every purpose and every list of parts."""
    digest = hmac.new(_secret(), purpose.encode(), hashlib.sha256)
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def private_folder(folder: Path) -> None:
    """Make a folder that only this user may enter; one that exists stays as it is. Raises OSError."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@lru_cache(maxsize=1)
def _secret() -> bytes:
    """The operator's secret, else the persisted one; without a folder one that ends with this process."""
    settings = get_settings()
    if settings.secret:
        return settings.secret.encode()
    folder = settings.store_folder
    if folder is not None:
        try:
            return _persisted(folder)
        except OSError as error:
            log.warning(
                "%s cannot be used (%s): names of pictures end with this process. Set PROTOBANANA_SECRET, or "
                "PROTOBANANA_STORE to a folder that can be written.",
                folder,
                error.strerror,
            )
    return secrets.token_bytes(32)


def _persisted(folder: Path) -> bytes:
    """Read the folder's secret, made by whichever process came first."""
    path = folder / FILE
    if not path.exists():
        private_folder(folder)
        handle, draft = tempfile.mkstemp(dir=folder, prefix=".secret-")  # readable by this user only
        try:
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_hex(32))
            _publish(Path(draft), path)
        finally:
            Path(draft).unlink(missing_ok=True)
    return path.read_bytes()


def _publish(draft: Path, path: Path) -> None:
    """Give the draft its name, unless somebody was faster."""
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return
    except (NotImplementedError, OSError):
        draft.replace(path)  # a file system without links

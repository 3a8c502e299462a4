"""`python -m app`: the Space, here."""

from app import app  # noqa: F401 - importing it runs it

"""The studio as a Hugging Face Space runs it: on all addresses, at 7860, which is the Space's port."""

from protobanana.cli.ui import ui

ui(host="0.0.0.0", port=None, gateway=None)  # noqa: S104 - a Space is reached from outside

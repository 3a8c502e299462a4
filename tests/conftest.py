"""For all tests: nothing is fetched from outside, nothing is left in the home of whoever runs them."""

from __future__ import annotations

import os

# LiteLLM reads it at import; without it every process asks a public address for prices first.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
os.environ["PROTOBANANA_STORE"] = "off"

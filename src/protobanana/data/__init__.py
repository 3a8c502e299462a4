"""Recorded facts of genuine ComfyUI, as data."""

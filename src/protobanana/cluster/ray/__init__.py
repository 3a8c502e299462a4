"""More servers than one process should know: Ray Serve chooses, watches and replaces them.

Nothing here is imported before an address says `ray://`; Ray is an extra, and takes a second to load.
"""

"""The gateway from outside: for the web page and the MCP server, which are clients of it like any other."""

"""What a gateway can draw, as tools of the Model Context Protocol. A client of one gateway, nothing more."""

"""`protobanana bench`: what a gateway adds to the pictures of the ComfyUI behind it."""

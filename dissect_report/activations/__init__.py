"""What the network does: which layers it has, what they put out, and where that lies on the image."""

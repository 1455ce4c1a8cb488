"""What is looked at: networks, images, and what labels them."""

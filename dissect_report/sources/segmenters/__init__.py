"""What names the pixels of an image: one file for each family of segmenters."""

"""Painting with units: what a reader's browser needs to change a generator's images."""

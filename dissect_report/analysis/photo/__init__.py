"""Trying a photo: what a reader's browser needs to run a classifier."""

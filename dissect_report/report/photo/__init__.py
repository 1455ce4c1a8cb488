"""Trying a photo: a page on which the classifier runs in the reader's browser."""

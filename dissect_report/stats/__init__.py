"""Arithmetic only: arrays in, arrays out."""

"""Painting with units: its page, and its part of other pages."""

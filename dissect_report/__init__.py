"""Takes a neural network apart unit by unit and publishes what it finds as a website."""

from __future__ import annotations

__version__ = "0.1.0"

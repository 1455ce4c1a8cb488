"""The embedded default: a small drawn world whose every pixel is known, and two networks trained on it."""

"""Findings to page data to text: pure, without torch; ``publish`` turns the text into a site."""

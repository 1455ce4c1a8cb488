"""Text and assets to a built website: project, mkdocs plugin, frames, search, links, server."""

"""The contract on disk between measuring and reporting."""

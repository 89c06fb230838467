"""The manifest of a dataset folder, as it is read."""

from generators.stored_rows import AnyManifest, read_manifest

__all__ = ["AnyManifest", "read_manifest"]

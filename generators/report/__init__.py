"""Writes what was measured, into the folder that it was measured of or beside a file."""

"""Tiles: all that is served. Reads pub (mgr with a manager's key), writes app only."""

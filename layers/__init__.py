"""Layers: what is published. Reads net and ops, writes pub and mgr."""

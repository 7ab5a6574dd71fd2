"""Ingest: one adapter a source, quality, quarantine, load. Writes raw (and social for statistics) only."""

"""The front door of Yukimichi: command line, pipeline, server, embedded cluster. Nothing imports it."""

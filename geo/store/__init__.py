"""The shell of the core: it reads and writes net and ops as yuki_engine, and hands arrays to the pure modules."""

"""Our map matcher beside others', on the same fixes in one run."""

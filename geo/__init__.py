"""Domain core of Yukimichi: roads, fixes, paths, passes and coverage. Imports nothing else of ours."""

"""The decorator of all compiled loops of the matcher."""

from __future__ import annotations

from numba import njit

#: Compiled at the first call and kept on disk, released from the GIL, divisions unchecked as in numpy. Numba notices a
#: change of the file that a kernel stands in, not one of those that it calls: bootstrap.py throws all away then.
kernel = njit(nogil=True, cache=True, error_model="numpy")

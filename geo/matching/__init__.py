"""Map matching: one concept a file; the decoder knows costs, not roads."""

-- Statistics of the spans and states that were just written. Params: none. Returns: nothing of interest.
SELECT pub.refresh_past_statistics()

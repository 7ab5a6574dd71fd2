-- Say that what is published was published again, with the same roads.
-- Params: the columns by their names. Returns nothing. Index: primary key.
UPDATE pub.dataset SET
  is_synthetic = %(is_synthetic)s, event_id = %(event_id)s, event_kind = %(event_kind)s, event_name = %(event_name)s,
  reference_at = %(reference_at)s, as_of = %(as_of)s, status_version = %(status_version)s, published_at = now()

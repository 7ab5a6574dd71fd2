-- A line of a price table. Params: price_table_id, item, contractor, machine_class, treatment, band, day_kind (NULL in
-- these: any), yen_per_hour, valid_from, valid_to (NULL: without that end).
INSERT INTO raw.price (price_table_id, item, contractor, machine_class, treatment, band, day_kind, yen_per_hour,
                       valid_from, valid_to)
VALUES (%(price_table_id)s, %(item)s, %(contractor)s, %(machine_class)s, %(treatment)s, %(band)s, %(day_kind)s,
        %(yen_per_hour)s, %(valid_from)s, %(valid_to)s)

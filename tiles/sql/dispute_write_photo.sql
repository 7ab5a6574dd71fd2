-- Write the photo of a dispute. Params: dispute_id, width_px, height_px, jpeg. Returns nothing. Index: primary key.
INSERT INTO app.dispute_photo (dispute_id, width_px, height_px, jpeg)
VALUES (%(dispute_id)s, %(width_px)s, %(height_px)s, %(jpeg)s)

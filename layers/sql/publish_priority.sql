-- Publish the lines of the priority network that stand and are not published yet; one without any shape is left out.
-- Params: none. Returns nothing; rows written count. NULL: as in net.priority_road; laid_fraction: it has no length.
-- Index: primary keys.
INSERT INTO pub.priority_road (priority_id, name, network_class, class_name, length_m, laid_fraction, source, licence,
                               attribution, synthetic, row_key, geom)
SELECT priority_id, name, network_class, class_name, planned_m, laid_m / nullif(planned_m, 0), source, licence,
       attribution, is_synthetic, row_key, geom
FROM net.priority_road AS n
WHERE geom IS NOT NULL AND NOT EXISTS (SELECT FROM pub.priority_road AS p WHERE p.priority_id = n.priority_id)

-- Lines of the priority network. Params: none. Returns the columns of the catalogue and geom (EPSG:4326).
-- NULL as the catalogue says. Indexes: primary key, priority_road_geom.
SELECT priority_id, name, network_class::integer AS network_class, class_name, round(length_m::numeric, 1)::float8 AS length_m,
       round(laid_fraction::numeric, 3)::float8 AS laid_fraction, source, licence, attribution, synthetic, geom
FROM pub.priority_road

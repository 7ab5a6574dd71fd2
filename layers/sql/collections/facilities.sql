-- Places that stand. Params: none. Returns the columns of the catalogue and geom (EPSG:4326).
-- NULL as the catalogue says. Indexes: primary key, facility_geom, facility_kind.
SELECT place_id, kind, kind_ja, kind_en, name, name_en, address, phone, opening, capacity, source, licence, attribution,
       synthetic, geom
FROM pub.facility

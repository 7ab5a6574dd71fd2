-- Lines of the priority network in bulk. NULL: not told; geom NULL: neither laid nor drawn.
COPY net.priority_road (priority_id, source, name, network_class, class_name, licence, attribution, planned_m, laid_m,
                        is_synthetic, row_key, geom)
FROM STDIN

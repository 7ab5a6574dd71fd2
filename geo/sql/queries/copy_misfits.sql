-- What of a plan did not fit, in bulk; missing_m is 0 where no length is missing (an assignment, say).
COPY net.plan_misfit (network_version, kind, external_id, missing_m, detail)
FROM STDIN

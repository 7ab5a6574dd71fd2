-- More reasons: the snow since a clearing, orders of road managers.
ALTER TABLE ops.edge_status DROP CONSTRAINT edge_status_reason_check;
ALTER TABLE ops.edge_status ADD CONSTRAINT edge_status_reason_check
  CHECK (reason IN ('none', 'no_event', 'not_on_plan', 'no_device', 'silent', 'unmatched', 'expired', 'work_unknown',
                    'low_confidence', 'snowed_over', 'closed', 'withheld'));

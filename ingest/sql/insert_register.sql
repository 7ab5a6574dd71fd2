-- A vehicle of a register.
-- params: file_id, item, vehicle, name, machine_class, contractor, manager, inputs (NULL: as the source says),
-- valid_from, valid_to (NULL: no such end). NULL in the others: the register does not say.
INSERT INTO raw.vehicle_register (file_id, item, vehicle, name, machine_class, contractor, manager, inputs, valid_from,
                                  valid_to)
VALUES (%(file_id)s, %(item)s, %(vehicle)s, %(name)s, %(machine_class)s, %(contractor)s, %(manager)s, %(inputs)s,
        %(valid_from)s, %(valid_to)s)

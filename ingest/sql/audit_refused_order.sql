-- Write down that an order was refused. params: key_id, detail. returns nothing of use.
SELECT app.audit_refused_order(%(key_id)s, %(detail)s)

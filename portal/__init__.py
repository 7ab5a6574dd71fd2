"""Portal: identity, consent, coupons. Its own schema and role; of geo it knows settings, db and errors only."""

-- Figures for monitoring, as yuki_app. Params: none. Returns name, label ('' without one), value; see app.figures.
-- Index: primary keys; states are counted one by one, 400,000 of them in 40 ms.
SELECT name, label, value FROM app.figures()

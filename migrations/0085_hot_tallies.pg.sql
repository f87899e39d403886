-- Rows that many transactions of an account update: room on the page keeps the updates in place.
ALTER TABLE report_tallies SET (fillfactor = 50);

-- Rows that every transaction of an account updates: room on the page keeps the updates in place.
ALTER TABLE account_counters SET (fillfactor = 50);
ALTER TABLE conversation_numbers SET (fillfactor = 50);
ALTER TABLE conversation_counters SET (fillfactor = 50);
ALTER TABLE assignment_queues SET (fillfactor = 50);

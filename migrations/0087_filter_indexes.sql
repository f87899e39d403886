-- With whose value it is, so that filters find ids without the rows, in order.
DROP INDEX contact_values_text;
CREATE INDEX contact_values_text ON contact_values (account_id, bag, key, beginning, contact_id);
DROP INDEX contact_values_number;
CREATE INDEX contact_values_number ON contact_values (account_id, bag, key, number, contact_id) WHERE number IS NOT NULL;
DROP INDEX contact_values_day;
CREATE INDEX contact_values_day ON contact_values (account_id, bag, key, day, contact_id) WHERE day IS NOT NULL;
DROP INDEX conversation_values_text;
CREATE INDEX conversation_values_text ON conversation_values (account_id, bag, key, beginning, conversation_id);
DROP INDEX conversation_values_number;
CREATE INDEX conversation_values_number ON conversation_values (account_id, bag, key, number, conversation_id)
    WHERE number IS NOT NULL;
DROP INDEX conversation_values_day;
CREATE INDEX conversation_values_day ON conversation_values (account_id, bag, key, day, conversation_id)
    WHERE day IS NOT NULL;

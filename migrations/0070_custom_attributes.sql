-- What accounts add to contacts, conversations and companies: definitions; the values stand with their owners.
CREATE TABLE custom_attribute_definitions (
    id $ID,
    account_id BIGINT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    attribute_model TEXT NOT NULL CHECK (attribute_model IN ('conversation_attribute', 'contact_attribute', 'company_attribute')),
    attribute_key TEXT NOT NULL,
    attribute_display_name TEXT NOT NULL,
    attribute_display_type TEXT NOT NULL CHECK (attribute_display_type IN ('text', 'number', 'currency', 'percent', 'link', 'date', 'list', 'checkbox')),
    attribute_description TEXT,
    attribute_values $JSON NOT NULL,
    default_value BIGINT,
    regex_pattern TEXT,
    regex_cue TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (account_id, attribute_model, attribute_key)
);

CREATE INDEX custom_attribute_definitions_account ON custom_attribute_definitions (account_id, id);

//! The files of the `migrations` folder, in order.

use store::Migration;

macro_rules! migrations {
    ($($name:literal),+ $(,)?) => {
        /// Every migration; a test compares the list with the folder.
        pub const MIGRATIONS: &[Migration] = &[$(
            Migration { name: $name, sql: include_str!(concat!("../../../migrations/", $name)) }
        ),+];
    };
}

migrations! {
    "0001_accounts_and_access.sql",
    "0002_inboxes.sql",
    "0003_contacts.sql",
    "0004_conversations.sql",
    "0005_messages.sql",
    "0006_events_and_jobs.sql",
    "0007_hot_counter_rows.pg.sql",
    "0008_text_comparison.pg.sql",
    "0009_contact_search.pg.sql",
    "0009_contact_search.sqlite.sql",
    "0010_idempotency_keys.sql",
    "0020_canned_responses.sql",
    "0021_agent_bots.sql",
    "0025_deletion.sql",
    "0033_merged_contacts.sql",
    "0035_sessions.sql",
    "0036_unconfirmed_email.sql",
    "0040_files.sql",
    "0041_avatars.sql",
    "0045_working_slots.sql",
    "0046_survey_answers.sql",
    "0051_folded_identifiers.sql",
    "0052_report_indexes.sql",
    "0054_setup_link.sql",
    "0057_account_settings.sql",
    "0060_avatar_addresses.sql",
    "0061_direct_uploads.sql",
    "0070_custom_attributes.sql",
    "0071_attribute_values.sql",
    "0072_labels.sql",
    "0073_fill_attribute_values.sql",
    "0080_webhooks.sql",
    "0081_custom_filters.sql",
    "0082_integration_hooks.sql",
    "0083_automation_rules.sql",
    "0084_report_tallies.sql",
    "0085_hot_tallies.pg.sql",
    "0086_counts_of_filters.sql",
    "0087_filter_indexes.sql",
    "0088_presences.sql",
    "0089_listeners.sql",
    "0090_secret_rotation.pg.sql",
    "0090_secret_rotation.sqlite.sql",
    "0091_deliveries.sql",
}

#[cfg(test)]
mod tests {
    use super::MIGRATIONS;

    #[test]
    fn every_file_of_the_folder_is_in_the_list() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        files.sort();
        let listed: Vec<&str> = MIGRATIONS.iter().map(|migration| migration.name).collect();
        assert_eq!(files, listed);
    }
}

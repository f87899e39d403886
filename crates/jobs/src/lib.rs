//! The job queue: push in a transaction, lease, retry, schedule, drain. Knows no feature.

//! Deletions beside requests that make or change what is below.

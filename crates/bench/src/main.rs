//! Measures the product.

fn main() {}

//! Python's values and their texts: random ones, and the same ones by Python itself.

pub(crate) mod judged;
mod random;
mod values;

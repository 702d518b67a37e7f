//! Tuples: compounds whose members are found by their place.

use super::{Decoder, Encoder, Field, H5Type};
use crate::error::Result;
use crate::format::message::datatype::Datatype;

macro_rules! tuples {
    ($($count:literal: $($t:ident $index:tt $name:literal),*;)*) => {$(
        impl<$($t: H5Type),*> H5Type for ($($t,)*) {
            type Plan = ($(Field<$t>,)*);
            fn plan(stored: &Datatype) -> Result<Self::Plan> {
                Ok(($(Field::nth(stored, $index, $count)?,)*))
            }
            #[inline]
            fn decode(plan: &Self::Plan, stored: &[u8], decoder: &mut Decoder<'_>) -> Result<Self> {
                Ok(($(plan.$index.decode(stored, decoder)?,)*))
            }
            /// Members named `f0`, `f1` and so on, as numpy names them.
            fn datatype() -> Result<Datatype> {
                Datatype::compound(&[$(($name, $t::datatype()?),)*])
            }
            #[inline]
            fn encode(&self, plan: &Self::Plan, encoder: &mut Encoder<'_>, out: &mut [u8]) -> Result<()> {
                $(plan.$index.encode(&self.$index, encoder, out)?;)*
                Ok(())
            }
        }
    )*};
}

tuples! {
    1: A 0 "f0";
    2: A 0 "f0", B 1 "f1";
    3: A 0 "f0", B 1 "f1", C 2 "f2";
    4: A 0 "f0", B 1 "f1", C 2 "f2", D 3 "f3";
    5: A 0 "f0", B 1 "f1", C 2 "f2", D 3 "f3", E 4 "f4";
    6: A 0 "f0", B 1 "f1", C 2 "f2", D 3 "f3", E 4 "f4", F 5 "f5";
    7: A 0 "f0", B 1 "f1", C 2 "f2", D 3 "f3", E 4 "f4", F 5 "f5", G 6 "f6";
    8: A 0 "f0", B 1 "f1", C 2 "f2", D 3 "f3", E 4 "f4", F 5 "f5", G 6 "f6", H 7 "f7";
}

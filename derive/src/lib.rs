//! `#[derive(H5Type)]` for the `h5` crate.
//!
//! On a struct with named fields it reads and writes compounds: each field goes with the member of its name, or
//! the one named by `#[h5(rename = "...")]`. On an enum without fields it reads and writes enumerations by name
//! and integers by value; a new enumeration has the integer type of `#[repr(...)]`.

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::quote;
use syn::{
    Attribute, Data, DataEnum, DeriveInput, Error, Fields, FieldsNamed, LitStr, Result, parse_macro_input,
};

/// Derives `h5::H5Type` for a struct with named fields or an enum without fields.
#[proc_macro_derive(H5Type, attributes(h5))]
pub fn derive(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand(&input).unwrap_or_else(|e| e.to_compile_error()).into()
}

fn expand(input: &DeriveInput) -> Result<Tokens> {
    if let Some(lifetime) = input.generics.lifetimes().next() {
        return Err(Error::new_spanned(lifetime, "H5Type owns its data: no lifetimes"));
    }
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => compound(input, fields),
            other => Err(Error::new_spanned(other, "H5Type needs named fields: they name the members")),
        },
        Data::Enum(data) => enumeration(input, data),
        Data::Union(data) => Err(Error::new_spanned(data.union_token, "H5Type cannot be derived for unions")),
    }
}

/// The name in the file: `#[h5(rename = "...")]`, else the Rust name.
fn stored_name(attributes: &[Attribute], ident: &syn::Ident) -> Result<String> {
    let raw = ident.to_string();
    let mut name = raw.strip_prefix("r#").unwrap_or(&raw).to_string();
    for attribute in attributes.iter().filter(|a| a.path().is_ident("h5")) {
        attribute.parse_nested_meta(|meta| {
            if !meta.path.is_ident("rename") {
                return Err(meta.error("expected rename = \"...\""));
            }
            name = meta.value()?.parse::<LitStr>()?.value();
            Ok(())
        })?;
    }
    Ok(name)
}

/// The integer type that `#[repr(...)]` gives an enum.
fn repr(attributes: &[Attribute]) -> Result<Option<String>> {
    let mut found = None;
    for attribute in attributes.iter().filter(|a| a.path().is_ident("repr")) {
        attribute.parse_nested_meta(|meta| {
            let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            if name.starts_with(['u', 'i']) {
                found = Some(name);
            } else if meta.input.peek(syn::token::Paren) {
                let inside;
                syn::parenthesized!(inside in meta.input);
                inside.parse::<Tokens>()?;
            }
            Ok(())
        })?;
    }
    Ok(found)
}

fn compound(input: &DeriveInput, fields: &FieldsNamed) -> Result<Tokens> {
    let ident = &input.ident;
    let mut generics = input.generics.clone();
    for parameter in generics.type_params_mut() {
        parameter.bounds.push(syn::parse_quote!(::h5::H5Type));
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let mut idents = Vec::new();
    let mut types = Vec::new();
    let mut names = Vec::new();
    for field in &fields.named {
        let Some(field_ident) = &field.ident else { continue };
        idents.push(field_ident);
        types.push(&field.ty);
        names.push(stored_name(&field.attrs, field_ident)?);
    }
    if idents.is_empty() {
        return Err(Error::new_spanned(fields, "H5Type needs at least one field"));
    }
    let indices: Vec<_> = (0..idents.len()).map(syn::Index::from).collect();
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics ::h5::H5Type for #ident #type_generics #where_clause {
            type Plan = (#(::h5::element::Field<#types>,)*);
            fn plan(stored: &::h5::Datatype) -> ::h5::Result<Self::Plan> {
                ::core::result::Result::Ok((#(::h5::element::Field::new(stored, #names)?,)*))
            }
            #[inline]
            fn decode(
                plan: &Self::Plan,
                stored: &[u8],
                decoder: &mut ::h5::element::Decoder<'_>,
            ) -> ::h5::Result<Self> {
                ::core::result::Result::Ok(#ident {
                    #(#idents: plan.#indices.decode(stored, decoder)?,)*
                })
            }
            fn datatype() -> ::h5::Result<::h5::Datatype> {
                ::h5::element::compound(&[#((#names, <#types as ::h5::H5Type>::datatype()?),)*])
            }
            #[inline]
            fn encode(
                &self,
                plan: &Self::Plan,
                encoder: &mut ::h5::element::Encoder<'_>,
                out: &mut [u8],
            ) -> ::h5::Result<()> {
                #(plan.#indices.encode(&self.#idents, encoder, out)?;)*
                ::core::result::Result::Ok(())
            }
        }
    })
}

fn enumeration(input: &DeriveInput, data: &DataEnum) -> Result<Tokens> {
    let ident = &input.ident;
    let mut idents = Vec::new();
    let mut names = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new_spanned(variant, "H5Type on an enum needs variants without fields"));
        }
        idents.push(&variant.ident);
        names.push(stored_name(&variant.attrs, &variant.ident)?);
    }
    let Some(last) = idents.pop() else {
        return Err(Error::new_spanned(ident, "H5Type needs at least one variant"));
    };
    let numbers: Vec<usize> = (0..idents.len()).collect();
    let end = numbers.len();
    let repr = match repr(&input.attrs)? {
        Some(name) => quote!(::core::option::Option::Some(#name)),
        None => quote!(::core::option::Option::None),
    };
    Ok(quote! {
        #[automatically_derived]
        impl #ident {
            const __H5_NAMES: &'static [&'static str] = &[#(#names),*];
            const __H5_VALUES: &'static [i128] = &[#(#ident::#idents as i128,)* #ident::#last as i128];
        }
        #[automatically_derived]
        impl ::h5::H5Type for #ident {
            type Plan = ::h5::element::EnumPlan;
            fn plan(stored: &::h5::Datatype) -> ::h5::Result<Self::Plan> {
                ::h5::element::EnumPlan::new(stored, Self::__H5_NAMES, Self::__H5_VALUES)
            }
            fn datatype() -> ::h5::Result<::h5::Datatype> {
                ::h5::element::EnumPlan::datatype(Self::__H5_NAMES, Self::__H5_VALUES, #repr)
            }
            #[inline]
            fn encode(
                &self,
                plan: &Self::Plan,
                encoder: &mut ::h5::element::Encoder<'_>,
                out: &mut [u8],
            ) -> ::h5::Result<()> {
                let variant = match self {
                    #(#ident::#idents => #numbers,)*
                    #ident::#last => #end,
                };
                plan.encode(variant, encoder, out)
            }
            #[inline]
            fn decode(
                plan: &Self::Plan,
                stored: &[u8],
                _decoder: &mut ::h5::element::Decoder<'_>,
            ) -> ::h5::Result<Self> {
                ::core::result::Result::Ok(match plan.variant(stored)? {
                    #(#numbers => #ident::#idents,)*
                    _ => #ident::#last,
                })
            }
        }
    })
}

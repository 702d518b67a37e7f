use super::*;

fn decode(client_data: &[u32], input: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    Zfp.decode(input, &mut out, &Context { client_data, limit: 1 << 20, expected: 0 })?;
    Ok(out)
}

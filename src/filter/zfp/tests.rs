use super::*;

#[test]
fn sweep() {
    let Ok(all) = std::fs::read("/tmp/zfpw/vectors.bin") else { return };
    let mut rest = &all[..];
    let (mut good, mut bad) = (0, 0);
    while rest.len() >= 16 {
        let n: Vec<usize> =
            rest[..16].chunks(4).map(|c| u32::from_le_bytes(c.try_into().unwrap()) as usize).collect();
        rest = &rest[16..];
        let (desc, r) = rest.split_at(n[0]);
        let (cd, r) = r.split_at(n[1] * 4);
        let (raw, r) = r.split_at(n[2]);
        let (back, r) = r.split_at(n[3]);
        rest = r;
        let cd: Vec<u32> = cd.chunks(4).map(|c| u32::from_le_bytes(c.try_into().unwrap())).collect();
        let ctx = Context { client_data: &cd, limit: 1 << 30, expected: back.len() };
        let mut out = Vec::new();
        let r = Zfp.decode(raw, &mut out, &ctx);
        if r.is_ok() && out == back {
            good += 1;
        } else {
            bad += 1;
            if bad < 40 {
                let at = out.iter().zip(back).position(|(a, b)| a != b);
                println!(
                    "{} {:?} at {at:?} raw {} {:?} {:?}",
                    String::from_utf8_lossy(desc),
                    r,
                    raw.len(),
                    at.map(|a| &out[a / 8 * 8..(a / 8 * 8 + 8).min(out.len())]),
                    at.map(|a| &back[a / 8 * 8..(a / 8 * 8 + 8).min(out.len())])
                );
            }
        }
    }
    println!("{good} good, {bad} bad");
}

use super::*;
use crate::error::ErrorKind;

/// A chunk that H5Z-ZFP 1.1.1 with zfp 1.0.1 wrote, and what it reads back.
struct Vector {
    name: &'static str,
    client_data: &'static [u32],
    coded: &'static str,
    decoded: &'static str,
}

const VECTORS: &[Vector] = &[
    Vector {
        name: "line of floats, reversible",
        client_data: &[0x10105111, 0x0570667a, 0x00000062, 0x88000000],
        coded: "ffae000000625d0100111111111101804dff710040be2a07000000000000000080cc",
        decoded: "0000c03f000010c000000000c8aa20000000e0400000807f00000080",
    },
    Vector {
        name: "line of doubles, 9 bits a value",
        client_data: &[0x10105111, 0x0570667a, 0x00000053, 0x02300000],
        coded: "018874f81080b8a880",
        decoded: "000000000080efbf000000000000cabf000000000000a8bf00000000000090bf000000000000cc3f00000000 \
         0080f03f",
    },
    Vector {
        name: "square of doubles, tolerance 0.01",
        client_data: &[0x10105111, 0x0570667a, 0x20000047, 0xcac00000],
        coded: "ff4763d3aca398a9f2a167728d636df5ecd4dc5b867dd49fff130446200200804a040212948844240801",
        decoded: "000000000000103f0000000080efea3f00000000801aed3f000000000006c23f000000000038e8bf00000000 \
         80aceebf0000000000f7d1bf000000008009e53f0000000080a2ef3f000000000060da3f000000008063e1bf \
         000000004002f0bf000000008029e1bf0000000000dbda3f0000000000b0ef3f",
    },
    Vector {
        name: "square of 64-bit integers, 12 planes",
        client_data: &[0x10105111, 0x0570667a, 0x40000015, 0x80b00000],
        coded: "1c001402042250010042042744041441402510268089820880020002",
        decoded: "0000000000002ce8000000000000fcff0000000000008406000000000000f4e10000000000007ce900000000 \
         00008c1b00000000000094e400000000000044e8000000000000b01c000000000000d007",
    },
    Vector {
        name: "cube of floats, expert",
        client_data: &[0x10105111, 0x0570667a, 0x0030004a, 0xfff00010, 0x0063801d, 0x00080cc4],
        coded: "0f2d012a000004082400c04060450003010c040300080e30a00f2d012a400000080420404100050002150404 \
         0a1800042040",
        decoded: "000040bf0000903f0000404000009c40008002410000384100007241000096410000b34100c0d74100000042 \
         008013420000274200803a420020514200006b4200c0804200008c42004097420030a6420000b2420040c042 \
         0080ce4200c0dc4200d0ea420080fb420020054300800c4300e0134300381c430040244300602c4300803443 \
         00a03c430088464300804e4300e057430040614300a06a4300587343",
    },
    Vector {
        name: "cube of 64-bit integers, reversible",
        client_data: &[0x10105111, 0x0570667a, 0x00200039, 0x88000010],
        coded: "3f0000000000004084c10031000082002900008300010080000000",
        decoded: "0000000000000000f9fffffffffffffff2ffffffffffffffebffffffffffffffe4ffffffffffffffddffffff \
         ffffffffd6ffffffffffffffcfffffffffffffffc8ffffffffffffffc1ffffffffffffffbaffffffffffffff \
         b3ffffffffffffffacffffffffffffffa5ffffffffffffff9effffffffffffff97ffffffffffffff90ffffff \
         ffffffff89ffffffffffffff82ffffffffffffff7bffffffffffffff74ffffffffffffff6dffffffffffffff \
         66ffffffffffffff5fffffffffffffff",
    },
    Vector {
        name: "hypercube of floats, 1 bit a value",
        client_data: &[0x10105111, 0x0570667a, 0x1001002e, 0x0ff00400],
        coded: "01090001c0000000000000000010000020000040020000800160000000020000ff0800000000001000040000 \
         0080300000000040001000000000210000000000",
        decoded: "0000183f0000a43f000090be000018bf0000a4bf0000903e0000183f0000a43f000090be000018bf0000a4bf \
         0000903e0000283f0000bc3f0000083f000028bf0000bcbf000008bf0000283f0000bc3f0000083f000028bf \
         0000bcbf000008bf0000603e0000943f0000583f000060be000094bf000058bf0000603e0000943f0000583f \
         000060be000094bf000058bf000038bf0000b03e0000283f0000383f0000b0be000028bf000038bf0000b03e \
         0000283f0000383f0000b0be000028bf000010bf0000a03e0000703f0000103f0000a0be000070bf000050bf \
         0000803d0000303f0000503f000080bd000030bf",
    },
    Vector {
        name: "hypercube of 32-bit integers, reversible",
        client_data: &[0x10105111, 0x0570667a, 0x2001002c, 0x88000100],
        coded: "1f00000400000000000000000000008000800080040000200000000020a82000200100040000000080d80000 \
         00000008200810440000210a000000200a000000008030cc0080040000000000000000000000000000e90008 \
         0a0000190400000020080000000080484300c10000908200000080a20000000000883c0e285a000011060000 \
         00200a0000000080309f8063040010c300000080820000000000080403201000000800000000080000000000 \
         000c200000010000000000000000000000000000",
        decoded: "0000000001000000040000000900000010000000190000002400000031000000400000005100000064000000 \
         7900000090000000a9000000c4000000e10000000001000021010000440100006901000090010000b9010000 \
         e4010000110200004002000071020000a4020000d9020000100300004903000084030000c103000000040000 \
         4104000084040000c9040000",
    },
    Vector {
        name: "zeros and subnormals",
        client_data: &[0x10105111, 0x0570667a, 0x00000083, 0x83b00000],
        coded: "06a0a90000000000000000000000000000000000000000000000000000c00034150000000000000000000000 \
         00000000000000000000000000000000",
        decoded: "0000000000000000000000000000000000000000000000000000000000000000000000000000008000000000 \
         00000080000000000000008000000000000000800000000000000080",
    },
];

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn decode_limited(client_data: &[u32], coded: &[u8], limit: usize) -> Result<Vec<u8>> {
    let mut out = vec![7; 3];
    Zfp.decode(coded, &mut out, &Context { client_data, limit, expected: 0 })?;
    Ok(out)
}

fn decode(client_data: &[u32], coded: &[u8]) -> Result<Vec<u8>> {
    decode_limited(client_data, coded, 1 << 20)
}

/// Four integers of one, reversible.
const ONES: [u32; 4] = [0x1010_5111, 0x0570_667a, 0x0000_0030, 0x8800_0000];

#[test]
fn worked_example() {
    // The third differences of 1 1 1 1 are 1 0 0 0. 32 planes (31, in 5 bits): 31 of them without
    // a one (a zero each), then: a one is left, it is the first; no other one is left.
    let coded = [0b0001_1111, 0, 0, 0, 0b0011_0000];
    let ones: Vec<u8> = [1_i32; 4].iter().flat_map(|one| one.to_le_bytes()).collect();
    assert_eq!(decode(&ONES, &coded).unwrap(), ones);
    // One plane only (0, in 5 bits) makes the first coefficient -2^31 in negabinary.
    let least: Vec<u8> = [i32::MIN; 4].iter().flat_map(|value| value.to_le_bytes()).collect();
    assert_eq!(decode(&ONES, &[0b0110_0000, 0]).unwrap(), least);
}

#[test]
fn chunks_of_the_zfp_library() {
    for vector in VECTORS {
        assert_eq!(decode(vector.client_data, &bytes(vector.coded)).unwrap(), bytes(vector.decoded), "{}", vector.name);
    }
}

#[test]
fn big_endian_writers_leave_swapped_header_and_values() {
    for vector in VECTORS {
        let mut client_data = vector.client_data.to_vec();
        client_data.iter_mut().skip(1).for_each(|word| *word = word.swap_bytes());
        let wide = vector.client_data[2] & 1 != 0;
        let mut expected = bytes(vector.decoded);
        expected.chunks_exact_mut(if wide { 8 } else { 4 }).for_each(<[u8]>::reverse);
        assert_eq!(decode(&client_data, &bytes(vector.coded)).unwrap(), expected, "{}", vector.name);
    }
}

#[test]
fn bytes_after_the_stream_are_ignored() {
    for vector in VECTORS {
        let mut coded = bytes(vector.coded);
        coded.extend([0xff; 9]);
        assert_eq!(decode(vector.client_data, &coded).unwrap(), bytes(vector.decoded), "{}", vector.name);
    }
}

#[test]
fn every_truncation_is_told() {
    for vector in VECTORS {
        let coded = bytes(vector.coded);
        for length in 0..coded.len() {
            let error = decode(vector.client_data, &coded[..length]).unwrap_err();
            assert!(error.is_damaged(), "{}, {length} bytes: {error}", vector.name);
        }
        for length in 0..vector.client_data.len() {
            let error = decode(&vector.client_data[..length], &coded).unwrap_err();
            assert!(error.is_damaged(), "{}, {length} client data values: {error}", vector.name);
        }
    }
}

#[test]
fn flipped_bits_do_not_panic() {
    for vector in VECTORS {
        let coded = bytes(vector.coded);
        for bit in 0..coded.len() * 8 {
            let mut damaged = coded.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            if let Ok(out) = decode(vector.client_data, &damaged) {
                assert_eq!(out.len() * 2, vector.decoded.chars().filter(char::is_ascii_hexdigit).count());
            }
        }
        for bit in 32..vector.client_data.len() * 32 {
            let mut damaged = vector.client_data.to_vec();
            damaged[bit / 32] ^= 1 << (bit % 32);
            let _ = decode(&damaged, &coded);
        }
    }
}

#[test]
fn absurd_headers_are_refused() {
    let kind = |client_data: &[u32], coded: &[u8]| decode(client_data, coded).unwrap_err().kind();
    let [version, magic, ..] = ONES;
    let one_byte = [0_u8];
    // No magic; another codec, in the header or told by the filter.
    assert_eq!(kind(&[version, 0, 0, 0], &one_byte), ErrorKind::Damaged);
    assert_eq!(kind(&[version, 0x0470_667a, 0x30, 0x8800_0000], &one_byte), ErrorKind::Unsupported);
    assert_eq!(kind(&[0x1000_7110, magic, 0x30, 0x8800_0000], &one_byte), ErrorKind::Unsupported);
    // The bits of the codec were others in old filters.
    assert_eq!(decode(&[0x0052_7090, magic, 0x30, 0x8800_0000], &[0x1f, 0, 0, 0, 0x30]).unwrap().len(), 16);
    // 2^48 values; 2^48 in four dimensions; a limit just under the size.
    assert_eq!(kind(&[version, magic, 0xffff_fff3, 0x880f_ffff], &one_byte), ErrorKind::Limit);
    assert_eq!(kind(&[version, magic, 0xffff_ffff, 0x880f_ffff], &one_byte), ErrorKind::Limit);
    assert_eq!(decode_limited(&ONES, &[0x1f, 0, 0, 0, 0x30], 15).unwrap_err().kind(), ErrorKind::Limit);
    assert_eq!(decode_limited(&ONES, &[0x1f, 0, 0, 0, 0x30], 16).unwrap().len(), 16);
    // 65536 values in one byte: more blocks than bits.
    assert_eq!(kind(&[version, magic, 0x000f_fff0, 0x8800_0000], &one_byte), ErrorKind::Damaged);
    // 65 planes, short; least bits over most bits, long.
    assert_eq!(kind(&[version, magic, 0x30, 0x8400_0000], &one_byte), ErrorKind::Damaged);
    assert_eq!(kind(&[version, magic, 0x30, 0xfff0_0000, 0x0000_0001, 0], &one_byte), ErrorKind::Damaged);
}

#[test]
fn encoding_is_refused_by_name() {
    let context = Context { client_data: &ONES, limit: 16, expected: 16 };
    let error = Zfp.encode(&[0; 16], &mut Vec::new(), &context).unwrap_err();
    assert!(error.is_unsupported());
    assert!(error.to_string().contains("zfp (32013)"), "{error}");
}

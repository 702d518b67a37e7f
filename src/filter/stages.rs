//! The stages that users ask for, by name. What they are told of elements and chunks is added where a dataset
//! is made.

use super::Stage;

/// What bitshuffle does with the bits once they are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bits {
    /// Nothing.
    Plain,
    /// Compresses them with LZ4.
    #[default]
    Lz4,
    /// Compresses them with Zstandard.
    Zstd,
}

/// The codecs of Blosc that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BloscCodec {
    /// LZ4.
    #[default]
    Lz4,
    /// zlib.
    Zlib,
}

/// How szip codes differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SzipCoding {
    /// Nearest neighbour: for most data.
    #[default]
    NearestNeighbour,
    /// Entropy coding alone.
    Entropy,
}

impl Stage {
    fn new(id: u16, name: Option<&str>, optional: bool, client_data: Vec<u32>) -> Stage {
        Stage { id, name: name.map(str::to_string), optional, client_data }
    }
    /// Deflate (gzip) of level 0 to 9.
    ///
    /// ```
    /// # fn main() -> h5::Result<()> {
    /// use h5::FilterStage;
    /// let file = h5::File::create_in_memory()?;
    /// let new = file.root()?.new_dataset::<f32>().shape([64, 64]).chunk([16, 64]);
    /// new.filter(FilterStage::shuffle()).filter(FilterStage::deflate(6)).create("d")?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn deflate(level: u32) -> Stage {
        Stage::new(1, None, true, vec![level.min(9)])
    }
    /// Sorts the bytes of elements by their significance.
    pub fn shuffle() -> Stage {
        Stage::new(2, None, true, Vec::new())
    }
    /// A checksum for each chunk.
    pub fn fletcher32() -> Stage {
        Stage::new(3, None, false, Vec::new())
    }
    /// Szip, with an even number of pixels in a block, 2 to 32.
    pub fn szip(coding: SzipCoding, pixels_per_block: u32) -> Stage {
        let mask = if coding == SzipCoding::Entropy { 4 } else { 32 };
        Stage::new(4, None, true, vec![mask | 129, pixels_per_block])
    }
    /// Stores only the bits that the precision of numbers counts.
    pub fn nbit() -> Stage {
        Stage::new(5, None, true, Vec::new())
    }
    /// Stores integers as differences to the smallest one, of so many bits (0: as many as are needed).
    pub fn scale_offset_integer(bits: u32) -> Stage {
        Stage::new(6, None, true, vec![2, bits])
    }
    /// Stores floating-point numbers rounded to so many decimal digits behind the point. Loses precision.
    pub fn scale_offset_float(digits: i32) -> Stage {
        Stage::new(6, None, true, vec![0, u32::from_ne_bytes(digits.to_ne_bytes())])
    }
    /// LZF, as h5py has it.
    pub fn lzf() -> Stage {
        Stage::new(32000, Some("lzf"), true, Vec::new())
    }
    /// Blosc of level 0 to 9, with the bytes of elements sorted where asked.
    pub fn blosc(codec: BloscCodec, level: u32, shuffle: bool) -> Stage {
        let codec = if codec == BloscCodec::Zlib { 4 } else { 1 };
        Stage::new(32001, Some("blosc"), true, vec![0, 0, 0, 0, level.min(9), u32::from(shuffle), codec])
    }
    /// LZ4 (not that of bitshuffle).
    pub fn lz4() -> Stage {
        Stage::new(32004, Some("lz4"), true, vec![0])
    }
    /// Bitshuffle: sorts the bits of elements, then compresses.
    pub fn bitshuffle(bits: Bits) -> Stage {
        let mut values = vec![0, 0, 0, 0];
        match bits {
            Bits::Plain => values.push(0),
            Bits::Lz4 => values.push(2),
            Bits::Zstd => values.extend([3, 3]),
        }
        Stage::new(32008, Some("bitshuffle"), true, values)
    }
    /// Zstandard of level 1 to 22; levels over 4 are encoded as 4.
    pub fn zstd(level: u32) -> Stage {
        Stage::new(32015, Some("zstd"), true, vec![level.clamp(1, 22)])
    }
    /// bzip2, with blocks of 1 to 9 times 100 kB.
    pub fn bzip2(block: u32) -> Stage {
        Stage::new(307, Some("bzip2"), true, vec![block.clamp(1, 9)])
    }
    /// Any filter by its number, mandatory, told these values.
    pub fn custom(id: u16, client_data: &[u32]) -> Stage {
        Stage::new(id, None, false, client_data.to_vec())
    }
}

//! Chunk indexes: from the place of a chunk in the dataset to its place in the file.

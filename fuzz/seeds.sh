#!/usr/bin/env bash
# Fills fuzz/corpus (not kept in the repository) with seeds: the small fixtures for `open`, one input for each
# filter and a few shapes of client data for `filter`. `edit` makes its own: any bytes are a list of steps.
set -euo pipefail
cd "$(dirname "$0")"

mkdir -p corpus/{open,filter,edit} regressions/{open,filter,edit}
if [ -d ../tests/files ]; then
    find ../tests/files -type f \( -name '*.h5' -o -name '*.hdf5' \) -size -64k -exec cp {} corpus/open/ \;
fi
for which in $(seq 0 31); do
    hex=$(printf '%02x' "$which")
    printf "\\x$hex\\x00\\x00\\x04no client data" >corpus/filter/"$hex-none"
    printf "\\x$hex\\x81\\x00\\x04\\x04small client data" >corpus/filter/"$hex-one"
    printf "\\x$hex\\x85\\x00\\x04\\x02\\x02\\x04\\x00\\x01five small values" >corpus/filter/"$hex-five"
done
echo "seeds: $(find corpus/open -type f | wc -l) for open, $(find corpus/filter -type f | wc -l) for filter"

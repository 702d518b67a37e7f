#!/usr/bin/env bash
# Fills fuzz/corpus (not kept in the repository) with seeds: the small fixtures for `open`, one input for each
# filter and a few shapes of client data for `filter`. `edit` makes its own: any bytes are a list of steps.
set -euo pipefail
cd "$(dirname "$0")"

mkdir -p corpus/{open,filter,edit,python} regressions/{open,filter,edit,python}
if [ -d ../tests/files ]; then
    find ../tests/files -type f \( -name '*.h5' -o -name '*.hdf5' \) -size -64k -exec cp {} corpus/open/ \;
fi
for which in $(seq 0 31); do
    hex=$(printf '%02x' "$which")
    printf "\\x$hex\\x00\\x00\\x04no client data" >corpus/filter/"$hex-none"
    printf "\\x$hex\\x81\\x00\\x04\\x04small client data" >corpus/filter/"$hex-one"
    printf "\\x$hex\\x85\\x00\\x04\\x02\\x02\\x04\\x00\\x01five small values" >corpus/filter/"$hex-five"
done
printf '\x00{"module": "builtins", "type": "tuple", "data": "(1, 2.5, '"'"'a'"'"', None)"}' >corpus/python/json
printf '\x01[(1, -2.5e3), {"a": b"\\x00"}, datetime.date(2024, 1, 2), np.float64(1.5)]' >corpus/python/literal
printf '\x02\x80\x04\x95\x07\x00\x00\x00\x00\x00\x00\x00\x8c\x03abc\x94.' >corpus/python/pickle
printf '\x02(dp0\nVa\np1\n(lp2\nI1\naF2.5\nas.' >corpus/python/pickle-0
echo "seeds: $(find corpus/open -type f | wc -l) for open, $(find corpus/filter -type f | wc -l) for filter"

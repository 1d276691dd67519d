"What is not evaluated of the displays of the course, and why; all others are, by the cells of their pages."

# tag -> why its display is not evaluated
NOT_EVALUATED = {
    "BLUR": "two recipes in words; the letter x means another thing in each",
    "SHARED-GRAD": "a sum over the indices congruent to r mod W",
}
# tag -> what is left out of a display that is evaluated but for that; all others are evaluated whole
PARTLY = {
    "EPOCH-MEAN": "the sum over i ∈ b, a set of indices",
    "COUNT-BACK": "the path itself, which SciPy solves to ten digits",
}

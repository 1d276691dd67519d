"What is not evaluated of the displays of the course, and why; all others are, by the cells of their pages."

# tag -> why its display is not evaluated
NOT_EVALUATED = {
    "BLUR": "two recipes in words; the letter x means another thing in each",
    "SHARED-GRAD": "a sum over the indices congruent to r mod W",
}
RANGE = "the range of its index is a list, i = 0, …, n − 1"
# tag -> what is left out of a display that is evaluated but for that; all others are evaluated whole
PARTLY = dict.fromkeys(("LAYER", "MIDPOINTS"), RANGE) | {
    "EPOCH-MEAN": "the sum over i ∈ b, a set of indices",
    "UPDATE": "an assignment: its right side is compared with a step of PyTorch's SGD, in the cell"}

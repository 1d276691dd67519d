"What is not evaluated of the displays of the course, and why; all others are, by the cells of their pages. And a sample of wrong versions."
import mutants_formulas

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
# tag, what was done, and where: a person's mistakes, one or more for every chapter
SAMPLE = [
    ("COIN-VARIANCE", "a sign turned", "x^2"), ("LABEL-PRICE", "a 2 too many", r"\log 10"), ("NORMAL", "σ for σ²", r"\sigma^2"),
    ("KL-NORMAL", "a sign turned", "1"), ("KL-NORMAL", "½ missing", r"\tfrac12"), ("KL-1", "p for q", "q"), ("TRACE", "a transpose missing", r"(\mathbf z-\boldsymbol\mu_p)^\top"),
    ("EVIDENCE-M", "det missing", r"\det M"), ("TINY-LOSS", "a sum for a mean", r"\frac1n"), ("L4", "≤ for ≥", None), ("IDENTITY", "the arguments of a divergence swapped", None),
    ("JENSEN", "log missing", r"\log w"), ("S3", "σ for σ²", r"\sigma^2"), ("COUNT-MLP", "an index off by one", None), ("VAE-LOSS", "a sign turned", None),
    ("BEST-VARIANCE", "a factor missing", "m"), ("COSINE", "sin for cos", None), ("IW", "the logarithm outside the mean", None), ("SURGERY", "a sum for a mean", r"\frac1N"),
    ("VKL", "a sign turned", r"\log 4"), ("DSTAR", "q for p", None), ("DSAT", "a sign turned", None), ("PARZEN", "σ for σ²", r"\sigma^2"), ("GROWTH", "a square missing", "h^2"),
    ("ALLOWED", "the place of a minimum for the place of a maximum", None), ("NS", "a 2 too many", None), ("GAIN", "tr missing", None), ("PHI", "a root missing", r"\sqrt2"), ("SUBSETS", "a sign turned", None),
]

def page(tag): return mutants_formulas.evaluated()[tag]

def sample(nb): return [s for s in SAMPLE if page(s[0]) == nb]

"""Wrong versions that no check can notice, with the reason: `tag | what was done | the piece` -> why (tools/mutants_formulas.py); a second
version with the same words and piece has its number behind. Most say the same in other words; some are true, though empty. SURVIVORS are
wrong versions that say something else and are not noticed all the same: they count against the score."""

FACTOR = "a constant factor moves no optimum"
CONSTANT = "a constant factor has no gradient in its logarithm"
SYMMETRIC = "the noise is symmetric about 0"
ZERO = "the side is 0"
EQUAL = "an inequality that became an identity: true, though empty"
SAME_LIMIT = "σ and its powers go there together"
SAME_VARIANCE = "between normal distributions of one variance it is the same both ways"
ANY_B = "the display claims it for every b"

EQUIVALENT = {
    r"BASE-RATE | a sum for a mean | \frac1N": FACTOR,
    r"BASE-RATE | a ratio turned over | \frac1N": FACTOR,
    r"BASE-RATE | a 2 too many below | N": FACTOR,
    r"COIN-VARIANCE | a square missing | b^2": "b is 0 or 1, its own square",
    r"COIN-VARIANCE | 3 for 2 | 2": "b is 0 or 1, its own cube",
    r"SE | a hat missing | \bar f | 2": "each f_n has the mean m, too",
    r"GIBBS | a sign turned | \mathbb E_q\Big[\frac{p(z)}{q(z)}-1\Big]": ZERO,
    r"GIBBS | a 2 too many | \mathbb E_q\Big[\frac{p(z)}{q(z)}-1\Big]": ZERO,
    r"GIBBS | q for p | p | 3": "E_q[q/q − 1] is 0 as well",
    r"GIBBS | p for q | q | 5": "E_q[p/p − 1] is 0 as well",
    r"GIBBS | q for p | p | 4": "q has the integral 1 as well",
    r"ONE-BUMP | the logarithm outside the mean | \mathbb E_q\Big[\log\frac{q(z)}{\tfrac12 q(z)}\Big]": "the ratio is 2 everywhere",
    r"EVIDENCE | a sign turned | W\mathbf z": SYMMETRIC,
    r"DEQUANT | a sign turned | u": SYMMETRIC,
    r"DEQUANT | a sign turned | u | 2": SYMMETRIC,
    r"DEQUANT | the logarithm outside the mean | \mathbb E_u[\log p(x+u)]": EQUAL,
    r"CONSERVED | an index off by one | 1": "0 = … = 0: true, though empty",
    r"CONSERVED | an index off by one | 2": "0 = … = 0: true, though empty",
    r"DECAY | an index off by one | 1": "w_1 and w_2 are equal there",
    r"DECAY | an index off by one | 2": "w_1 and w_2 are equal there",
    r"DECAY | a sign turned | \sqrt{1-\lambda/m}": "both signs stand before it",
    r"DEEP-SADDLE | 1 for 0 | 0": "(1, 1, 1) is on the zero set, where the gradient is 0 as well",
    r"AMORTIZED | the arguments of a divergence swapped | \operatorname{KL}\big(\mathcal N((1-\delta)\,a x,\,s^2)\,\|\,p(z\mid x)\big)": SAME_VARIANCE,
    r"AMORTIZED | a sign turned | \delta": "a bell that is moved as far to the other side",
    r"JENSEN | the logarithm outside the mean | \mathbb E_q[\log w]": EQUAL,
    r"JENSEN | the logarithm inside the mean | \log \mathbb E_q[w]": EQUAL,
    r"ZERO | p for q | q": "the claim is about q = p(z|x)",
    r"ZERO | p for q | q | 3": "the claim is about q = p(z|x)",
    r"FRESH | a sign turned | f(z_+)": "independent draws: the sign of one does not change the variance",
    r"FRESH | a sign turned | f(z_-)": "independent draws: the sign of one does not change the variance",
    r"PATHWISE | a sign turned | \sigma\varepsilon": SYMMETRIC,
    r"FREE | log missing | \log p": "by symmetry ∫ p ∂p/∂μ dz is 0 as well",
    r"FREE | σ for μ | \mu": "the mean of every score is 0",
    r"FREE | a sign turned | b": ANY_B,
    r"FREE | a term missing | b": ANY_B,
    r"FREE | a 2 too many | b": ANY_B,
    r"SHRINK-BASELINE | a hat missing | \bar f": "the value at any one draw shrinks it by the same share",
    r"MONOTONE | a term missing | 1": EQUAL,
    r"IWAE-GRAD | a sum for a mean | \frac1K": CONSTANT,
    r"IWAE-GRAD | a ratio turned over | \frac1K": CONSTANT,
    r"IWAE-GRAD | a 2 too many below | K": CONSTANT,
    r"DEQUANT-BITS | the logarithm outside the mean | \mathbb E_u\big[ \log p(x) \big]": EQUAL,
    r"AVERAGE | a sign turned | i\omega": "the conjugate has the same absolute value",
    r"FIELDS | a transpose missing | J^\top": "the Jacobian of a descent is symmetric",
    r"DAMPING | an absolute value missing | |1+h\mu|": "1 + hμ is positive there",
    r"CRISP | a square missing | \lVert f(x) - f(x')\rVert^2": ZERO,
    r"CRISP | a star or prime missing | x'": ZERO,
    r"CRISP | 3 for 2 | 2 | 4": ZERO,
    r"METRIC | a sign turned | \delta": "to the order that ≈ keeps, −δ moves the features as far",
    r"CRITICAL | a sign turned | w_2": ZERO,
    r"CRITICAL | a 2 too many | w_2": ZERO,
    r"GAIN | a sign turned | 0": ZERO,
    r"GAIN | a term missing | 0": ZERO,
    r"SNR | the arguments of a divergence swapped | \operatorname{KL}\big(q(x_{t-1}\mid x_t,x_0)\,\|\,p(x_{t-1}\mid x_t)\big)": SAME_VARIANCE,
    r"WEIGHTS | the arguments of a divergence swapped | \operatorname{KL}\big(q(x_{t-1}\mid x_t,x_0)\,\|\,p(x_{t-1}\mid x_t)\big)": SAME_VARIANCE,
    r"LIMITS | a sign turned | \mathbf 0": ZERO,
    r"LIMITS | a 2 too many | \mathbf 0": ZERO,
    r"LIMITS | σ for σ² | \sigma^2": SAME_LIMIT,
    r"LIMITS | 3 for 2 | 2": SAME_LIMIT,
    r"LIMITS | σ for σ² | \sigma^2 | 2": SAME_LIMIT,
    r"LIMITS | 3 for 2 | 2 | 2": SAME_LIMIT,
    r"LIMITS | a 2 too many | \infty": SAME_LIMIT,
}

SURVIVORS: dict[str, str] = {}

"Names of values: any part of a formula in plain text, and what people type for it."
import pytest
from bad_input import bad_input_tests

from vaegan.formula.read import read
from vaegan.formula.write import key, plain, write


@pytest.mark.parametrize("latex, name", [
    (r"\mu_q", "mu_q"), (r"\hat x", "x_hat"), (r"\widehat{\mathcal L}", "L_hat"), (r"\bar\ell_B", "ell_bar_B"), (r"p(\mathbf x\mid \mathbf z)", "p(x|z)"), (r"p_\theta(x|z)", "p_theta(x|z)"), ("V(D^*, G)", "V(D_star,G)"),
    (r"\operatorname{KL}\big(q\,\|\,p\big)", "KL(q||p)"), (r"\sigma_{q,i}^2", "sigma_q,i^2"), (r"L_D^\text{rel}", "L_D_rel"), (r"\text{standard error}", "standard_error"), (r"\lambda", "lam"), (r"\varepsilon", "eps"), (r"\epsilon", "eps"),
    (r"x^{(i)}", "x^(i)"), (r"f'(z)", "f'(z)"), (r"\mathbb E_{z\sim q}", "E_z~q"), (r"\mathbb E_{q(z\mid x)}", "E_q(z|x)"), (r"\gamma^\ast", "gamma_star"), (r"\sigma_\star^2", "sigma_star^2"), (r"\dot w_1", "w_dot_1"), (r"W^\top", "W^T"),
    (r"\tfrac{a + b}{2}", "(a+b)/2"), (r"\frac{\partial z}{\partial\mu}", "dz/dmu"), (r"\Phi^{-1}", "Phi^-1"), (r"w_\infty", "w_inf"), (r"P(b \ne b')", "P(b!=b')"), (r"p\otimes q", "p⊗q"), (r"1 \pm x", "1±x"), (r"v_{a\to b}", "v_a->b"),
    (r"\|x - y\|_F", "||x-y||_F"), (r"\mathbf 0", "0"), (r"\max_D V", "max_DV")])
def test_plain_text(latex, name): assert key(plain(read(latex).clauses[0])) == name

@pytest.mark.parametrize("typed, name", [("p(x | z)", "p(x|z)"), ("KL(q ‖ p)", "KL(q||p)"), ("KL(q ∥ p)", "KL(q||p)"), ("sigma_{q,i}", "sigma_q,i"), ("lambda", "lam"), ("lambda_i", "lam_i"), ("epsilon", "eps"), ("b*", "b_star"), ("D^*", "D_star"),
                                         ("w_*", "w_star"), (r"p(x\mid z)", "p(x|z)"), ("lambda_max(x)", "lam_max(x)"), ("Lambda", "Lambda"), ("elambda", "elambda")])
def test_keys_are_made_uniform(typed, name): assert key(typed) == name

def test_plain_text_of_its_key_is_its_key():
    for name in ("mu_q", "p(x|z)", "E_z~q", "b_star", "lam"): assert key(key(name)) == key(name)

@pytest.mark.parametrize("latex", [r"\frac{a}{b}", r"x_{i} \ge 0", r"\log\left(1 - D(x)\right)", r"\sqrt[3]{x}", r"\operatorname{tr}(AB)", r"\int_{0}^{1} x \, dx", r"\sum_{i = 1}^{n} x_{i}", r"\lVert x\rVert^{2}"])
def test_what_is_written_plainly_stays(latex): assert write(read(latex)) == latex

ROWS = {}
NO_ROW = {"formula.write.write": "takes a part of a formula", "formula.write.plain": "takes a part of a formula", "formula.write.key": "text in, text out", "formula.write.shown_op": "text in, text out"}
test_the_row_itself_works, test_bad_arguments, test_every_argument_has_its_values = bad_input_tests(ROWS, NO_ROW)

"""Wrong versions that no check can notice, with the reason: `tag | what was done | the piece` -> why (tools/mutants_formulas.py).
Most say the same in other words; some are true though weaker."""

EQUIVALENT = {
}

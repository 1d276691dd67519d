"Mistakes that change nothing a caller could see: (module, text of the line, old → new) -> why. tests/mutants.py reads it."
EQUIVALENT = {
}

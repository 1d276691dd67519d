"`python -m vaegan`: the command `vaegan`, where no shell finds it"
import sys

from vaegan.cli import main

if __name__ == "__main__": sys.exit(main())

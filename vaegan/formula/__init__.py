"A display of the course, evaluated as it stands: `holds(\"KL-NORMAL\", mu_q=.3, …)`"
from vaegan.formula.claims import holds, says
from vaegan.formula.meanings import Over

__all__ = ["holds", "says", "Over"]

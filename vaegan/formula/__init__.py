"A display of the course, evaluated as it stands: `holds(\"KL-NORMAL\", mu_q=.3, …)`"
from vaegan.formula.claims import holds as holds
from vaegan.formula.claims import says as says
from vaegan.formula.meanings import Over as Over
from vaegan.formula.meanings import grid as grid

__all__ = ["Over", "grid", "holds", "says"]

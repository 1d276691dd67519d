"Anybody's VAE or GAN code held against exact truths: `diagnose(my_loss)`, `assert_elbo_exact(my_vae)`"
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vaegan.diagnose.expect import assert_elbo_exact as assert_elbo_exact
    from vaegan.diagnose.expect import assert_frechet_exact as assert_frechet_exact
    from vaegan.diagnose.expect import assert_gan_losses as assert_gan_losses
    from vaegan.diagnose.expect import assert_kl_exact as assert_kl_exact
    from vaegan.diagnose.expect import assert_loss_exact as assert_loss_exact
    from vaegan.diagnose.expect import assert_nll_exact as assert_nll_exact
    from vaegan.diagnose.expect import assert_penalty as assert_penalty
    from vaegan.diagnose.expect import assert_reconstruction_exact as assert_reconstruction_exact
    from vaegan.diagnose.expect import assert_reparameterized as assert_reparameterized
    from vaegan.diagnose.expect import assert_step_separate as assert_step_separate
    from vaegan.diagnose.kinds import diagnose as diagnose
    from vaegan.diagnose.runner import diagnose_file as diagnose_file

__all__ = ["assert_elbo_exact", "assert_frechet_exact", "assert_gan_losses", "assert_kl_exact", "assert_loss_exact", "assert_nll_exact",
           "assert_penalty", "assert_reconstruction_exact", "assert_reparameterized", "assert_step_separate", "diagnose", "diagnose_file"]
_HOMES = {"diagnose": "kinds", "diagnose_file": "runner"}

def __getattr__(name):   # a stranger's process starts without PyTorch
    if name not in __all__: raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'expect')}"), name)

"What people write for a GAN, in many styles: right code raises no alarm, each mistake is called by its name"

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from styles import called, ids, styles
from torch import autograd

from vaegan.diagnose.adversarial import try_d_loss, try_g_loss
from vaegan.diagnose.penalty import try_penalty
from vaegan.diagnose.steps import try_step

CODE, code = styles()

bce=F.binary_cross_entropy; bcel=F.binary_cross_entropy_with_logits
@code(try_d_loss)
def d1(real_pred,fake_pred): return bce(real_pred,torch.ones_like(real_pred))+bce(fake_pred,torch.zeros_like(fake_pred))
@code(try_d_loss)
def d2(d_real,d_fake): return (bcel(d_real,torch.ones_like(d_real))+bcel(d_fake,torch.zeros_like(d_fake)))/2
@code(try_d_loss)
def d3(real,fake): return F.relu(1-real).mean()+F.relu(1+fake).mean()
@code(try_d_loss)
def d4(real_validity,fake_validity): return -real_validity.mean()+fake_validity.mean()
@code(try_d_loss)
def d5(real,fake): return .5*((real-1)**2).mean()+.5*(fake**2).mean()
@code(try_d_loss)
def d6(a,b): return -(torch.log(a)+torch.log(1-b)).mean()
@code(try_d_loss)
def parts1(dis_fake, dis_real): return F.relu(1. - dis_real).mean(), F.relu(1. + dis_fake).mean()
@code(try_d_loss, "d-fakes-as-real")
def parts2(real_logits, fake_logits): return F.softplus(-real_logits).mean(), F.softplus(-fake_logits).mean()
@code(try_d_loss, "d-labels-swapped")
def turned1(real, fake): return (F.relu(1 + real) + F.relu(1 - fake)).mean()
@code(try_d_loss, "d-labels-swapped")
def turned2(real, fake): return .5*(real**2).mean() + .5*((fake - 1)**2).mean()
@code(try_g_loss, "g-sign")
def turned3(fake): return .5*(fake**2).mean()
@code(try_g_loss, "g-hinge-cut")
def cut(fake): return -F.relu(fake).mean()
@code(try_penalty)
def frozen_r1(samples, critics): return .5*autograd.grad(critics.sum(), samples, create_graph=True)[0].square().sum([1, 2, 3])
@code(try_d_loss, "d-real-only")
def e1(real,fake): return bcel(real,torch.ones_like(real))
@code(try_d_loss, "d-fakes-as-real")
def e2(real,fake): return bcel(real,torch.ones_like(real))+bcel(fake,torch.ones_like(fake))
@code(try_d_loss, "d-sign")
def e3(real,fake): return F.logsigmoid(real).mean()+F.logsigmoid(-fake).mean()
@code(try_d_loss, "d-sigmoid-twice")
def e4(real,fake): 
    r,f=torch.sigmoid(real),torch.sigmoid(fake); return bcel(r,torch.ones_like(r))+bcel(f,torch.zeros_like(f))
@code(try_d_loss, "gan-sum")
def e5(real,fake): return F.softplus(-real).sum()+F.softplus(fake).sum()
@code(try_d_loss, "d-one-mean")
def e6(real,fake): return bcel(torch.cat([real,fake]),torch.cat([torch.ones_like(real),torch.zeros_like(fake)]))
@code(try_d_loss, "d-labels-swapped")
def e7(real,fake): return bcel(real,torch.zeros_like(real))+bcel(fake,torch.ones_like(fake))
@code(try_d_loss, "d-labels-swapped")
def e8(real,fake): return real.mean()-fake.mean()
@code(try_d_loss, "smoothing-both")
def e9(real,fake): return bcel(real,.9*torch.ones_like(real))+bcel(fake,.1*torch.ones_like(fake))
@code(try_d_loss)
def e10(real,fake): return bcel(real,.9*torch.ones_like(real))+bcel(fake,torch.zeros_like(fake))
@code(try_d_loss)
def d7(d_real, d_fake): return -np.mean(np.log(d_real)) - np.mean(np.log(1 - d_fake))
@code(try_d_loss, "d-fakes-as-real")
def e11(d_real, d_fake): return -np.mean(np.log(d_real)) - np.mean(np.log(d_fake))
@code(try_d_loss)
def d8(real, fake): return .5*((real - .9)**2).mean() + .5*(fake**2).mean()
@code(try_d_loss)
def d9(real, fake): return F.relu(.9 - real).mean() + F.relu(.9 + fake).mean()
@code(try_d_loss)
def d10(real, fake): return bcel(real, .7 + .3*torch.rand_like(real)) + bcel(fake, torch.zeros_like(fake))
@code(try_d_loss, "d-labels-swapped")
def e12(real, fake): return (real**2).mean() + ((fake - .9)**2).mean()
@code(try_g_loss)
def g1(fake): return bcel(fake,torch.ones_like(fake))
@code(try_g_loss)
def g2(d_fake): return -d_fake.mean()
@code(try_g_loss)
def g3(fake_prob): return -torch.log(fake_prob).mean()
@code(try_g_loss, "g-sign")
def g4(fake): return bcel(fake,torch.zeros_like(fake))
@code(try_g_loss, "g-saturating")
def nonsaturating_loss(fake): return -bcel(fake,torch.zeros_like(fake))
@code(try_d_loss)
def ra1(real, fake): return bcel(real - fake.mean(), torch.ones_like(real)) + bcel(fake - real.mean(), torch.zeros_like(fake))
@code(try_d_loss)
def ra2(real, fake): return bcel(real - fake.mean(), torch.ones_like(real))
@code(try_d_loss)
def ra3(real, fake): return ((real - fake.mean() - 1)**2).mean() + ((fake - real.mean() + 1)**2).mean()
@code(try_d_loss)
def ra4(real, fake): return .5*(F.relu(1 - (real - fake.mean())).mean() + F.relu(1 + (fake - real.mean())).mean())
@code(try_d_loss, "d-sign")
def ra5(real, fake): return -bcel(real - fake.mean(), torch.ones_like(real))
@code(try_g_loss)
def ra6(real, fake): return bcel(real - fake.mean(), torch.zeros_like(real)) + bcel(fake - real.mean(), torch.ones_like(fake))
@code(try_g_loss)
def ra7(real, fake): return -torch.sigmoid(fake - real.mean()).log().mean()
@code(try_g_loss)
def ra8(real, fake): return ((real - fake.mean() + 1)**2).mean() + ((fake - real.mean() - 1)**2).mean()
@code(try_d_loss, "critic-squashed")
def squashed1(real, fake): return fake.sigmoid().mean() - real.sigmoid().mean()
@code(try_d_loss)
def squashed2(real, fake): return (real.sigmoid() - 1).square().mean() + fake.sigmoid().square().mean()
def gpbody(D,real,fake,alpha,tail,cg=True,sig=False):
    x=(alpha*real+(1-alpha)*fake).requires_grad_(True); o=D(x); o=torch.sigmoid(o) if sig else o
    g=autograd.grad(outputs=o,inputs=x,grad_outputs=torch.ones_like(o),create_graph=cg,retain_graph=True)[0]
    return tail(g)
def A(r): return torch.rand(r.size(0),*[1]*(r.ndim-1),dtype=r.dtype)
T=lambda g:((g.view(g.size(0),-1).norm(2,dim=1)-1)**2).mean()
@code(try_penalty)
def p1(D,real_samples,fake_samples): return gpbody(D,real_samples,fake_samples,A(real_samples),T)*10
@code(try_penalty)
def p1c(x, y, f): return gpbody(f, x, y, A(x), T)
@code(try_penalty)
def p1b(netD,real_data,fake_data): return gpbody(netD,real_data,fake_data,torch.rand(real_data.size(0),1,1,1),T)
@code(try_penalty, "gp-per-pixel")
def p2(D,real,fake): return gpbody(D,real,fake,A(real),lambda g:((g.norm(2,dim=1)-1)**2).mean())
@code(try_penalty, "penalty-untrained")
def p3(D,real,fake): return gpbody(D,real,fake,A(real),T,cg=False)
@code(try_penalty, "gp-box")
def p4(D,real,fake): return gpbody(D,real,fake,torch.rand_like(real),T)
@code(try_penalty, "gp-one-weight")
def p5(D,real,fake): return gpbody(D,real,fake,torch.rand(1),T)
@code(try_penalty, "penalty-probability")
def p6(D,real,fake): return gpbody(D,real,fake,A(real),T,sig=True)
@code(try_penalty, "gp-target-zero")
def p7(D,real,fake): return gpbody(D,real,fake,A(real),lambda g:(g.flatten(1).norm(dim=1)**2).mean())
@code(try_penalty, "gp-at-real")
def p8(D,real,fake): return gpbody(D,real,fake,torch.ones(1),T)
@code(try_penalty, "gp-mean-first")
def p11(D,real,fake): return gpbody(D,real,fake,A(real),lambda g:(g.flatten(1).norm(dim=1).mean()-1)**2)
@code(try_penalty, "gp-other-norm")
def p12(D,real,fake): return gpbody(D,real,fake,A(real),lambda g:((g.flatten(1).norm(1,dim=1)-1)**2).mean())
@code(try_penalty, "gp-other-norm")
def p13(D,real,fake): return gpbody(D,real,fake,A(real),lambda g:((g.flatten(1).abs().amax(1)-1)**2).mean())
@code(try_penalty, "gp-no-square")
def p14(D,real,fake): return gpbody(D,real,fake,A(real),lambda g:(g.flatten(1).norm(dim=1)-1).abs().mean())
@code(try_penalty, "gp-plus-one")
def p15(D,real,fake): return gpbody(D,real,fake,A(real),lambda g:((g.flatten(1).norm(dim=1)+1)**2).mean())
@code(try_penalty)
def p16(D,real,fake): return gpbody(D,real,fake,A(real),lambda g:((g.flatten(1).square().sum(1)+1e-12).sqrt()-1).square().mean())
@code(try_penalty, "penalty-of-mean")
def p17(D,real,fake):
    a=A(real); x=(a*real+(1-a)*fake).requires_grad_(); g,=autograd.grad(D(x).mean(),x,create_graph=True); return T(g)
def r1_of(D, x, of):
    x = x.detach().requires_grad_()
    g, = autograd.grad(of(D(x)), x, create_graph=True)
    return .5*g.flatten(1).square().sum(1).mean()
@code(try_penalty, "penalty-of-loss")
def r1_softplus(D, real): return r1_of(D, real, lambda o: F.softplus(-o).sum())
@code(try_penalty, "penalty-of-mean")
def r1_mean(D, real): return r1_of(D, real, torch.mean)
@code(try_penalty, "penalty-probability")
def r1_prob(D, real): return r1_of(D, real, lambda o: o.sigmoid().sum())
@code(try_penalty, "penalty-of-loss", "penalty-of-mean")
def r1_bce(D, real): return r1_of(D, real, lambda o: bcel(o, torch.ones_like(o)))
@code(try_penalty, "penalty-no-half", "scaled")
def squared_slopes(logits, images):
    slope, = autograd.grad(logits.sum(), images, create_graph=True)
    return slope.flatten(1).square().sum(1)
@code(try_penalty, "penalty-no-half", "scaled")
def d_r1_loss(real_pred, real_img):
    g, = autograd.grad(outputs=real_pred.sum(), inputs=real_img, create_graph=True)
    return g.pow(2).reshape(g.shape[0], -1).sum(1).mean()
def flat(real, fake): return torch.rand(real.size(0), 1, dtype=real.dtype).expand_as(real)
@code(try_penalty)
def p9(critic,real,fake,device="cpu"): return gpbody(critic,real,fake,flat(real,fake),T)
@code(try_penalty, "gp-squared-norm")
def p10(critic,real,fake): return gpbody(critic,real,fake,flat(real,fake),lambda g:((g.square().sum(1)-1)**2).mean())
@code(try_penalty)
def r1(D,x):
    x=x.detach().requires_grad_(); g=autograd.grad(D(x).sum(),x,create_graph=True)[0]; return .5*g.flatten(1).pow(2).sum(1).mean()
@code(try_penalty, "penalty-norm")
def r2(D,x):
    x=x.detach().requires_grad_(); g=autograd.grad(D(x).sum(),x,create_graph=True)[0]; return g.flatten(1).norm(dim=1).mean()
@code(try_penalty, "penalty-per-element")
def r3(D,x):
    x=x.detach().requires_grad_(); g=autograd.grad(D(x).sum(),x,create_graph=True)[0]; return g.pow(2).mean()

@code(try_step)
def train_d(D,G,opt_D,real):
    fake=G(torch.randn(len(real),100)).detach(); opt_D.zero_grad(); r,f=D(real),D(fake)
    l=bcel(r,torch.ones_like(r))+bcel(f,torch.zeros_like(f)); l.backward(); opt_D.step(); return l.item()
@code(try_step)
def train_g(D,G,g_optimizer,batch_size):
    g_optimizer.zero_grad(); f=D(G(torch.randn(batch_size,100))); l=bcel(f,torch.ones_like(f)); l.backward(); g_optimizer.step(); return l
@code(try_step, "step-g-still")
def train_g2(D,G,g_optimizer,batch_size):
    g_optimizer.zero_grad(); f=D(G(torch.randn(batch_size,100)).detach()); l=bcel(f,torch.ones_like(f)); l.backward(); g_optimizer.step(); return l
@code(try_step, "step-pile-up")
def train_d2(D,G,opt_D,real):
    fake=G(torch.randn(len(real),100)).detach(); r,f=D(real),D(fake)
    l=bcel(r,torch.ones_like(r))+bcel(f,torch.zeros_like(f)); l.backward(); opt_D.step(); return l.item()
@code(try_step, "d-real-only")
def train_d3(D,G,opt_D,real):
    opt_D.zero_grad(); fake=G(torch.randn(len(real),100)).detach(); r,f=D(real),D(fake)
    l=bcel(r,torch.ones_like(r)); l.backward(); opt_D.step(); return l.item()+0*f.sum().item()
@code(try_step, "step-g-feeds-d")
def step(G,D,opt_G,opt_D,x,criterion):
    opt_D.zero_grad(); z=torch.randn(len(x),6); fake=G(z); r,f=D(x),D(fake.detach())
    (criterion(r,torch.ones_like(r))+criterion(f,torch.zeros_like(f))).backward(); opt_D.step()
    opt_G.zero_grad(); f=D(fake); g=criterion(f,torch.ones_like(f)); g.backward(); opt_G.step(); return {"g":g.item()}
@code(try_step, "step-d-moves-g")
def train_disc(D,G,opt_D,opt_G,real):
    opt_D.zero_grad(); opt_G.zero_grad(); fake=G(torch.randn(len(real),100)); r,f=D(real),D(fake)
    l=bcel(r,torch.ones_like(r))+bcel(f,torch.zeros_like(f)); l.backward(); opt_D.step()
    with torch.no_grad():
        for p in G.parameters(): p-=.1*p.grad
    return l.item()

def wgan_step(D,G,opt,real,weight,slope=1.):
    opt.zero_grad(); fake=G(torch.randn(len(real),100)).detach(); w=torch.rand(len(real),*[1]*(real.ndim-1))
    at=(w*real+(1-w)*fake).requires_grad_(); g,=autograd.grad(D(at).sum(),at,create_graph=True)
    (D(fake).mean()-D(real).mean()+weight*(g.flatten(1).norm(dim=1)-slope).square().mean()).backward(); opt.step()
@code(try_step, "10 times")
def train_d_10(D,G,opt_D,real): wgan_step(D,G,opt_D,real,10.)
@code(try_step, "1000 times")
def train_d_1000(D,G,opt_D,real): wgan_step(D,G,opt_D,real,1000.)
@code(try_step, "0.01 times")
def train_d_01(D,G,opt_D,real): wgan_step(D,G,opt_D,real,.01)
@code(try_d_loss, "d-fakes-as-real")
def d_loss_all_real(y_real, y_fake): return -(torch.mean(y_real) + torch.mean(y_fake))
@code(try_step, "penalty-sign", "-10 times")
def train_d_neg(D,G,opt_D,real): wgan_step(D,G,opt_D,real,-10.)
@code(try_step, "untried")
def train_d_near(D,G,opt_D,real): wgan_step(D,G,opt_D,real,10.,1.02)

@pytest.mark.parametrize("f, probe, want", CODE, ids=ids(CODE))
@pytest.mark.filterwarnings("ignore")
def test_it_is_called_what_it_is(f, probe, want):
    found, named = called(f, probe)
    said = {w for w in want if w.endswith("times")}
    assert named == want - said and all(f"Wasserstein loss and {w} a penalty, a slope of 1" in found[0].note for w in said), found

def test_an_exchange_in_both_losses_is_the_same_game():
    from vaegan.diagnose import assert_gan_losses, diagnose
    def d_loss(real, fake): return real.mean() - fake.mean()
    def g_loss(fake): return fake.mean()
    assert diagnose(dict(d_loss=d_loss, g_loss=g_loss)).code == 0
    assert_gan_losses(d_loss, g_loss)
    with pytest.raises(AssertionError, match="d-labels-swapped"): assert_gan_losses(d_loss, lambda fake: -fake.mean())
    with pytest.raises(AssertionError, match="g-sign"): assert_gan_losses(g_loss=g_loss)

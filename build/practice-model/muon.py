"""An optimizer for matrices: momentum whose singular values are all brought near 1, so that rare answers are learnt quickly."""

import torch


def evened(gradient: torch.Tensor) -> torch.Tensor:
    """The nearest matrix with equal singular values, roughly: five rounds of a polynomial that pulls each towards 1."""
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = gradient.shape[0] > gradient.shape[1]
    x = gradient.T if tall else gradient
    x = x / (x.norm() + 1e-7)
    for _ in range(5):
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    def __init__(self, parameters, lr: float, momentum: float = 0.95, weight_decay: float = 0.0):
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                moved = self.state[parameter].setdefault("moved", torch.zeros_like(parameter))
                moved.lerp_(parameter.grad, 1 - group["momentum"])
                ahead = parameter.grad.lerp(moved, group["momentum"])
                rows, columns = parameter.shape
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(evened(ahead), alpha=-group["lr"] * max(1, rows / columns) ** 0.5)

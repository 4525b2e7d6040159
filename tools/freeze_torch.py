"""Freeze results of PyTorch, an independent reference for tests/witnesses/test_frozen.py.

    .venv-bench/bin/python tools/freeze_torch.py          # writes tests/witnesses/frozen/torch.safetensors

Everything is float64 in unrolled's layout: one `bias` per layer (PyTorch's second bias, `bias_hh`, and its gradient
are kept at zero), except that the GRU's n part of `bias_hh` is `bias_hn`.
"""

import platform
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn, optim
from torch.nn import functional as fn

FILE = Path(__file__).parent.parent / "tests" / "witnesses" / "frozen" / "torch.safetensors"
N, T, F, H, OUT = 4, 6, 3, 5, 2
LENGTHS = torch.tensor([4, 6, 1, 3])
STEPS = 3  # of each optimizer
LIMIT = 0.05  # norm to clip to, below that of the gradient
RECURRENT = {
    "rnn-tanh": lambda layers: nn.RNN(F, H, layers, nonlinearity="tanh", batch_first=True),
    "rnn-relu": lambda layers: nn.RNN(F, H, layers, nonlinearity="relu", batch_first=True),
    "gru": lambda layers: nn.GRU(F, H, layers, batch_first=True),
    "lstm": lambda layers: nn.LSTM(F, H, layers, batch_first=True),
}
OPTIMIZERS = {
    "sgd": lambda p: optim.SGD(p),
    "sgd-decay": lambda p: optim.SGD(p, weight_decay=0.1),
    "momentum": lambda p: optim.SGD(p, momentum=0.9),
    "nesterov": lambda p: optim.SGD(p, momentum=0.9, nesterov=True),
    "rmsprop": lambda p: optim.RMSprop(p),
    "rmsprop-decay": lambda p: optim.RMSprop(p, weight_decay=0.1),
    "rprop": lambda p: optim.Rprop(p),
    "adagrad": lambda p: optim.Adagrad(p),
    "adagrad-decay": lambda p: optim.Adagrad(p, weight_decay=0.1),
    "adam": lambda p: optim.Adam(p),
    "adam-decay": lambda p: optim.Adam(p, weight_decay=0.1),
    "adamw": lambda p: optim.AdamW(p),
    "adamw-decay": lambda p: optim.AdamW(p, weight_decay=0.1),
}


class Model(nn.Module):
    """A stack of recurrent layers, and a linear layer on the last valid step."""

    def __init__(self, kind: str, layers: int) -> None:
        super().__init__()
        self.recurrent, self.dense = RECURRENT[kind](layers), nn.Linear(H, OUT)
        for name, parameter in self.recurrent.named_parameters():
            if "bias_hh" in name:
                free = torch.zeros_like(parameter)
                if kind == "gru":
                    free[2 * H :] = 1  # b_hn
                parameter.data *= free
                parameter.register_hook(lambda gradient, free=free: gradient * free)

    def forward(self, x, state=None, lengths=None):
        if lengths is not None:
            x = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        output, final = self.recurrent(x, state)
        if lengths is not None:
            output, _ = nn.utils.rnn.pad_packed_sequence(output, batch_first=True, total_length=T)
        h = final[0] if isinstance(final, tuple) else final  # (layers, N, H)
        return self.dense(h[-1]), output, final

    def named(self, of=lambda parameter: parameter) -> dict[str, torch.Tensor]:
        """Copies of the parameters, or of what `of` makes of them, under unrolled's names and in its order."""
        found = {}
        for layer in range(self.recurrent.num_layers):
            for theirs, ours in (("weight_ih", "weight_ih"), ("weight_hh", "weight_hh"), ("bias_ih", "bias")):
                found[f"{layer}.{ours}"] = of(getattr(self.recurrent, f"{theirs}_l{layer}"))
            if isinstance(self.recurrent, nn.GRU):
                found[f"{layer}.bias_hn"] = of(getattr(self.recurrent, f"bias_hh_l{layer}"))[2 * H :]
        dense = self.recurrent.num_layers + 1  # its number among the layers: the stack, Last, Dense
        return copies(found | {f"{dense}.weight": of(self.dense.weight), f"{dense}.bias": of(self.dense.bias)})

    def flat(self, of=lambda parameter: parameter) -> torch.Tensor:
        return torch.cat([part.reshape(-1) for part in self.named(of).values()])


def copies(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Copies of the tensors, which later changes do not affect."""
    return {name: tensor.detach().clone(memory_format=torch.contiguous_format) for name, tensor in tensors.items()}


def parts(state) -> dict[str, torch.Tensor]:
    return dict(zip("hc", state if isinstance(state, tuple) else (state,), strict=False))


def freeze_model(kind: str, layers: int, lengths=None) -> dict[str, torch.Tensor]:
    """Outputs, loss and gradients; without lengths, also the parameters after some steps of each optimizer."""
    model = Model(kind, layers)
    x, target = torch.randn(N, T, F, requires_grad=True), torch.randn(N, OUT)
    state = [torch.randn(layers, N, H, requires_grad=True) for _ in range(2 if kind == "lstm" else 1)]
    prediction, output, final = model(x, tuple(state) if kind == "lstm" else state[0], lengths)
    loss = fn.mse_loss(prediction, target)
    loss.backward()
    frozen = {"x": x, "target": target, "prediction": prediction, "output": output, "loss": loss, "dx": x.grad}
    frozen |= {f"initial.{name}": part for name, part in parts(tuple(state)).items()}
    frozen |= {f"dinitial.{name}": part.grad for name, part in parts(tuple(state)).items()}
    frozen |= {f"final.{name}": part for name, part in parts(final).items()}
    frozen = copies(frozen)
    frozen |= {f"parameters/{name}": value for name, value in model.named().items()}
    frozen |= {f"dparameters/{name}": value for name, value in model.named(lambda p: p.grad).items()}
    if lengths is not None:
        return frozen | copies({"lengths": lengths})
    norm = nn.utils.clip_grad_norm_(model.parameters(), LIMIT)
    frozen |= {"norm": norm, "limit": torch.tensor(LIMIT), "clipped": model.flat(lambda p: p.grad)}
    start = {name: value.clone() for name, value in model.state_dict().items()}
    for name, make in OPTIMIZERS.items():
        model.load_state_dict(start)
        optimizer = make(model.parameters())
        for _ in range(STEPS):
            optimizer.zero_grad()
            fn.mse_loss(model(x.detach())[0], target).backward()  # from a state of zeros, as in training
            optimizer.step()
        frozen[f"after/{name}"] = model.flat()
    return frozen


def freeze_losses() -> dict[str, torch.Tensor]:
    """Losses and their gradients, for predictions near the targets and far from them."""
    K = 5
    frozen = {}
    values, scores, long_scores = 2 * torch.randn(N, OUT), torch.randn(N, K), torch.randn(N, T, K)
    for name, prediction, target, loss in (
        ("mse", values, torch.randn(N, OUT), fn.mse_loss),
        ("mae", values, torch.randn(N, OUT), fn.l1_loss),
        ("huber", values, torch.randn(N, OUT), fn.huber_loss),
        ("huber-delta", values, torch.randn(N, OUT), lambda p, t: fn.huber_loss(p, t, delta=0.3)),
        ("cross_entropy", scores, torch.randint(K, (N,)), fn.cross_entropy),
        ("cross_entropy-steps", long_scores, torch.randint(K, (N, T)), lambda p, t: fn.cross_entropy(p.mT, t)),
    ):
        prediction = prediction.clone().requires_grad_()
        loss = loss(prediction, target)
        loss.backward()
        found = {"prediction": prediction, "target": target, "value": loss, "dprediction": prediction.grad}
        frozen |= {f"{name}/{part}": value for part, value in copies(found).items()}
    return frozen


def freeze_schedules(steps: int = 20, rate: float = 0.1) -> dict[str, torch.Tensor]:
    """The learning rates of whole trainings."""
    frozen = {}
    for name, make in {
        "one_cycle": lambda o: optim.lr_scheduler.OneCycleLR(o, max_lr=rate, total_steps=steps),
        "cosine": lambda o: optim.lr_scheduler.CosineAnnealingLR(o, T_max=steps, eta_min=0.01 * rate),
    }.items():
        optimizer = optim.SGD([nn.Parameter(torch.zeros(1))], lr=rate)
        scheduler, rates = make(optimizer), []
        for _ in range(steps):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        frozen[name] = torch.tensor(rates)
    return frozen


def main() -> None:
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    groups = {f"model/{kind}/{layers}": freeze_model(kind, layers) for kind in RECURRENT for layers in (1, 2)}
    groups |= {f"lengths/{kind}/2": freeze_model(kind, 2, LENGTHS) for kind in RECURRENT}
    groups |= {"loss": freeze_losses(), "schedule": freeze_schedules()}
    tensors = {f"{group}/{name}": t for group, found in groups.items() for name, t in found.items()}
    FILE.parent.mkdir(exist_ok=True)
    made = {"script": "tools/freeze_torch.py", "torch": torch.__version__, "python": platform.python_version()}
    save_file(tensors, FILE, metadata=made)
    print(f"{FILE}: {len(tensors)} arrays, {FILE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()

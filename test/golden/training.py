"""Golden loss and gradients: the network of network-d8-s4.json with item attributes, without dropout, three right-padded sequences.
Computed in double precision from weights rounded to 7 digits, so that the file alone reproduces every number in it.

    OMP_NUM_THREADS=1 python training.py /path/to/reference > network-training-d8-s4.json
    OMP_NUM_THREADS=1 python training.py /path/to/reference --heads 2 --kinds 3 --gaps 4 > network-training-d8-s4-h2.json
    python training.py /path/to/reference --steps > network-d8-s4.json       rounds what golden.py printed (stdin)
    (network-d8-s4-h2.json: golden.py --d 8 --slots 4 --items 30 --heads 2)

`reference` is the folder with the PyTorch model.py and golden.py; torch is needed. The file holds the sizes, the dense item-attribute
weights [items + 1, attributes], every parameter under its state_dict name (row-major), the sequences, the mean full-softmax cross
entropy of the next item (inputs s[:-1], targets s[1:], valid positions only), the loss at every position, and d loss / d parameter."""
import argparse
import json
import sys
import torch
import torch.nn.functional as F


def rounded(x):
    """numbers cut to 7 significant digits, lists and objects walked through"""
    if isinstance(x, float):
        return float(f'{x:.7g}')
    if isinstance(x, dict):
        return {k: rounded(v) for k, v in x.items()}
    return [rounded(v) for v in x] if isinstance(x, list) else x


def compact(x):
    return json.dumps(rounded(x), separators=(',', ':'))


def training(Net, ResetBeforeGRU, items=30, d=8, slots=4, attributes=5, seed=7, heads=1, kinds=0, gaps=0):
    torch.manual_seed(seed)
    dense = torch.zeros(items + 1, attributes)
    for item in range(1, items + 1):                        # item 1 has none, the others one to three, weighted 1 / sqrt(count)
        count = 0 if item == 1 else 1 + item % 3
        dense[item, torch.randperm(attributes)[:count]] = count ** -0.5 if count else 0.0
    dense = torch.tensor(rounded(dense.tolist()), dtype=torch.float64)
    net = Net(items, d, 1, 0.0, slots, heads, attrs=dense.to_sparse().coalesce())
    for block in net.blocks:
        block.rnn = ResetBeforeGRU(d)
    for name, count in (('kinds', kinds), ('gaps', gaps)):  # vectors added to the item's, [count + 1, d]
        if count:
            setattr(net, name, torch.nn.Parameter(torch.zeros(count + 1, d)))
    net = net.double()
    with torch.no_grad():
        for q in net.parameters():                          # move every weight off its special starting value
            q.add_(0.3 * torch.randn_like(q))
            q.copy_(torch.tensor(rounded(q.tolist()), dtype=torch.float64))
        net.emb.weight[0].zero_()
        if kinds:
            net.kinds[0].zero_()                            # the kind unknown to the model
    seqs = [torch.randint(1, items + 1, (n + 1,)) for n in (9, 5, 3)]
    beside = {name: [torch.randint(int(name == 'kinds'), count + 1, (len(s),)) for s in seqs]
              for name, count in (('kinds', kinds), ('gaps', gaps)) if count}
    pad = {name: torch.nn.utils.rnn.pad_sequence([s[:-1] for s in own], batch_first=True) for name, own in beside.items()}
    net.eln.register_forward_pre_hook(lambda _, x: (x[0] + sum(getattr(net, name)[own] for name, own in pad.items()),))
    X, Y = (torch.nn.utils.rnn.pad_sequence(s, batch_first=True) for s in ([s[:-1] for s in seqs], [s[1:] for s in seqs]))

    def losses(chunk):
        net.mem.chunk = chunk
        E = net.table()
        logits = net.encode(X, E)[Y > 0] @ E[1:].T + net.b
        return F.cross_entropy(logits, Y[Y > 0] - 1, reduction='none')

    each = losses(32)
    assert float((each - losses(4)).detach().abs().max()) < 1e-10, 'the chunk size of the memory changes the loss'
    each.mean().backward()
    parts = [part.tolist() for part in each.split([len(s) - 1 for s in seqs])]
    return {'sizes': {'d': d, 'slots': slots, 'items': items, 'heads': heads, 'layers': 1, 'attributes': attributes, 'seed': seed},
            'attributes': dense.tolist(), 'weights': {k: v.tolist() for k, v in net.state_dict().items()},
            **{name: [s.tolist() for s in own] for name, own in beside.items()},
            'sequences': [s.tolist() for s in seqs], 'loss': float(each.mean().detach()), 'losses': parts,
            'gradients': {k: p.grad.tolist() for k, p in net.named_parameters()}}


if __name__ == '__main__':
    p = argparse.ArgumentParser()
    p.add_argument('reference', help='folder that holds model.py and golden.py')
    p.add_argument('--steps', action='store_true', help='only round the output of golden.py, read from stdin')
    for name, default in (('heads', 1), ('kinds', 0), ('gaps', 0)):
        p.add_argument('--' + name, type=int, default=default, help='size of the network')
    a = p.parse_args()
    if a.steps:
        print(compact(json.load(sys.stdin)))
    else:
        sys.path.insert(0, a.reference)
        sys.dont_write_bytecode = True
        from golden import ResetBeforeGRU
        from model import Net
        print(compact(training(Net, ResetBeforeGRU, heads=a.heads, kinds=a.kinds, gaps=a.gaps)))

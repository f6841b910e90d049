"""PyTorch's side of `npm run bench -- training`: the network of src/training/graph.ts and its step, as one would write them in
PyTorch for a processor. Needs torch alone.

  x = LN(drop(E[i]))   z = LN(x + drop(GRU(x))), LN(z + drop(FFN(z)))   r = memory(z, x)   m = LN(z + drop(r))   u = LN(m + drop(FFN(m)))
  loss = mean full-softmax cross entropy of the next item, scores u . E[j] + b[j]; gradients cut to a norm of 5; Adam

The GRU is torch.nn.GRU, PyTorch's fast one. Its candidate is tanh(W x + r * (U h)), TensorFlow's is tanh(W x + U (r * h)): of as
many multiplications, and the same function while U is diagonal, as it is in the weights that both sides are compared with.

One JSON object a line on stdin, one answer a line on stdout:
  {"do": "build", "sizes": {...}, "weights": {name: {"shape", "data"}}, "batches": [...]}   data: base64 of little-endian float32
  {"do": "check"}     loss and gradient norms of the first batch without dropout
  {"do": "round"}     trains on every batch once: seconds, seconds of the processor, loss of each step
Shapes: T steps, B users, S slots, d width, P positions, N items."""
import base64
import json
import math
import sys
import time
import torch
import torch.nn.functional as F

torch.set_num_threads(1), torch.manual_seed(1)


class ChunkedCrossEntropy(torch.autograd.Function):
    """Mean softmax cross entropy over all items, its gradients made in the forward pass in chunks of rows that stay in cache."""

    @staticmethod
    def forward(ctx, u, E, b, targets, chunk):
        P, N = u.shape[0], E.shape[0]
        du, dE, db = torch.empty_like(u), torch.zeros_like(E), torch.zeros_like(b)
        logits, probabilities, loss = u.new_empty(min(chunk, P), N), u.new_empty(min(chunk, P), N), 0.0
        for s in range(0, P, chunk):
            e = min(P, s + chunk)
            L, G, t = logits[:e - s], probabilities[:e - s], targets[s:e, None]
            torch.addmm(b, u[s:e], E.t(), out=L)
            torch.softmax(L, 1, out=G)
            p = G.gather(1, t)
            loss -= float(p.clamp_min(1e-30).log().sum())
            G.scatter_(1, t, p - 1)
            torch.mm(G, E, out=du[s:e])
            dE.addmm_(G.t(), u[s:e])
            db.add_(G.sum(0))
        ctx.save_for_backward(du.div_(P), dE.div_(P), db.div_(P))
        return u.new_tensor(loss / P)

    @staticmethod
    def backward(ctx, g):
        return tuple(g * x for x in ctx.saved_tensors) + (None, None)


class Dropout:
    """Slices of a pool of masks: drawing fresh ones takes a fifth of a step."""
    SIZE = 1 << 23

    def __init__(self, p):
        self.p, self.isOn = p, True
        self.pool = (torch.rand(self.SIZE) >= p).float() / (1 - p)

    def __call__(self, x):
        n = x.numel()
        if not self.isOn or self.p == 0:
            return x
        if n > self.SIZE // 2:
            return F.dropout(x, self.p)
        o = int(torch.randint(0, self.SIZE - n, (1,)))
        return x * self.pool[o:o + n].view(x.shape)


class Network:
    def __init__(self, sizes, weights):
        self.d, self.S, self.chunk = sizes['width'], sizes['slots'], sizes['chunk']
        self.drop = Dropout(sizes['dropout'])
        self.w = {}
        self.gru = torch.nn.GRU(self.d, self.d)
        d, gates, candidate = self.d, weights['block.0.gru.gates.weight'], weights['block.0.gru.candidate.weight']
        with torch.no_grad():
            self.gru.weight_ih_l0.copy_(torch.cat([gates[:d], candidate[:d]], 1).t())
            self.gru.weight_hh_l0.copy_(torch.cat([gates[d:], candidate[d:]], 1).t())
            self.gru.bias_ih_l0.copy_(torch.cat([weights['block.0.gru.gates.bias'], weights['block.0.gru.candidate.bias']]))
            self.gru.bias_hh_l0.zero_()
        for name, x in weights.items():
            if '.gru.' not in name:                              # a Linear keeps [outputs inputs], a checkpoint [inputs outputs]
                x = x.t().contiguous() if name.endswith('.weight') else x.clone()
                self.w[name] = x.requires_grad_()

    def parameters(self):
        return [*self.w.values(), *self.gru.parameters()]

    def linear(self, x, name):
        return F.linear(x, self.w[name + '.weight'], self.w.get(name + '.bias'))

    def norm(self, x, name):
        return F.layer_norm(x, (self.d,), self.w[name + '.gain'], self.w[name + '.bias'])

    def feed_forward(self, x, name):
        return self.linear(self.drop(F.gelu(self.linear(x, name + '.ffn.up'))), name + '.ffn.down')

    def memory(self, z, x):
        """z, x [B,T,d] -> read [B,T,d], in chunks in which no slot is formed: D[t,j] is what slot s still gives at t to event j"""
        T, d = z.shape[1], self.d
        k, v, q = self.linear(x, 'memory.key'), self.linear(x, 'memory.value'), self.linear(z, 'memory.query') / math.sqrt(d)
        a = self.linear(z, 'memory.gate').transpose(1, 2)           # [B S T]
        keep, write, K, V, out = F.logsigmoid(a), F.logsigmoid(-a), None, None, []
        for s in range(0, T, self.chunk):
            e = min(T, s + self.chunk)
            kc, vc, qc, w = k[:, s:e], v[:, s:e], q[:, s:e], write[..., s:e]
            cum = keep[..., s:e].cumsum(-1)
            future = torch.ones(e - s, e - s, dtype=torch.bool).triu(1)
            D = (cum.unsqueeze(-1) - cum.unsqueeze(-2) + w.unsqueeze(-2)).masked_fill(future, -1e9).exp()   # [B S C C]
            score = (D * (qc @ kc.transpose(-1, -2)).unsqueeze(1)).sum(-1)
            decay = cum.exp()
            if K is not None:
                score = score + decay * (K @ qc.transpose(-1, -2))
            p = (score + self.w['memory.slot.bias'][:, None]).softmax(1)
            r = (p.unsqueeze(-1) * D).sum(1) @ vc
            out.append(r if V is None else r + (p * decay).transpose(-1, -2) @ V)
            if e < T:
                left = (cum[..., -1:] - cum + w).exp()
                Kn, Vn = left @ kc, left @ vc
                K, V = (Kn, Vn) if K is None else (Kn + decay[..., -1:] * K, Vn + decay[..., -1:] * V)
        return self.linear(torch.cat(out, 1), 'memory.output')

    def loss(self, batch, rows):
        """`rows`: of a chunk of the cross entropy; None: all at once by PyTorch's own"""
        E = self.w['item.embedding']
        x = self.norm(self.drop(F.embedding(batch['rows'], E)), 'input.norm')              # [T B d]
        z = self.norm(x + self.drop(self.gru(x)[0]), 'block.0.norm1')
        z = self.norm(z + self.drop(self.feed_forward(z, 'block.0')), 'block.0.norm2')
        r = self.drop(self.memory(z.transpose(0, 1), x.transpose(0, 1))).transpose(0, 1)
        joined = (z + r).reshape(-1, self.d)[batch['positions']]                           # [P d]
        m = self.norm(joined, 'join.norm1')
        u = self.norm(m + self.drop(self.feed_forward(m, 'join')), 'join.norm2')
        if rows is None:
            return F.cross_entropy(F.linear(u, E[1:], self.w['output.bias']), batch['targets'])
        return ChunkedCrossEntropy.apply(u, E[1:], self.w['output.bias'], batch['targets'], rows)


class Training:
    def __init__(self, sizes, weights, batches):
        self.network = Network(sizes, {name: tensor_of(x) for name, x in weights.items()})
        self.batches = [{
            'rows': torch.tensor(b['rows']).view(b['steps'], b['users']),
            'positions': torch.tensor(b['positions']),
            'targets': torch.tensor(b['targets']) - 1,
        } for b in batches]
        self.adam = torch.optim.Adam(self.network.parameters(), lr=sizes['learningRate'], betas=(0.9, 0.98), fused=True)
        self.clip, self.rows = sizes['clipNorm'], 512

    def check(self):
        self.network.drop.isOn = False
        self.adam.zero_grad()
        loss = self.network.loss(self.batches[0], self.rows)
        loss.backward()
        self.network.drop.isOn = True
        return {'loss': float(loss.detach()), 'gradients': {n: float(x.grad.norm()) for n, x in self.network.w.items()}}

    def step(self, batch):
        wall, cpu = time.perf_counter(), time.process_time()
        self.adam.zero_grad()
        loss = self.network.loss(batch, self.rows)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.clip)
        self.adam.step()
        loss = float(loss.detach())
        return {'seconds': time.perf_counter() - wall, 'cpuSeconds': time.process_time() - cpu, 'loss': loss}

    def round(self):
        return [self.step(batch) for batch in self.batches]

    def choose_rows(self):
        """the fastest way to make the cross entropy here"""
        def cost(rows):
            self.rows = rows
            return min(self.step(self.batches[0])['cpuSeconds'] for _ in range(2))
        self.rows = min((64, 128, 256, 512, None), key=cost)
        return self.rows


def tensor_of(x):
    return torch.frombuffer(bytearray(base64.b64decode(x['data'])), dtype=torch.float32).clone().view(x['shape'])


def main():
    training = None
    for line in sys.stdin:
        message = json.loads(line)
        do = message.pop('do')
        if do == 'build':
            training = Training(**message)
            answer = {'library': 'PyTorch ' + torch.__version__}
        elif do == 'check':
            answer = {**training.check(), 'rows': training.choose_rows()}
        else:
            answer = training.round()
        print(json.dumps(answer), flush=True)


main()

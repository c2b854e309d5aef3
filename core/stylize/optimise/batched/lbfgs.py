"""L-BFGS of several pictures at once, each for itself, on the device alone: no value is asked for by the host.

The direction is that of core.stylize.optimise.lbfgs in compact form (Byrd, Nocedal & Schnabel 1994, "Representations of
quasi-Newton matrices", equation 3.13): steps, changes and the gradient are rows of one matrix a picture, and the direction
is a combination of them whose coefficients follow from their products. A step takes a product with three of the rows, two
triangular systems of the size of the history, and one combination, however many pictures there are.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

Points = Float[Tensor, "n d"]
PerLane = Float[Tensor, " n"]
Rows = Float[Tensor, "n 2m+1 d"]
"""Of each lane the steps S, the changes Y of the gradient, and the gradient g."""

LEAST_CURVATURE = 1e-10
"""Curvature along a pair, by the square of its change, over which it is kept."""


class BatchedLBFGS:
    """Chooses the next points of `lanes` pictures from losses and gradients; see core.stylize.optimise.lbfgs.LBFGS.

    A pair's row hangs on how many its own lane has kept, so that what a lane does hangs neither on the others nor on when
    it was begun.
    """

    def __init__(
        self,
        lanes: int,
        values: int,
        history: int,
        device: torch.device,
        first_step: float = 0.02,
        tolerance: float = 2.0,
    ) -> None:
        self.history, self.first_step, self.tolerance = history, first_step, tolerance
        rows = 2 * history + 1
        self._rows: Rows = torch.zeros(lanes, rows, values, device=device)
        self._products = torch.zeros(lanes, rows, rows, dtype=torch.float64, device=device)
        self._count: Int[Tensor, " n"] = torch.zeros(lanes, dtype=torch.int64, device=device)
        self._begun: Bool[Tensor, " n"] = torch.zeros(lanes, dtype=torch.bool, device=device)
        self._at: Points = torch.zeros(lanes, values, device=device)
        self._at_gradient: Points = torch.zeros(lanes, values, device=device)
        self._at_loss: PerLane = torch.zeros(lanes, device=device)
        self._first_rows = torch.arange(lanes, device=device) * rows
        self._places = torch.arange(rows, device=device)
        self._slots = torch.arange(history, device=device)
        self._eye = torch.eye(history, dtype=torch.float64, device=device)

    def forget(self, lane: int) -> None:
        """Have a lane begin anew."""
        for state in (self._rows, self._products, self._count, self._begun):
            state[lane].zero_()

    def next(self, x: Points, loss: PerLane, gradient: Points) -> Points:
        """The points to evaluate after x."""
        taken_back = self._begun & (loss > self.tolerance * self._at_loss)
        self._remember(x - self._at, gradient - self._at_gradient, gradient, self._begun & ~taken_back)
        back = taken_back.unsqueeze(1)
        following = torch.where(back, self._at + (x - self._at) / 4, x + self._downhill(gradient))
        self._at = torch.where(back, self._at, x)
        self._at_gradient = torch.where(back, self._at_gradient, gradient)
        self._at_loss = torch.where(taken_back, self._at_loss, loss)
        self._begun = torch.ones_like(self._begun)
        return following

    def _remember(self, step: Points, change: Points, gradient: Points, wanted: Bool[Tensor, " n"]) -> None:
        """Keep a pair of each lane that wants to and whose curvature is positive, in the place of its oldest; and the
        gradient; and the products of these with all rows.
        """
        curvature = (step * change).sum(1)
        kept = wanted & (curvature > LEAST_CURVATURE * change.square().sum(1))
        slot = self._count % self.history
        rows = self._rows.view(-1, self._rows.shape[2])
        places = torch.cat([self._first_rows + slot, self._first_rows + slot + self.history])
        both = torch.where(kept.repeat(2).unsqueeze(1), torch.cat([step, change]), rows.index_select(0, places))
        rows.index_copy_(0, places, both)
        self._rows[:, -1] = gradient
        new = torch.stack([*torch.split(both, len(step)), gradient], 2)
        products = torch.bmm(self._rows, new).double()
        for number, place in enumerate((slot, slot + self.history, torch.full_like(slot, 2 * self.history))):
            here = self._places == place.unsqueeze(1)
            values = products[..., number]
            self._products = torch.where(here.unsqueeze(1), values.unsqueeze(2), self._products)
            self._products = torch.where(here.unsqueeze(2), values.unsqueeze(1), self._products)
        self._count = self._count + kept

    def _downhill(self, gradient: Points) -> Points:
        """-H g; where there is no pair yet, a step of the root mean square `first_step`."""
        scale = gradient.square().mean(1).sqrt()
        first = torch.where(scale > 0, -self.first_step / scale, torch.zeros_like(scale))
        none = (self._count == 0).unsqueeze(1)
        only_gradient = torch.cat([torch.zeros_like(self._rows[..., :-1, 0]), first.unsqueeze(1)], 1)
        shares = torch.where(none, only_gradient.double(), self._coefficients())
        return torch.bmm(shares.float().unsqueeze(1), self._rows).squeeze(1)

    def _coefficients(self) -> Float[Tensor, "n 2m+1"]:
        """Of -H g in the rows. With R the upper triangle of S^T Y in the order of time, D its diagonal, and H0 = gamma I:

        p = R^-1 S^T g,  q = R^-T (D p + gamma Y^T Y p - gamma Y^T g),  -H g = -S q + gamma Y p - gamma g.

        A pair that is not there has the row and column of the unit matrix, and no share.
        """
        m = self.history
        order, there = (self._count.unsqueeze(1) + self._slots) % m, self._slots >= m - self._count.unsqueeze(1)
        ordered = self._in_order_of_time(order)
        present = there.to(ordered.dtype)
        both = present.unsqueeze(1) * present.unsqueeze(2)
        sy, yy = ordered[:, :m, m : 2 * m], ordered[:, m : 2 * m, m : 2 * m] * both
        sg, yg = ordered[:, :m, -1] * present, ordered[:, m : 2 * m, -1] * present
        diagonal = sy.diagonal(dim1=1, dim2=2) * present
        upper = sy.triu() * both + self._eye * (1 - present).unsqueeze(2)
        newest = yy[:, -1, -1]
        gamma = (diagonal[:, -1] / torch.where(newest > 0, newest, torch.ones_like(newest))).unsqueeze(1)
        p = torch.linalg.solve_triangular(upper, sg.unsqueeze(2), upper=True).squeeze(2)
        middle = diagonal * p + gamma * (torch.bmm(yy, p.unsqueeze(2)).squeeze(2) - yg)
        q = torch.linalg.solve_triangular(upper.transpose(1, 2), middle.unsqueeze(2), upper=False).squeeze(2)
        shares = torch.cat([-q * present, gamma * p * present], 1)
        place = (self._slots - self._count.unsqueeze(1)) % m
        return torch.cat([shares.gather(1, torch.cat([place, place + m], 1)), -gamma], 1)

    def _in_order_of_time(self, order: Int[Tensor, "n m"]) -> Float[Tensor, "n 2m+1 2m+1"]:
        rows = torch.cat([order, order + self.history, torch.full_like(order[:, :1], 2 * self.history)], 1)
        size = self._products.shape
        return self._products.gather(1, rows.unsqueeze(2).expand(size)).gather(2, rows.unsqueeze(1).expand(size))

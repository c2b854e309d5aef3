"""Pictures of one shape, each in a lane of one batch: a pass, a step and all decisions for all of them on the device.

What core.stylize.optimise.optimisation decides by values of one picture - a step that is taken back, a loss that has come
down far enough, the best picture so far - is decided here by masks. A lane that is done is frozen by its mask, so that its
picture does not depend on when the host looks. The host looks at losses and masks by delayed reads: it queues steps, and
never waits for one.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.errors import JobError
from core.networks.backbone import Backbone
from core.networks.delayed_read import DelayedRead
from core.stylize.optimise.batched.descent_request import DescentRequest
from core.stylize.optimise.batched.lbfgs import BatchedLBFGS
from core.stylize.optimise.batched.stacked_losses import stacked
from core.stylize.optimise.frequency_scaling import FrequencyScaling
from core.stylize.optimise.lbfgs import history_of
from core.stylize.optimise.losses import PIXELS, Loss, total

LOOK_EVERY = 4
"""Steps from one look at losses and masks to the next."""


@dataclass(eq=False)
class Occupant:
    """A picture in a lane. `result`: its best picture, once the lane is done with; `told`: losses that were passed on."""

    number: int
    request: DescentRequest
    steps: int = 0
    told: int = 0
    result: Tensor | None = None


Ended = tuple[int, Tensor | JobError]
"""The number of a picture, and its best form (3, h, w) or why there is none."""


class LaneBatch:
    """State on the device of up to `lanes` pictures of the kind of `first`; calls of the network have `lanes`, always."""

    def __init__(self, first: DescentRequest, backbone: Backbone, lanes: int) -> None:
        self._backbone, self._steps = backbone, first.steps
        recipe, device = first.recipe, first.picture.device
        values = first.picture.numel()
        self._patience, self._tolerance = recipe.patience, recipe.tolerance
        self._enough = recipe.polish_to if recipe.method == "polish" else 0.0
        self._scaling = FrequencyScaling(first.picture.shape[1], first.picture.shape[2], recipe.low_frequencies, device)
        self._search = BatchedLBFGS(lanes, values, history_of(values), device)
        self._start = first.picture.expand(lanes, *first.picture.shape).clone()
        self._u, self._best = (torch.zeros(lanes, values, device=device) for _ in range(2))
        self._x = self._start
        self._losses, self._leasts = (
            torch.full((lanes, self._steps), math.inf, dtype=torch.float64, device=device) for _ in range(2)
        )
        self._least = torch.full((lanes,), math.inf, dtype=torch.float64, device=device)
        self._done = torch.zeros(lanes, dtype=torch.int64, device=device)
        self._going = torch.zeros(lanes, dtype=torch.bool, device=device)
        self._places = torch.arange(self._steps, device=device)
        self._lanes: list[Occupant | None] = [None] * lanes
        self._terms: Sequence[Loss] | None = None
        self._looks: deque[tuple[DelayedRead, list[tuple[int, Occupant]]]] = deque()
        self._queued = 0

    @property
    def lanes(self) -> int:
        """Pictures of a call."""
        return len(self._lanes)

    @property
    def active(self) -> int:
        """Lanes whose picture still has steps to go, as far as the host knows."""
        return sum(lane is not None for lane in self._lanes)

    @property
    def free(self) -> int:
        """Lanes that can take a picture."""
        return self.lanes - self.active

    @property
    def is_looking(self) -> bool:
        """Whether there are reads under way."""
        return bool(self._looks)

    def put(self, number: int, request: DescentRequest) -> None:
        """Begin a picture in a free lane."""
        lane = self._lanes.index(None)
        self._lanes[lane] = Occupant(number, request)
        self._start[lane] = request.picture
        for state in (self._u, self._best, self._done):
            state[lane].zero_()
        for state in (self._losses, self._leasts, self._least):
            state[lane].fill_(math.inf)
        self._going[lane].fill_(True)
        self._search.forget(lane)
        self._terms = None

    def step(self) -> None:
        """Queue a pass and a step of every lane, and now and then a look; free the lanes that have had all their steps."""
        x = (self._start + self._scaling(self._u.view_as(self._start))).requires_grad_()
        loss = total(self._stacked(), {**self._backbone.features(x), PIXELS: x})
        (gradient,) = torch.autograd.grad(loss.sum(), x)
        self._x = x.detach()
        self._advance(loss.detach(), self._scaling(gradient).flatten(1))
        self._queued += 1
        ending = False
        for occupant in filter(None, self._lanes):
            occupant.steps += 1
            ending |= occupant.steps == self._steps
        if ending or self._queued % LOOK_EVERY == 0 or self._each_step():
            self._look()
        self._free_those_at_their_last_step()

    def ended(self, wait: bool) -> Iterator[Ended]:
        """Pass on the losses that have been read, and give the pictures that are done. Without `wait`, only a look that is
        there, or has another queued behind it, is taken. Raises what abandons all.
        """
        while self._looks and (wait or len(self._looks) > 1 or self._each_step() or self._looks[0][0].is_there):
            read, seen = self._looks.popleft()
            values = read.take()
            for lane, occupant in seen:
                if (end := self._told(lane, occupant, values[lane])) is not None:
                    yield occupant.number, end

    def _advance(self, loss: Tensor, gradient: Tensor) -> None:
        """Take losses (n,) and gradients (n, d) at u; what _Plateau and _descent do for one picture."""
        going, exact = self._going, loss.double()
        here = (self._places == self._done.unsqueeze(1)) & going.unsqueeze(1)
        better = going & (exact < self._least)
        self._best = torch.where(better.unsqueeze(1), self._u, self._best)
        self._least = torch.where(better, exact, self._least)
        self._losses = torch.where(here, exact.unsqueeze(1), self._losses)
        self._leasts = torch.where(here, self._least.unsqueeze(1), self._leasts)
        self._done = self._done + going
        over = ~torch.isfinite(exact) | (self._least <= self._enough) | (self._done >= self._steps)
        if self._patience:
            before = (self._done - 1 - self._patience).clamp(min=0).unsqueeze(1)
            then = self._leasts.gather(1, before).squeeze(1)
            over |= (self._done > self._patience) & (self._least > (1 - self._tolerance) * then)
        self._going = going & ~over
        self._u = torch.where(self._going.unsqueeze(1), self._search.next(self._u, loss, gradient), self._u)

    def _stacked(self) -> Sequence[Loss]:
        """The losses of all lanes as those of the batch; a lane that is free has those of another."""
        if self._terms is None:
            spare = next(lane for lane in self._lanes if lane is not None)
            self._terms = stacked([(lane or spare).request.losses for lane in self._lanes])
        return self._terms

    def _each_step(self) -> bool:
        return any(lane is not None and lane.request.each_step for lane in self._lanes)

    def _look(self) -> None:
        """Have losses, counts and masks read: (n, steps + 2)."""
        state = [self._losses, self._done.double().unsqueeze(1), self._going.double().unsqueeze(1)]
        occupied = [(number, lane) for number, lane in enumerate(self._lanes) if lane is not None]
        self._looks.append((DelayedRead(torch.cat(state, 1)), occupied))

    def _free_those_at_their_last_step(self) -> None:
        for number, lane in enumerate(self._lanes):
            if lane is not None and lane.steps >= self._steps and not lane.request.each_step:
                self._free(number, lane)

    def _free(self, number: int, lane: Occupant) -> Tensor:
        """Take the best picture out of a lane that is done."""
        u = self._best[number].view_as(lane.request.picture)
        lane.result = lane.request.picture + self._scaling(u)
        self._lanes[number] = None
        return lane.result

    def _told(self, number: int, lane: Occupant, values: Tensor) -> Tensor | JobError | None:
        """Pass on a lane's new losses; its end, if it has come."""
        if lane.told < 0:
            return None
        *losses, done, going = values.tolist()
        fresh, lane.told = losses[lane.told : int(done)], int(done)
        try:
            for loss in fresh:
                lane.request.tell(loss, lambda: self._picture(number, lane))
        except JobError as error:
            lane.told = -1
            if lane.result is None:
                self._free(number, lane)
            self._going[number].fill_(False)
            return error
        if going:
            return None
        lane.told = -1
        return self._free(number, lane) if lane.result is None else lane.result

    def _picture(self, number: int, lane: Occupant) -> Tensor:
        return self._x[number] if lane.result is None else lane.result

import pytest
import torch
import torch.utils.flop_counter
from torch import Tensor

from core.networks.transfer_flops import REDUCTION, gflop
from core.stylize.feedforward.network import TransferNetwork, mirrored_to
from tests.core.stylize.conftest import waves


@pytest.fixture(scope="module")
def network() -> TransferNetwork:
    torch.manual_seed(0)
    return TransferNetwork().requires_grad_(False)


@pytest.fixture(scope="module")
def styles(network: TransferNetwork) -> Tensor:
    return 0.5 * torch.randn(3, network.embedding_size, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("size", [(1, 1), (3, 50), (16, 16), (17, 31), (64, 40)])
def test_any_size_comes_out_as_it_went_in(network: TransferNetwork, styles: Tensor, size: tuple[int, int]) -> None:
    painted = network(waves(*size).unsqueeze(0), styles[:1])
    assert painted.shape == (1, 3, *size)
    assert painted.min() >= 0
    assert painted.max() <= 1


def test_each_item_of_a_batch_has_its_own_style(network: TransferNetwork, styles: Tensor) -> None:
    x = waves(32, 48).expand(3, -1, -1, -1)
    together = network(x, styles)
    for place in range(3):
        alone = network(x[:1], styles[place : place + 1])
        torch.testing.assert_close(together[place : place + 1], alone, rtol=1e-4, atol=1e-5)
    assert (together[0] - together[1]).abs().mean() > 0.01


def test_the_embedding_has_a_scale_and_a_shift_for_every_normalised_channel(network: TransferNetwork) -> None:
    assert network.embedding_size == 2 * sum(network.widths)
    norms = list(network.norms())
    assert [norm.channels for norm in norms] == list(network.widths)
    first = torch.zeros(1, network.embedding_size)
    first[:, network.widths[0] : 2 * network.widths[0]] = 5.0  # the shift of the first norm alone
    x = waves(32, 32).unsqueeze(0)
    assert (network(x, first) - network(x, torch.zeros_like(first))).abs().max() > 1e-3


def test_a_part_painted_by_the_statistics_of_the_whole_is_a_part_of_the_whole(
    network: TransferNetwork, styles: Tensor
) -> None:
    x = waves(256, 320).unsqueeze(0)
    whole, seen = network(x, styles[:1]), network.statistics(x, styles[:1])
    part = network(x[:, :, 16:240, 24:312], styles[:1], seen)
    inner = part[:, :, 96:-96, 96:-96]
    torch.testing.assert_close(inner, whole[:, :, 112:144, 120:216], rtol=1e-4, atol=1e-4)


def test_sides_that_eight_does_not_divide_are_continued_by_mirroring(network: TransferNetwork, styles: Tensor) -> None:
    x = waves(45, 51).unsqueeze(0)
    torch.testing.assert_close(network(x, styles[:1]), network(mirrored_to(x, REDUCTION), styles[:1])[..., :45, :51])


def test_gradients_reach_pixels_and_embedding() -> None:
    torch.manual_seed(0)
    network = TransferNetwork()
    x = waves(32, 32).unsqueeze(0).requires_grad_()
    embedding = torch.zeros(1, network.embedding_size, requires_grad=True)
    network(x, embedding).square().mean().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0
    assert embedding.grad is not None
    assert (embedding.grad != 0).float().mean() > 0.9
    assert all(each.grad is not None and each.grad.abs().sum() > 0 for each in network.parameters())


def test_work_is_at_most_eight_gflop_at_512_by_269() -> None:
    assert 7.5 < gflop(269, 512) < 8.0
    assert gflop(538, 1024) == pytest.approx(4 * gflop(269, 512))


@pytest.mark.parametrize("breadth", [0.5, 2.0])
def test_a_broader_network_takes_the_more_work_and_paints_alike(breadth: float) -> None:
    network = TransferNetwork(breadth).requires_grad_(False)
    with torch.utils.flop_counter.FlopCounterMode(display=False) as counter:
        y = network(torch.rand(1, 3, 64, 64), torch.zeros(1, network.embedding_size))
    assert y.shape == (1, 3, 64, 64)
    assert counter.get_total_flops() / 1e9 == pytest.approx(gflop(64, 64, breadth), rel=0.1)
    assert network.embedding_size == breadth * TransferNetwork().embedding_size

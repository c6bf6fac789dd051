"""Parts of a model's `model_sampling` as packs know them: what the network's output means.

    class Mine(ModelSamplingDiscrete, V_PREDICTION): ...

Each part is a method or two over sigma; `sigma_data` is the deviation of the data that the network knows (Karras et al. 2022,
table 1). The levels are in compat.wires.sampling_levels.
"""

from __future__ import annotations

from torch import Tensor

from diffusion.levels import LAST_ABAR


def reshape_sigma(sigma: Tensor, noise_dim: int) -> Tensor:
    """Return levels (batch,) or () so that they multiply tensors of so many dimensions."""
    return sigma.reshape(()) if sigma.numel() == 1 else sigma.reshape(-1, *[1] * (noise_dim - 1))


def rescale_zero_terminal_snr_sigmas(sigmas: Tensor) -> Tensor:
    """Return levels moved so that nothing of the data is left at the last (Lin et al. 2024, algorithm 1)."""
    root = (1.0 / (sigmas**2 + 1.0)).sqrt()
    moved = (root - root[-1]) * (root[0] / (root[0] - root[-1]))
    abar = moved**2
    abar[-1] = LAST_ABAR
    return ((1.0 - abar) / abar).sqrt()


class EPS:
    """The network predicts the noise; x is data plus noise."""

    sigma_data: float = 1.0

    def calculate_input(self, sigma: Tensor, noise: Tensor) -> Tensor:
        """Return x in unit variance."""
        scaled: Tensor = noise / (reshape_sigma(sigma, noise.ndim) ** 2 + self.sigma_data**2).sqrt()
        return scaled

    def calculate_denoised(self, sigma: Tensor, model_output: Tensor, model_input: Tensor) -> Tensor:
        """Return the finished latent that an output means."""
        return model_input - model_output * reshape_sigma(sigma, model_output.ndim)

    def noise_scaling(self, sigma: Tensor, noise: Tensor, latent_image: Tensor, max_denoise: bool = False) -> Tensor:
        """Return a latent with noise at a level."""
        level = reshape_sigma(sigma, noise.ndim)
        return noise * ((1.0 + level**2).sqrt() if max_denoise else level) + latent_image

    def inverse_noise_scaling(self, sigma: Tensor, latent: Tensor) -> Tensor:
        """Return a latent in the scale of data."""
        return latent


class V_PREDICTION(EPS):
    """The network predicts v (Salimans & Ho 2022)."""

    _sign = -1.0

    def calculate_denoised(self, sigma: Tensor, model_output: Tensor, model_input: Tensor) -> Tensor:
        """Return the finished latent that an output means."""
        level, data = reshape_sigma(sigma, model_output.ndim), self.sigma_data
        total = level**2 + data**2
        return model_input * data**2 / total + self._sign * model_output * level * data / total.sqrt()


class EDM(V_PREDICTION):
    """The network predicts as in Karras et al. (2022), eq. 7."""

    _sign = 1.0


class CONST:
    """The network predicts noise minus data; x mixes the two (Liu et al. 2022)."""

    def calculate_input(self, sigma: Tensor, noise: Tensor) -> Tensor:
        """Return x."""
        return noise

    def calculate_denoised(self, sigma: Tensor, model_output: Tensor, model_input: Tensor) -> Tensor:
        """Return the finished latent that an output means."""
        return model_input - model_output * reshape_sigma(sigma, model_output.ndim)

    def noise_scaling(self, sigma: Tensor, noise: Tensor, latent_image: Tensor, max_denoise: bool = False) -> Tensor:
        """Return a latent with noise at a level."""
        level = reshape_sigma(sigma, noise.ndim)
        return level * (getattr(self, "noise_scale", 1.0) * noise) + (1.0 - level) * latent_image

    def inverse_noise_scaling(self, sigma: Tensor, latent: Tensor) -> Tensor:
        """Return a latent in the scale of data."""
        return latent / (1.0 - reshape_sigma(sigma, latent.ndim))


class X0(EPS):
    """The network predicts the data."""

    def calculate_denoised(self, sigma: Tensor, model_output: Tensor, model_input: Tensor) -> Tensor:
        """Return the output."""
        return model_output


class IMG_TO_IMG(X0):
    """The same of pictures that are not noised."""

    def calculate_input(self, sigma: Tensor, noise: Tensor) -> Tensor:
        """Return x."""
        return noise


class IMG_TO_IMG_FLOW(CONST):
    """From a picture to another along a flow."""

    def calculate_denoised(self, sigma: Tensor, model_output: Tensor, model_input: Tensor) -> Tensor:
        """Return the output."""
        return model_output

    def noise_scaling(self, sigma: Tensor, noise: Tensor, latent_image: Tensor, max_denoise: bool = False) -> Tensor:
        """Return the latent."""
        return latent_image

    def inverse_noise_scaling(self, sigma: Tensor, latent: Tensor) -> Tensor:
        """Return what is left of 1."""
        return 1.0 - latent

public import Torch

/// The conditioning of SDXL's UNet besides prompt and timestep (Podell et al. 2023, section 2.2;
/// diffusers `added_cond_kwargs`).
public struct AddedConditioning {
  /// The pooled text vector, `[B, P]`.
  public let textEmbeds: Tensor
  /// Sizes in pixels in float32, `[B, 6]`: original height and width, crop top and left, target
  /// height and width. The refiner has `[B, 5]`: an aesthetic score instead of the target size.
  public let timeIds: Tensor

  /// Two tensors with the batch size of the UNet's sample.
  public init(textEmbeds: Tensor, timeIds: Tensor) {
    self.textEmbeds = textEmbeds
    self.timeIds = timeIds
  }

  /// The pooled vector and the sinusoids of all sizes side by side, `[B, P + sizes * channels]`.
  func features(_ timeProj: Timesteps, dtype: DType) throws -> Tensor {
    let batch = timeIds.shape[0]
    let sizes = try timeProj(timeIds.reshape([-1])).reshape([batch, -1])  // [B, sizes * channels]
    return try Tensor.cat([textEmbeds.to(dtype), sizes.to(dtype)], dim: 1)
  }
}

import Torch

/// Classifier-free guidance (Ho & Salimans 2022), with an optional rescaling that removes the
/// contrast it adds (Lin et al. 2023, section 3.4; diffusers `rescale_noise_cfg`).
struct Guidance {
  let scale: Double
  let rescale: Double

  /// The guided prediction of two predictions, all `[1, C, H, W]`.
  func callAsFunction(negative: Tensor, prompt: Tensor) throws(TorchError) -> Tensor {
    let guided = try negative + (prompt - negative) * scale
    guard rescale > 0 else { return guided }
    let rescaled = try guided * (prompt.deviation() / guided.deviation())
    return try rescaled * rescale + guided * (1 - rescale)
  }
}

extension Tensor {
  /// The standard deviation of each sample's elements, unbiased as in torch: `[B, 1, 1, 1]`.
  fileprivate func deviation() throws(TorchError) -> Tensor {
    let dims = Array(1..<dimensions)
    let count = Double(shape.dropFirst().reduce(1, *))
    let squares = try (self - mean(dims: dims, keepDim: true)).square()
    return try (squares.sum(dims: dims, keepDim: true) / (count - 1)).sqrt()
  }
}

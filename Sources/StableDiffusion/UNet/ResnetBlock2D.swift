import NN
import Torch

/// Two convolutions with a shift by the timestep between them, and a skip connection (diffusers
/// `ResnetBlock2D`).
final class ResnetBlock2D: Recomputable {
  /// The adapters' tensors inside, if activations are recomputed in the backward pass.
  var recomputedLeaves: [Tensor]?
  let norm1: GroupNorm
  let conv1: Conv2d
  let timeEmbProj: Linear?
  let norm2: GroupNorm
  let conv2: Conv2d
  let convShortcut: Conv2d?

  /// - Parameter tembChannels: width of the timestep's embedding; nil in the autoencoder.
  init(_ inChannels: Int, _ outChannels: Int, tembChannels: Int?, groups: Int, eps: Double) {
    norm1 = GroupNorm(groups: groups, channels: inChannels, eps: eps)
    conv1 = Conv2d(inChannels, outChannels, kernelSize: 3, padding: 1)
    timeEmbProj = tembChannels.map { Linear($0, outChannels) }
    norm2 = GroupNorm(groups: groups, channels: outChannels, eps: eps)
    conv2 = Conv2d(outChannels, outChannels, kernelSize: 3, padding: 1)
    convShortcut =
      inChannels == outChannels ? nil : Conv2d(inChannels, outChannels, kernelSize: 1)
  }

  /// `[B, inChannels, H, W]` and the activated embedding of the timestep `[B, T]` to `[B, outChannels, H, W]`.
  func callAsFunction(_ sample: Tensor, temb: Tensor? = nil) throws -> Tensor {
    var hidden = try conv1(norm1.activated(sample))
    if let temb, let timeEmbProj {
      let shift = try timeEmbProj(temb).unsqueeze(-1).unsqueeze(-1)  // [B, C, 1, 1]
      hidden = try hidden + shift
    }
    hidden = try conv2(norm2.activated(hidden))
    guard let convShortcut else { return try sample + hidden }
    return try convShortcut(sample) + hidden
  }
}

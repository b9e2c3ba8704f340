import NN
import Torch

/// A stack of transformer blocks over the pixels of a feature map (Rombach et al. 2022, section
/// 3.3; diffusers `Transformer2DModel`).
final class Transformer2DModel: Module {
  /// The sizes that the transformers of one level share.
  struct Shape {
    let heads: Int
    let layers: Int
    let crossAttentionDim: Int
    let useLinearProjection: Bool
  }

  let norm: GroupNorm
  let projIn: any UnaryLayer
  let transformerBlocks: [BasicTransformerBlock]
  let projOut: any UnaryLayer
  private let useLinearProjection: Bool

  init(_ channels: Int, shape: Shape, groups: Int) {
    useLinearProjection = shape.useLinearProjection
    norm = GroupNorm(groups: groups, channels: channels, eps: 1e-6)
    projIn = Self.projection(channels, linear: shape.useLinearProjection)
    transformerBlocks = (0..<shape.layers).map { _ in
      BasicTransformerBlock(
        dim: channels, heads: shape.heads, crossAttentionDim: shape.crossAttentionDim)
    }
    projOut = Self.projection(channels, linear: shape.useLinearProjection)
  }

  private static func projection(_ channels: Int, linear: Bool) -> any UnaryLayer {
    linear ? Linear(channels, channels) : Conv2d(channels, channels, kernelSize: 1)
  }

  /// `[B, C, H, W]` and the prompt to `[B, C, H, W]`.
  func callAsFunction(_ sample: Tensor, prompt: PromptContext) throws -> Tensor {
    let shape = sample.shape
    var hidden = try norm(sample)
    if useLinearProjection {
      hidden = try projIn(Self.tokens(hidden))
    } else {
      hidden = try Self.tokens(projIn(hidden))
    }
    for block in transformerBlocks {
      hidden = try block.recomputed([hidden] + prompt.inputs(of: block.attn2)) {
        try block($0[0], prompt: Array($0.dropFirst()))
      }
    }
    if useLinearProjection {
      hidden = try Self.pixels(projOut(hidden), shape)
    } else {
      hidden = try projOut(Self.pixels(hidden, shape))
    }
    // `sample` comes first because the sum takes the memory layout of its first term.
    return try sample + hidden
  }

  /// `[B, C, H, W]` to `[B, H * W, C]`.
  private static func tokens(_ x: Tensor) throws -> Tensor {
    let shape = x.shape
    return try x.permute([0, 2, 3, 1]).reshape([shape[0], shape[2] * shape[3], shape[1]])
  }

  /// `[B, H * W, C]` to `[B, C, H, W]`, which is `shape`.
  private static func pixels(_ x: Tensor, _ shape: [Int]) throws -> Tensor {
    try x.reshape([shape[0], shape[2], shape[3], shape[1]]).permute([0, 3, 1, 2])
  }
}

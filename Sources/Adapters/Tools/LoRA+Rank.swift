import NN
import Torch

extension LoRA {
  /// The factor on the product of the matrices.
  var factor: Double { scale * strength }

  /// One LoRA whose delta is the sum of the deltas: the matrices side by side. The largest factor
  /// stays beside them as `scale`, so that in a half type no matrix loses more digits than it must.
  static func sum(_ all: [LoRA]) throws -> LoRA {
    let largest = all.map { abs($0.factor) }.max() ?? 0
    let scale = largest > 0 ? largest : 1
    return LoRA(
      down: try .cat(all.map { try $0.down.to(.float32) }, dim: 0),
      up: try .cat(all.map { try $0.up.to(.float32) * ($0.factor / scale) }, dim: 1), scale: scale)
  }

  /// The closest LoRA of the rank that a rule gives, and the share of the delta's Frobenius norm
  /// that it keeps. `scale` stays. A LoRA that already has the rank, or a lower one, stays as it is.
  ///
  /// - Parameter shape: the shape of the layer's weight.
  func resized(by rule: RankRule, shape: [Int]) throws -> (lora: LoRA, kept: Double) {
    let rank = down.shape[0]
    let decomposition = try Decomposition(
      up: up.reshape([-1, rank]), down: down.reshape([rank, -1]))
    let newRank = rule.rank(of: decomposition.values, shape: shape)
    guard newRank < rank else { return (self, 1) }
    return (
      try LoRA(decomposition, rank: newRank, shape: shape, scale: factor),
      decomposition.keptNorm(rank: newRank)
    )
  }

  /// The first `rank` singular values and vectors of a matrix, for a layer of this shape.
  init(_ decomposition: Decomposition, rank: Int, shape: [Int], scale: Double) throws {
    let (up, down) = try decomposition.factors(rank: rank)
    self.init(
      down: try down.reshape([rank] + shape.dropFirst()),
      up: try up.reshape([shape[0], rank] + shape.dropFirst(2).map { _ in 1 }), scale: scale)
  }
}

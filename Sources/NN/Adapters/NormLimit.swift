import Torch

/// A limit of the size of every adapter (`scale_weight_norms` of sd-scripts, `apply_max_norm` of LyCORIS).
package struct NormLimit {
  private let adapters: [any TrainableAdapterKind]
  private let limit: Double

  /// - Parameter limit: The largest Frobenius norm of an adapter's change of a weight.
  package init(_ sites: [AdapterSite], limit: Double) {
    adapters = sites.compactMap { $0.adapter as? any TrainableAdapterKind }
    self.limit = limit
  }

  /// Scales the adapters whose norm is above the limit. The device is not waited for. Throws `TorchError`.
  package func apply() throws {
    try noGrad { for adapter in adapters { try adapter.limitNorm(to: limit) } }
  }

  /// What a norm is multiplied by, a scalar of at most 1.
  static func factor(on norm: Tensor, limit: Double) throws(TorchError) -> Tensor {
    let norm = try norm.clamp(min: limit / 2)
    return try norm.clamp(max: limit) / norm
  }
}

import Torch

/// The memory of fused layers of one type and device. All trained matrices lie side by side, and so do
/// the copies of them that the passes use and the gradients, so that one operation copies, adds, clips
/// or updates them all.
final class FusedMemory {
  private let trained: [Tensor]
  /// The trained matrices, float32.
  private let values: Tensor
  /// The same in the type of the layers. In float32 it is `values` itself.
  private let copies: Tensor
  /// The gradients of the passes since the last collection, in the type of the layers.
  private let gradients: Tensor

  /// Moves the trained matrices of the layers into this memory.
  init(_ layers: [FusedLinears]) throws {
    let (dtype, device) = (layers[0].dtype, layers[0].device)
    trained = layers.flatMap(\.trained)
    let counts = layers.map { $0.trained.reduce(0) { $0 + $1.count } }
    let total = [counts.reduce(0, +)]
    values = try .empty(total, device: device)
    copies =
      dtype == .float32
      ? values : try .empty(total, dtype: dtype, device: device)
    gradients = try .zeros(total, dtype: dtype, device: device)
    try noGrad {
      for (tensor, view) in zip(trained, try views(of: values)) { try tensor.move(into: view) }
    }
    var start = 0
    for (layer, count) in zip(layers, counts) {
      try layer.use(
        copies.narrow(dim: 0, start: start, length: count),
        gradients: gradients.narrow(dim: 0, start: start, length: count))
      start += count
    }
  }

  /// Copies the trained matrices into the layers.
  func refresh() throws {
    if copies !== values { try Tensor.copyEach(to: [copies], from: [values]) }
  }

  /// Adds the gradients of the passes to those of the trained matrices.
  func collectGradients() throws {
    let collected =
      gradients.dtype == .float32 ? try gradients.clone() : try gradients.to(.float32)
    var (sums, added): ([Tensor], [Tensor]) = ([], [])
    for (tensor, gradient) in zip(trained, try views(of: collected)) {
      if let sum = try tensor.grad {
        sums.append(sum)
        added.append(gradient)
      } else {
        try tensor.setGrad(gradient)
      }
    }
    try Tensor.addEach(to: sums, added)
    try dropGradients()
  }

  /// Drops the gradients of the passes.
  func dropGradients() throws { try gradients.setZero() }

  /// The parts of a tensor that belong to each of the trained matrices, in their shapes.
  private func views(of all: Tensor) throws -> [Tensor] {
    var start = 0
    return try trained.map { tensor in
      defer { start += tensor.count }
      return try all.narrow(dim: 0, start: start, length: tensor.count).reshape(tensor.shape)
    }
  }
}

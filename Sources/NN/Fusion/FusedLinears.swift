import Torch

/// Linear layers with the same input and LoRA adapters, as one node of the graph.
///
/// The weights lie side by side in one matrix, and so do copies of the adapters' matrices, in the type
/// of the weights. A backward pass computes the gradients of the copies.
final class FusedLinears {
  /// A trained matrix, and its copy.
  struct Copy {
    let trained: Tensor
    /// A view of a leaf.
    let view: Tensor
    /// The gradient of the copy, a view of the leaf's.
    let gradient: () throws -> Tensor?
  }

  /// The adapter of each layer; nil if it has none.
  let members: [LoRA?]
  /// The copies of all adapters' matrices.
  private(set) var copies: [Copy] = []

  private let sizes: [Int]
  private let weight: Tensor
  private let bias: Tensor?
  private let down: Tensor
  private var ups: [(stack: Tensor, column: Int, scale: Double)] = []

  /// Moves the weights of several layers into one matrix, of which the layers then have views.
  init(_ layers: [Linear], _ adapters: [LoRA?]) throws {
    members = adapters
    sizes = layers.map(\.outFeatures)
    weight = try Self.joined(layers.map(\.weight))
    bias = try layers[0].bias == nil ? nil : Self.joined(layers.compactMap(\.bias))
    let ranks = adapters.compactMap { $0?.down.shape[0] }
    down = try .empty(
      [ranks.reduce(0, +), layers[0].inFeatures], dtype: weight.dtype, device: weight.device)
    try addDowns()
    try addUps()
    for leaf in leaves { try leaf.setRequiresGrad(true) }
  }

  /// The tensors whose gradients a backward pass computes.
  var leaves: [Tensor] { [down] + ups.map(\.stack) }

  /// Drops the gradients of a backward pass.
  func dropGradients() throws {
    for leaf in leaves { try leaf.setGrad(nil) }
  }

  /// The outputs of the layers for `[..., in]`, which `norm` changes first.
  func callAsFunction(_ x: Tensor, after norm: LayerNorm?) throws -> [Tensor] {
    let output = try x.loraLinear(
      weight, bias, down: down, ups: ups,
      norm: norm.map { (weight: try $0.weight.tensor, bias: try $0.bias.tensor, eps: $0.eps) })
    return sizes.count == 1 ? [output] : try output.split(sizes, dim: -1)
  }

  /// The parameters one after the other. Several are moved into a new tensor.
  private static func joined(_ parameters: [Parameter]) throws -> Tensor {
    guard parameters.count > 1 else { return try parameters[0].tensor }
    let all = try Tensor.cat(parameters.map { try $0.tensor }, dim: 0)
    var row = 0
    for parameter in parameters {
      parameter.bind(try all.narrow(dim: 0, start: row, length: parameter.shape[0]))
      row += parameter.shape[0]
    }
    return all
  }

  private func addDowns() throws {
    var row = 0
    for lora in members.compactMap({ $0 }) {
      let (start, rank) = (row, lora.down.shape[0])
      copies.append(
        Copy(
          trained: lora.down, view: try down.narrow(dim: 0, start: start, length: rank),
          gradient: { [down] in try down.grad?.narrow(dim: 0, start: start, length: rank) }))
      row += rank
    }
  }

  /// Neighbours with matrices of the same shape and the same scale share a stack.
  private func addUps() throws {
    var column = 0
    var run: (column: Int, adapters: [LoRA]) = (0, [])
    for (lora, size) in zip(members + [nil], sizes + [0]) {
      if let last = run.adapters.last,
        lora?.up.shape != last.up.shape || lora?.scale != last.scale
      {
        try addStack(run.adapters, column: run.column)
        run.adapters = []
      }
      if let lora {
        if run.adapters.isEmpty { run.column = column }
        run.adapters.append(lora)
      }
      column += size
    }
  }

  private func addStack(_ adapters: [LoRA], column: Int) throws {
    let shape = [adapters.count] + adapters[0].up.shape
    let stack = try Tensor.empty(shape, dtype: weight.dtype, device: weight.device)
    for (index, lora) in adapters.enumerated() {
      copies.append(
        Copy(
          trained: lora.up, view: try stack.select(dim: 0, index: index),
          gradient: { try stack.grad?.select(dim: 0, index: index) }))
    }
    ups.append((stack, column, adapters[0].scale))
  }
}

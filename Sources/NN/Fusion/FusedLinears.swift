import Torch

/// Linear layers with the same input and LoRA adapters, as one node of the graph.
///
/// The weights lie side by side in one matrix, and so do copies of the adapters' matrices, in the type
/// of the weights. A backward pass computes the gradients of the copies.
final class FusedLinears {
  /// The adapter of each layer; nil if it has none.
  let members: [LoRA?]
  /// The type of the weights.
  let dtype: DType
  /// The device of the weights.
  let device: Device
  /// The trained matrices in the order of their memory: all down matrices, then the up matrices.
  let trained: [Tensor]

  private let sizes: [Int]
  private let weights: [Parameter]
  /// The weights of all layers, one below the other; nil if they are in a stored form.
  private var joinedWeight: Tensor?
  private let bias: Tensor?
  private let runs: [Run]
  /// The copies, and the sums of their gradients: of the down matrices, and of each run's stack.
  private var copies: [Tensor] = []
  private var gradients: [Tensor] = []

  /// Neighbours with up matrices of the same shape and the same scale. They share a stack.
  private struct Run {
    /// The first output column.
    let column: Int
    var adapters: [LoRA]
  }

  /// Moves the weights of several layers into one matrix, of which the layers then have views. The
  /// layers have no memory for copies before ``use(_:gradients:)``.
  init(_ layers: [Linear], _ adapters: [LoRA?]) throws {
    members = adapters
    sizes = layers.map(\.outFeatures)
    weights = layers.map(\.weight)
    guard let dtype = weights[0].dtype, let device = weights[0].device else {
      throw WeightsError.notLoaded(shape: weights[0].shape)
    }
    (self.dtype, self.device) = (dtype, device)
    joinedWeight = weights.contains(where: \.isStored) ? nil : try Self.joined(weights)
    bias = try layers[0].bias == nil ? nil : Self.joined(layers.compactMap(\.bias))
    runs = Self.runs(adapters, sizes: sizes)
    trained = adapters.compactMap { $0?.down } + runs.flatMap { $0.adapters.map(\.up) }
  }

  /// The weights of all layers, one below the other. Stored ones are joined for each call.
  private var weight: Tensor {
    get throws {
      guard weights.contains(where: \.isStored) else {
        let joined = try joinedWeight ?? Self.joined(weights)
        joinedWeight = joined
        return joined
      }
      guard weights.count > 1 else { return try weights[0].tensor }
      let rows = [sizes.reduce(0, +)] + weights[0].shape.dropFirst()
      let all = try Tensor.empty(rows, dtype: dtype, device: device)
      var row = 0
      for (weight, size) in zip(weights, sizes) {
        try all.narrow(dim: 0, start: row, length: size).copy(from: weight.tensor)
        row += size
      }
      return all
    }
  }

  /// Forgets the joined weight if a part of it is in a stored form.
  func dropJoinedWeight() { if weights.contains(where: \.isStored) { joinedWeight = nil } }

  /// Takes memory for the copies of the trained matrices and their gradients, one number for each of
  /// theirs.
  func use(_ memory: Tensor, gradients memoryOfGradients: Tensor) throws {
    copies = try stacks(of: memory)
    gradients = try stacks(of: memoryOfGradients)
    for leaf in copies { try leaf.setRequiresGrad(true) }
  }

  /// The tensors that a backward pass computes gradients of.
  var leaves: [Tensor] { copies }

  /// The outputs of the layers for `[..., in]`, which `norm` changes first.
  func callAsFunction(_ x: Tensor, after norm: LayerNorm?) throws -> [Tensor] {
    let ups = zip(copies.dropFirst(), runs).map { stack, run in
      (stack: stack, column: run.column, scale: run.adapters[0].scale)
    }
    let output = try x.loraLinear(
      weight, bias, down: copies[0], ups: ups, gradients: gradients,
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

  private static func runs(_ members: [LoRA?], sizes: [Int]) -> [Run] {
    var runs: [Run] = []
    var (column, isNeighbour) = (0, false)
    for (lora, size) in zip(members, sizes) {
      if let lora {
        if isNeighbour, let last = runs.last?.adapters.last,
          lora.up.shape == last.up.shape, lora.scale == last.scale
        {
          runs[runs.count - 1].adapters.append(lora)
        } else {
          runs.append(Run(column: column, adapters: [lora]))
        }
      }
      isNeighbour = lora != nil
      column += size
    }
    return runs
  }

  /// Views of a row of numbers: the down matrices one below the other, and a stack for each run.
  private func stacks(of memory: Tensor) throws -> [Tensor] {
    let down = [trained.prefix(members.count { $0 != nil }).reduce(0) { $0 + $1.shape[0] }]
    let shapes =
      [down + trained[0].shape.dropFirst()]
      + runs.map { [$0.adapters.count] + $0.adapters[0].up.shape }
    var start = 0
    return try shapes.map { shape in
      let count = shape.reduce(1, *)
      defer { start += count }
      return try memory.narrow(dim: 0, start: start, length: count).reshape(shape)
    }
  }
}

import Torch

/// Tensors of an optimizer's state beside each trained tensor, such as averages of its gradient.
///
/// Those of one kind lie side by side in memory as the trained tensors do, so that one operation changes as
/// many as possible.
struct Moments {
  private let parameters: [(name: String, tensor: Tensor)]
  /// The names of the kinds, as in the reference implementation.
  private let kinds: [String]
  /// For each kind, the tensor of each parameter.
  private let tensors: [[Tensor]]

  /// Zeros. Throws `TorchError`.
  init(_ kinds: [String], of parameters: [(name: String, tensor: Tensor)]) throws {
    self.parameters = parameters
    self.kinds = kinds
    tensors = try kinds.map { _ in try Tensor.neighbours(like: parameters.map(\.tensor)) }
  }

  /// Trained tensors that follow each other in memory, and what belongs to them, each as one tensor.
  struct Run {
    let parameter: Tensor
    /// May be changed in place.
    let gradient: Tensor
    /// One tensor for each kind.
    let moments: [Tensor]
  }

  /// The trained tensors that have a gradient. Throws `TorchError`.
  func runs() throws -> [Run] {
    let gradients = try parameters.map { try $0.tensor.grad }
    let present = gradients.indices.filter { gradients[$0] != nil }
    let lists = try Tensor.joined(
      [present.map { parameters[$0].tensor }, present.compactMap { gradients[$0] }]
        + tensors.map { tensors in present.map { tensors[$0] } })
    return lists[0].indices.map { run in
      Run(
        parameter: lists[0][run], gradient: lists[1][run],
        moments: lists.dropFirst(2).map { $0[run] })
    }
  }

  /// The tensors of a kind, in the order of the parameters.
  subscript(kind: String) -> [Tensor] { kinds.firstIndex(of: kind).map { tensors[$0] } ?? [] }

  /// All tensors with their names: `<parameter>.<kind>`.
  var state: [(name: String, tensor: Tensor)] {
    parameters.indices.flatMap { index in
      zip(kinds, tensors).map { ("\(parameters[index].name).\($0)", $1[index]) }
    }
  }

  /// Drops the gradients. Throws `TorchError`.
  func dropGradients() throws {
    for (_, tensor) in parameters { try tensor.setGrad(nil) }
  }
}
